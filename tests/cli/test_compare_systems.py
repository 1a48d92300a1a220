"""Two systems, two people: side by side, their differences, for papers; and who has which condition is said."""

import csv
import io
import json
import re
import shutil
from html import unescape
from statistics import mean, stdev

import numpy as np
import pytest

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.scores import SCORES, Score
from eeg2vid.stages.reporting import titles
from eeg2vid.stages.services.comparing import COLUMNS
from eeg2vid.stages.services.paper_tables import tex
from eeg2vid.stages.store.digest import sha256_json
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact
from eeg2vid.stages.store.writer import ArtifactWriter

SHIFTS = {"1": 0.03, "2": -0.01}
LACKS = "grey"


def scores_of(workspace, subject, system="ridge"):
    return open_artifact(workspace, Address("score", system, f"sub-{subject}", "scores"))


def ssim_of(workspace, subject, condition=FULL):
    rows = scores_of(workspace, subject).table("scores", Score)
    return next(row for row in rows if (row.metric, row.variant, row.condition) == ("ssim", "", condition))


def write_shifted(workspace, subject, system, shift, lacks=()):
    """Write the scores of `ridge` as another system's: each SSIM so much larger, some conditions left out."""
    one = scores_of(workspace, subject)
    target = Address("score", system, f"sub-{subject}", "scores").folder(workspace)
    writer = ArtifactWriter(target, SCORES, target.parent / "work-12345678" / "scores")
    for name, row_type in SCORES.tables.items():
        rows = one.table(name, row_type)
        if name == "scores":
            tested = np.array([row.condition not in lacks for row in rows if row.exchange])
        rows = [row for row in rows if getattr(row, "condition", "") not in lacks]
        if name in ("scores", "values"):
            rows = [_shifted(row, shift) if row.metric == "ssim" and row.condition == FULL else row for row in rows]
        writer.table(name, rows)
    writer.array("null", one.read("null")[tested])
    held = one.manifest.model_dump(mode="json")
    kept = ("stage", "stage_version", "unit", "role", "settings", "stamps", "software", "created", "fingerprint")
    writer.commit({name: held[name] for name in kept} | {"variant": system})


def _shifted(row, shift):
    if isinstance(row, Score):
        moved = {name: getattr(row, name) + shift for name in ("value", "low", "high")}
    else:
        moved = {"values": tuple(None if value is None else value + shift for value in row.values)}
    return row.model_copy(update=moved)


@pytest.fixture(scope="module")
def two(tiny, tmp_path_factory):
    """Return a workspace with the scores of `ridge`, and of `other`, which has no grey videos of person 2."""
    workspace = tmp_path_factory.mktemp("two")
    for subject in SHIFTS:
        place = Address("score", "ridge", f"sub-{subject}", "scores")
        shutil.copytree(place.folder(tiny / "workspace"), place.folder(workspace))
        write_shifted(workspace, subject, "other", SHIFTS[subject], (LACKS,) if subject == "2" else ())
    return workspace


def columns_of(line):
    return re.split(r"  +", line.strip())


def test_systems_stand_side_by_side_person_by_person(two, cli_ok):
    shown = cli_ok("compare", "ridge", "other", "-w", two, "--metric", "ssim").out.splitlines()
    assert columns_of(shown[1]) == ["measure", "subject", "chance", "ridge", "other"]
    own = {k: ssim_of(two, k) for k in SHIFTS}
    number = lambda value: f"{value:.3f}".removeprefix("0")  # noqa: E731
    for k, line in zip(SHIFTS, shown[2:4], strict=True):
        assert columns_of(line)[-2:] == [number(own[k].value), number(own[k].value + SHIFTS[k])]
    values = [own[k].value for k in SHIFTS], [own[k].value + SHIFTS[k] for k in SHIFTS]
    assert columns_of(shown[4]) == ["mean", *(number(mean(some)) for some in values)]
    assert columns_of(shown[5]) == ["SD", *(number(stdev(some)) for some in values)]


def test_differences_are_over_people_and_of_each(two, cli_ok, tmp_path):
    file = tmp_path / "all.csv"
    told = cli_ok("compare", "ridge", "other", "-w", two, "--csv", file, "--json").json
    gaps = {
        row["subject"]: row
        for row in told["differences"]
        if (row["metric"], row["variant"], row["condition"]) == ("ssim", "", FULL)
    }
    assert gaps["1"]["difference"] == pytest.approx(-SHIFTS["1"]) and gaps["1"]["n_subjects"] == 1
    assert gaps["2"]["difference"] == pytest.approx(-SHIFTS["2"])
    assert gaps["all"]["difference"] == pytest.approx(-mean(SHIFTS.values())) and gaps["all"]["n_subjects"] == 2
    spread = [row["sd"] for row in told["scores"] if row["subject"] == "all" and row["metric"] == "ssim"
              and row["condition"] == FULL and not row["variant"]]  # fmt: skip
    assert spread[1] == pytest.approx(stdev(ssim_of(two, k).value + SHIFTS[k] for k in SHIFTS))
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == list(COLUMNS) and len(rows) == len(told["scores"]) + len(told["differences"])
    keys = ("system", "against", "subject", "target", "metric", "variant", "subset", "condition")
    assert len({tuple(row[name] for name in keys) for row in rows}) == len(rows), "a row for each, and one only"
    piped = cli_ok("compare", "ridge", "other", "-w", two, "--metric", "ssim", "--format", "csv").out
    asked = list(csv.DictReader(io.StringIO(piped)))
    assert {row["metric"] for row in asked} == {"ssim"} and {row["condition"] for row in asked} == {FULL}
    assert all(row in rows for row in asked)


def test_of_how_many_people_a_row_is_stands_there(two, cli_ok):
    shown = cli_ok("compare", "other", "-w", two, "--condition", "all", "--metric", "ssim").out
    head, *lines = (columns_of(line) for line in shown.splitlines()[1:] if line)
    assert head[-1] == "people"
    counts = {line[1]: line[-1] for line in lines}
    assert counts[LACKS] == "1 of 2" and counts["decoded"] == "2 of 2"
    beside = cli_ok("compare", "-w", two, "--condition", LACKS, "--metric", "ssim").out
    assert "1 of 2" in beside and "2 of 2" in beside
    pure = cli_ok("compare", "ridge", "-w", two, "--condition", "all", "--metric", "ssim").out
    assert " of 2" not in pure
    paper = cli_ok("compare", "other", "-w", two, "--condition", "all", "--metric", "ssim", "--format", "markdown").out
    (line,) = [line for line in paper.splitlines() if f"| {LACKS} |" in line]
    assert "(1 of 2 people)" in line


def test_tables_for_papers(two, cli_ok):
    asked = ("compare", "ridge", "other", "-w", two, "--metric", "ssim", "--metric", "identification")
    text = cli_ok(*asked, "--format", "latex").out
    assert text.count("{") == text.count("}") and text.count(r"\begin") == text.count(r"\end") == 2
    assert not re.search(r"(?<!\\)[%#_]", text.split("\n", 1)[1])
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert rule in text
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({line.count("&") for line in body}) == 1
    assert [line.split(" & ")[0] for line in body] == ["system", "chance", "ridge", "other"]
    assert "simulated" in text and "2 people" in text
    rows = cli_ok(*asked, "--format", "markdown").out.split("\n\n")[0].splitlines()
    assert len({line.count(" | ") for line in rows}) == 1 and rows[2].startswith("| chance |")
    assert re.search(r"\.\d{3}\S* \[\.\d{3}, \.\d{3}\]", rows[3])
    each = cli_ok(*asked, "--format", "markdown", "--by", "subject").out
    assert "| ridge | mean |" in each and "| other | 2 |" in each


def test_latex_prints_names_as_they_are():
    assert tex("[a]_b & 5 % {x}~^\\ <") == (
        r"{}[a]\_b \& 5 \% \{x\}\textasciitilde{}\textasciicircum{}\textbackslash{} $<$"
    )
    assert tex("10^-3") == "$10^{-3}$"


def test_everything_can_be_asked(two, cli, cli_ok):
    known = cli_ok("compare", "ridge", "-w", two, "--all", "--condition", "all").out
    for word in ("identification top-5", "shuffled-runs", "position-vote", "decoded"):
        assert word in known
    assert "decoded minus" in cli_ok("compare", "ridge", "-w", two, "--controls").out
    full, word = (cli_ok("compare", "ridge", "-w", two, "--condition", name).out for name in ("full", "decoded"))
    assert full == word
    labels = cli_ok("compare", "ridge", "-w", two, "--target", "concept").out
    assert "concept accuracy" in labels and "SSIM" not in labels
    videos = cli_ok("compare", "ridge", "-w", two, "--target", "videos").out
    assert "SSIM" in videos and "concept" not in videos
    within = cli_ok("compare", "ridge", "-w", two, "--metric", "identification:within-run").out
    assert "within run" in within and "SSIM" not in within
    told = cli_ok("compare", "-w", two, "--explain", "ssim", "--json").json
    facts = {row["about"]: row["says"] for row in told[0]["says"]}
    assert facts["chance"].startswith("measured") and facts["bounds"] == "-1 to 1" and facts["scored here"] == "videos"
    assert "flat grey picture" in cli_ok("compare", "--explain", "grey", "-w", two / "none").out
    ordered = cli_ok("compare", "ridge", "-w", two, "--by", "system", "--sort", "name").out.splitlines()[2:]
    names = [line.split("  ")[0].lower() for line in ordered if line]
    assert names == sorted(names)
    for words, code, said in (
        (("--metric", "sim"), 2, "Did you mean 'ssim'"),
        (("--subset", "ten"), 2, "No subset 'ten'"),
        (("--condition", "noise-eeg"), 3, "--condition noise-eeg"),
        (("--condition", "gray"), 2, "Did you mean 'grey'"),
        (("--format", "word"), 2, "--format is"),
        (("--by", "person"), 2, "--by is subject or system"),
        (("--explain", "sim"), 2, "There is no measure or condition"),
        (("--csv", two / "none" / "a.csv"), 2, "there is no such folder"),
        (("--metric", "ssim", "--target", "concept"), 2, "No score is all that at once"),
    ):
        found = cli("compare", "ridge", "-w", two, *words)
        assert found.code == code and said in found.err and found.out == "", found.err


def test_terminal_and_page_use_the_same_words_and_numbers(tiny, cli_ok):
    """Of the small study: every leading measure has one name, one chance level, one value in both."""
    page = unescape((tiny / "workspace/artifacts/report/ridge/study/report/media/index.html").read_text())
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page)
    for word in (titles.MEASURE, titles.CONDITION, *titles.ONE_PERSON, *titles.OVER_PEOPLE, titles.DIFFERENCE):
        assert word in heads
    assert ">decoded</td>" in page and ">full</td>" not in page and "decoded minus" in heads
    shown = cli_ok("score", "-w", tiny / "workspace", "--subject", 1).out.splitlines()
    head = columns_of(shown[1])
    assert head == ["measure", "decoded", "95 %", "chance", "p", "best control"]
    assert set(head[2:5]) <= set(titles.ONE_PERSON)
    table = page.split("Subject 1</summary>")[1].split("Subject 2</summary>")[0]
    lines = re.findall(r'<tr class="full">\s*<th scope="rowgroup"[^>]*>([^<]*)</th>(.*?)</tr>', table, flags=re.DOTALL)
    cells = {
        measure.lower(): [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for measure, row in lines
    }
    for line in shown[2:]:
        name, value, bounds, chance, p = columns_of(line)[:5]
        decoded, own, _, interval, level = cells[name.lower()][:5]
        assert (decoded, own, interval, level) == ("decoded", value, bounds, chance), name
        assert cells[name.lower()][6].rstrip("*") == p
    over = cli_ok("compare", "-w", tiny / "workspace").out.splitlines()
    assert columns_of(over[1])[:5] == [titles.MEASURE, titles.MEAN, titles.INTERVAL, titles.CHANCE, titles.P]
    assert {columns_of(line)[0].lower() for line in over[2:] if line} == {
        columns_of(line)[0].lower() for line in shown[2:]
    }


def test_conditions_that_a_plain_call_would_drop_are_said(workspace, cli_ok):
    """A unit that was made with one condition more says so before it is made without it."""
    folder = Address("score", "ridge", "sub-1", "scores").folder(workspace)
    file = folder / "manifest.json"
    held = json.loads(file.read_bytes())
    more = {**held["inputs"][-1], "role": "videos", "variant": "ridge~noise-eeg"}
    held.pop("manifest_sha256")
    held["inputs"].append(more)
    file.write_text(json.dumps(held | {"manifest_sha256": sha256_json(held)}))
    said = cli_ok("score", "-w", workspace, "--subject", 1, "--dry-run").err
    assert "score/ridge/sub-1: has noise-eeg" in said and "--condition noise-eeg" in said
    assert "has " not in cli_ok("score", "-w", workspace, "--subject", 2, "--dry-run").err
