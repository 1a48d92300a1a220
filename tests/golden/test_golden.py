"""Artifacts of every schema and version, as first written: still read, in both containers, with equal digests."""

import json
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.catalogue import SCHEMAS, UPGRADES, VERSIONS
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.scores import Look, ScoredEvent, Values
from eeg2vid.stages.store.digest import sha256_array
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import damage, open_artifact

GOLDEN = Path(__file__).parent
EVERY = pytest.mark.parametrize(("name", "version"), VERSIONS, ids=lambda one: str(one))


def opened(name, version, container="zarr"):
    return open_artifact(GOLDEN / f"v{version}", Address("golden", container, "sub-17", name))


@EVERY
@pytest.mark.parametrize("container", ["zarr", "hdf5"])
def test_golden_is_read_as_it_was_written(name, version, container):
    artifact = opened(name, version, container)
    assert damage(artifact.folder) == []
    assert (artifact.manifest.schema_name, artifact.manifest.schema_version) == (name, version)
    assert set(artifact.arrays) == set(artifact.names)
    for array, stored in artifact.names.items():
        entry = artifact.manifest.arrays[stored]
        assert sha256_array(artifact.read(array)) == entry.sha256
        assert artifact.arrays[array].dims == VERSIONS[name, version].spec_of(stored, len(entry.shape)).dims
    for table, row in artifact.row_types.items():
        assert artifact.is_old or len(artifact.table(table, row)) == artifact.manifest.tables[table].rows
        artifact.table(table, row)
    artifact.attributes()


@EVERY
def test_both_containers_have_one_digest(name, version):
    zarr, hdf5 = (opened(name, version, kind) for kind in ("zarr", "hdf5"))
    assert zarr.digest == hdf5.digest
    assert all(np.array_equal(zarr.read(array), hdf5.read(array)) for array in zarr.arrays)


def test_every_version_has_goldens_and_a_way_to_today():
    kept = {
        (path.parent.name, int(path.parts[-7].removeprefix("v")))
        for path in GOLDEN.glob("v*/artifacts/golden/zarr/sub-17/*/manifest.json")
    }
    assert kept == set(VERSIONS)
    assert set(UPGRADES) == {(name, version) for name, version in VERSIONS if version < SCHEMAS[name].version}


def test_predictions_of_version_1_read_as_version_2():
    """Labels stand on the rows of `events`, latents on those of `decoded`; values are the stored ones."""
    old = opened("predictions", 1)
    facts = old.attributes().targets
    assert set(old.names) == {name.removeprefix("probability_") for name in old.manifest.arrays} == set(facts)
    assert facts["latents"].kind == "value"
    keys = old.table("latents", PredictionKey)
    lines = (old.folder / "decoded.jsonl").read_text().splitlines()
    assert [key.model_dump_json() for key in keys] == [
        PredictionKey.model_validate_json(x).model_dump_json() for x in lines
    ]


def test_recordings_of_version_1_mark_nothing():
    old = opened("recordings", 1)
    assert old.table("spans", old.row_types["spans"]) == []
    assert len(old.table("recordings", old.row_types["recordings"])) == old.manifest.tables["recordings"].rows


def test_checkpoints_of_version_1_read_as_version_2():
    """What was called a task is a tuple of targets; the score stands under the target's name; no history was kept."""
    old = opened("checkpoints", 1)
    stored = [json.loads(line) for line in (old.folder / "models.jsonl").read_text().splitlines()]
    rows = old.table("models", old.row_types["models"])
    assert [row.targets for row in rows] == [(row["task"],) for row in stored]
    assert [row.path for row in rows] == [row["path"] for row in stored]
    for row, before in zip(rows, stored, strict=True):
        score = before["validation_score"]
        assert row.validation_scores == ({} if score is None else {before["task"]: score})
    assert old.table("history", old.row_types["history"]) == []
    assert old.attributes().inputs == tuple(old.manifest.attributes["inputs"])


@pytest.mark.parametrize(("name", "told"), [("clips", "film_sha"), ("events", "eeg_sha")])
def test_clips_and_events_of_version_1_know_nothing_of_copies(name, told):
    old = opened(name, 1)
    stored = [json.loads(line) for line in (old.folder / f"{name}.jsonl").read_text().splitlines()]
    rows = old.table(name, old.row_types[name])
    assert [row.model_dump(mode="json", exclude={told}) for row in rows] == stored
    assert all(getattr(row, told) is None for row in rows)


def test_scores_of_version_2_gather_the_values_of_events():
    old = opened("scores", 2)
    stored = [json.loads(line) for line in (old.folder / "events.jsonl").read_text().splitlines()]
    events, rows = old.table("events", ScoredEvent), old.table("values", Values)
    assert [(one.event, one.clip) for one in events] == [(one["event"], one["clip"]) for one in stored]
    for row in rows:
        own = [one["value"] if one["metric"] == row.metric else None for one in stored]
        assert list(row.values) == own
    assert len(rows) == len({one["metric"] for one in stored})
    assert old.table("looks", Look) == []
