"""`compare`: scores over people, two systems, papers; and `score` of subsets and of measures by name."""

import csv

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from eeg2vid.schemas.scores import Score, Term
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact


@pytest.fixture(scope="module")
def done(tiny):
    return tiny / "workspace"


def scores_of(workspace, subject, system="ridge"):
    return open_artifact(workspace, Address("score", system, f"sub-{subject}", "scores"))


def test_people_stand_together_and_alone(done, cli_ok, tmp_path):
    table = tmp_path / "scores.csv"
    told = cli_ok("compare", "-w", done, "--csv", table, "--json").json
    assert told["differences"] == []
    rows = [row for row in told["scores"] if row["subject"] == "all"]
    wanted = ("", "identification", "", "full")
    (one,) = [r for r in rows if (r["target"], r["metric"], r["variant"], r["condition"]) == wanted]
    own = [next(r for r in scores_of(done, k).table("scores", Score) if r.measure[:3] == wanted[:3] and
                r.condition == "full") for k in ("1", "2")]  # fmt: skip
    assert one["value"] == pytest.approx(np.mean([row.value for row in own]))
    assert one["low"] < one["value"] < one["high"] and one["n_subjects"] == 2
    assert one["p_adjusted"] >= one["p"] and "simulated" in one["stamps"]
    with table.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(told["scores"]) and float(found[0]["value"]) == told["scores"][0]["value"]
    rates = cli_ok("compare", "-w", done, "--adjust", "fdr", "--json").json["scores"]
    full = [row for row in rates if row["subject"] == "1" and row["condition"] == "full" and row["p"] is not None]
    expected = false_discovery_control([row["p"] for row in full])
    assert [row["p_adjusted"] for row in full] == pytest.approx(expected)
    shown = cli_ok("compare", "-w", done).out
    assert "ridge, 2 people (simulated)" in shown and "identification within run" in shown
    assert max(map(len, shown.splitlines())) <= 100
    assert "identification top-5" not in shown  # looked up by name
    assert "identification top-5" in cli_ok("compare", "-w", done, "--metric", "identification").out
    assert "shuffled-runs" in cli_ok("compare", "-w", done, "--condition", "all").out


def test_papers_stand_beside_with_what_is_unfair(done, cli_ok):
    lines = cli_ok("compare", "-w", done, "--papers", "--json").json["papers"]
    ssim = [row for row in lines if row["name"] == "SSIM" and "EEG2Video" in row["paper"]]
    assert [row["theirs"] for row in ssim] == [0.256]
    assert "ours is simulated" in ssim[0]["unfair because"] and "2 people against 1" in ssim[0]["unfair because"]


def test_what_cannot_be_compared_is_said(done, cli, tmp_path):
    for words, code, said in (
        (("nothing",), 2, "No system 'nothing' was scored here"),
        (("--margin", 0.1), 2, "--margin compares systems"),
        (("--adjust", "bonferoni"), 2, "--adjust is holm or fdr"),
        (("--seeds",), 2, "--seeds compares systems"),
        (("--subject", 9), 4, "Subject 9 is not in this study"),
    ):
        found = cli("compare", "-w", done, *words)
        assert found.code == code and said in found.err, found.err
    empty = cli("compare", "-w", tmp_path)
    assert empty.code == 3 and "eeg2vid score" in empty.err


def test_subsets_and_measures_by_name(workspace, cli, cli_ok):
    wrong = cli("score", "-w", workspace, "--subject", 1, "--also", "ssim:win4")
    assert wrong.code == 2 and "Did you mean 'ssim:win3'" in wrong.err
    names = ("--subsets", "random-2", "--also", "ssim:win3")
    cli_ok("score", "-w", workspace, "--subject", 1, *names)
    artifact = scores_of(workspace, "1")
    rows = artifact.table("scores", Score)
    assert {row.variant for row in rows if row.metric == "ssim"} == {"", "win3"}
    some = [row for row in rows if row.subset == "random-2"]
    assert {row.n_events for row in some if row.target == "concept"} == {30}  # two of four concepts
    assert {row.chance for row in some if (row.target, row.metric) == ("concept", "balanced-accuracy")} == {0.5}
    sentences = {row.term: row.sentence for row in artifact.table("terms", Term)}
    assert "no clip was shown more than once" in sentences["noise-ceiling"]
