"""Scores of version 1 read as version 2: every value is kept, and only names change."""

import json
from pathlib import Path

import pytest

from eeg2vid.schemas.history.scores_v1 import SCORES_V1
from eeg2vid.schemas.scores import SCORES, Contrast, Definition, Score, Term, Values
from eeg2vid.schemas.upgrades.scores import SCORES_1
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

GOLDEN = Path(__file__).parents[2] / "golden" / "v1"
NAMES = {
    ("video", "ssim"): ("", "ssim", ""),
    ("video", "psnr"): ("", "psnr", ""),
    ("video", "identification"): ("", "identification", ""),
    ("video", "identification within-run"): ("", "identification", "within-run"),
    ("video", "identification between-runs"): ("", "identification", "between-runs"),
    ("video", "identification top-1"): ("", "identification", "top-1"),
    ("video", "somebody's own accuracy"): ("", "somebody's own accuracy", ""),
    ("classification", "concept accuracy"): ("concept", "accuracy", ""),
    ("classification", "concept balanced accuracy"): ("concept", "balanced-accuracy", ""),
    ("classification", "concept top-5"): ("concept", "accuracy", "top-5"),
    ("classification", "odd"): ("", "odd", ""),
}


def old_row(kind, metric):
    return {
        "subject": "1", "condition": "full", "metric": metric, "kind": kind, "value": 0.1 + 0.2, "low": None,
        "high": 0.5, "chance": 1 / 3, "chance_kind": "analytic", "p": 1e-3, "note": "n", "n_events": 4,
        "n_runs": 2, "detail": "d",
    }  # fmt: skip


def upgraded(**tables):
    empty = {name: [] for name in SCORES_V1.tables}
    return SCORES_1.content({**empty, **tables}, {}, [])[0]


@pytest.mark.parametrize(("old", "new"), NAMES.items())
def test_names_become_columns_and_values_stay(old, new):
    row = old_row(*old)
    SCORES_V1.parse_row("scores", row)
    (found,) = upgraded(scores=[row])["scores"]
    score = Score.model_validate(found)
    assert tuple(score.measure) == (*new, "")
    kept = row.keys() - {"metric"}
    assert {name: getattr(score, name) for name in kept} == {name: row[name] for name in kept}


def test_no_two_names_become_one():
    assert len(set(NAMES.values())) == len(NAMES)


def test_what_metrics_were_is_what_they_are():
    """Everything that version 1 wrote of a metric and today's table agree, so that old rows are judged the same."""
    written = [
        (metric.definition(variant), name)
        for metric in METRICS.values()
        for variant in metric.variants
        for name, new in [(old[1].removeprefix("concept "), new) for old, new in NAMES.items()]
        if new[1:] == (metric.name, variant)
    ]
    assert len(written) == 9
    told = [{"metric": name, "definition": row.definition} for row, name in written]
    found = upgraded(definitions=told)
    assert [Definition.model_validate(row) for row in found["definitions"]] == [row for row, _ in written]


def test_sentences_that_define_no_metric_stand_apart():
    told = [
        {"metric": "fast", "definition": "A clip is .."},
        {"metric": "position-vote", "definition": "Left out."},
    ]
    found = upgraded(definitions=told)
    assert found["definitions"] == []
    assert found["terms"] == [
        {"term": "fast", "sentence": "A clip is .."}, {"term": "position-vote", "sentence": "Left out."}
    ]  # fmt: skip


@pytest.mark.parametrize("container", ["zarr", "hdf5"])
def test_the_golden_of_version_1_is_read_value_by_value(container):
    artifact = open_artifact(GOLDEN, Address("golden", container, "sub-17", "scores"))
    assert artifact.manifest.schema_version == 1 and artifact.schema is SCORES
    for table, row in (("scores", Score), ("contrasts", Contrast), ("definitions", Definition)):
        lines = (artifact.folder / f"{table}.jsonl").read_text().splitlines()
        found = artifact.table(table, row)
        assert len(found) == len(lines) == 3
        for line, one in zip(lines, found, strict=True):
            stored = json.loads(line)
            assert {name: getattr(one, name) for name in stored} == stored
    assert artifact.table("terms", Term) == []
    stored = [json.loads(line) for line in (artifact.folder / "events.jsonl").read_text().splitlines()]
    told = [value for row in artifact.table("values", Values) for value in row.values if value is not None]
    assert told == [row["value"] for row in stored]
