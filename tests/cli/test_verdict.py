"""What a command that scores says last is what the page says first, and the numbers are those of the tables."""

import html
import re
from statistics import fmean

import pytest

from eeg2vid.schemas.scores import Score
from eeg2vid.stages.services.verdict import Leading, measure_lines
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

FINDS = "identification within run"


@pytest.fixture(scope="module")
def done(tiny):
    return tiny / "workspace"


def headline_of(workspace, page):
    text = (workspace / "artifacts/report/ridge/study/report/media" / page).read_text()
    return html.unescape(re.search(r'class="headline">([^<]*?)\s*<', text)[1])


def test_score_ends_with_the_headline_of_the_page(done, cli_ok):
    both, first = (cli_ok("score", "-w", done, *words) for words in ((), ("--subject", 1)))
    assert f"Verdict: {headline_of(done, 'index.html')} (simulated data)" in both.err
    assert f"Verdict on subject 1 alone, of 2: {headline_of(done, 'sub-1.html')} (simulated data)" in first.err
    assert "Verdict" not in both.out + first.out  # data stays data


def test_run_ends_with_totals_verdict_and_page(done, cli_ok):
    result = cli_ok("run", "-w", done)
    assert re.search(r"Made 0, already done \d+, in \d", result.err)
    end = result.err[result.err.index("Verdict: ") :]
    assert end.index(headline_of(done, "index.html")) < end.index(FINDS[:15]) < end.index("Open ")
    assert result.out == ""


def test_verdict_for_programs(done, cli_ok):
    told = cli_ok("run", "-w", done, "--json").json
    [verdict] = told["verdict"]
    assert told["version"] == 2 and not any(row["made"] for row in told["units"])
    assert verdict["headline"] == headline_of(done, "index.html")
    assert verdict["subjects"] == ["1", "2"] and "simulated" in verdict["stamps"]
    rows = [
        row
        for subject in ("1", "2")
        for row in open_artifact(done, Address("score", "ridge", f"sub-{subject}", "scores")).table("scores", Score)
    ]
    own = [row for row in rows if row.metric == "identification" and not row.variant and not row.subset]
    first = verdict["measures"][0]
    mean = {c: fmean(r.value for r in own if r.condition == c and r.kind == "video") for c in ("full", "grey")}
    assert first["name"] == "identification" and first["value"] == pytest.approx(mean["full"])
    assert first["chance"] == 0.5 and first["low"] < first["value"] < first["high"]
    assert len(verdict["measures"]) == 3 and verdict["measures"][1]["name"] == FINDS


def test_no_verdict_before_something_is_scored(done, cli_ok):
    result = cli_ok("run", "-w", done, "--until", "predict", "--json")
    assert result.json["verdict"] == [] and "Verdict" not in result.err


def test_lines_keep_to_80_columns_and_never_cut_a_control():
    long = Leading("identification by the video classifier within run", 0.5, 0.4, 0.6, 0.5, 0.04, "noise-eeg", 0.51)
    wide = Leading("PSNR", 14.35, 13.95, 114.79, 10.99, 0.0005, "shuffled-training", 112.09)
    bare = Leading("SSIM", 0.3, None, None, 0.27, None, "", None)
    lines = measure_lines([long, wide, bare])
    assert len(lines) == 4 and max(map(len, lines)) <= 80
    assert "shuffled-training 112.09" in lines[2] and "noise-eeg .510" in lines[1] and "…" in lines[1]
    assert lines[3].split() == ["SSIM", ".300", ".270", "–", "–"]
    assert measure_lines([]) == []
