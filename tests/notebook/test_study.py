"""A study in a notebook: what is listed is what is there, and wrong names get a sentence."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import eeg2vid
from eeg2vid.schemas.entities import EpochKey
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UnreadableError, UsageError

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
FEATURES = "preprocess/default/sub-1/features"


@pytest.fixture(scope="module")
def opened(tiny):
    return eeg2vid.open(tiny / "workspace")


def test_lists_what_inspect_lists(opened, tiny, cli_ok):
    told = cli_ok("inspect", "-w", tiny / "workspace", "--json").json
    assert opened.list().rows() == told
    assert list(opened) == [row["artifact"] for row in told]
    assert len(opened) == len(told)
    assert FEATURES in opened
    assert opened.subjects == ("1", "2")


def test_filters(opened):
    assert list(opened.list("preprocess", subject=1)) == ["preprocess/default/sub-1/epochs", FEATURES]
    assert list(opened.list(role="folds", subject="sub-2")) == ["split/default/sub-2/folds"]
    assert {one.split("/")[0] for one in opened.list(subject="study")} >= {"ingest", "report"}
    shuffled = opened.list("predict", condition="shuffled-runs")
    assert [one.split("/")[1] for one in shuffled] == ["ridge~shuffled-runs"] * 2
    both = opened.list("predict", variant="ridge", condition="shuffled-runs")
    assert list(both) == list(shuffled)
    assert set(opened.list(schema="checkpoints")) == {*opened.list("train-encoder"), *opened.list("train-mapper")}
    assert opened.list()[0] == next(iter(opened))
    assert list(opened.list()[1:3]) == list(opened)[1:3]


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"stage": "preproces"}, "of stage 'preproces'.*Did you mean 'preprocess'"),
        ({"subject": 3}, "of subject '3'.*Known: .*1, 2"),
        ({"schema": "feature"}, "Did you mean 'features'"),
        ({"stage": "split", "role": "epochs"}, "Nothing that fits is of role 'epochs'.*Known: folds"),
    ],
)
def test_a_filter_that_fits_nothing_is_told(opened, how, sentence):
    with pytest.raises(MissingInputError, match=sentence):
        opened.list(**how)


def test_an_artifact_is_what_the_reader_gives(opened):
    found = opened[FEATURES]
    assert str(found.path).endswith(FEATURES)
    manifest = json.loads((found.path / "manifest.json").read_text())
    assert (found.arrays, found.tables) == (("de", "psd"), ("electrodes", "events"))
    de = found.array("de")
    assert (de.dims, de.unit, str(de.dtype)) == (("event", "window", "electrode", "band"), "1", "float32")
    assert de.shape == tuple(manifest["arrays"]["de"]["shape"])
    assert "nats" in de.doc
    table = found.table("events")
    assert isinstance(table[0], EpochKey)
    assert table.columns == ("event", "clip", "state")
    assert table["clip"] == [row.clip for row in table]
    assert [len(table[2:5]), table[-1]] == [3, list(table)[-1]]
    assert found.attributes.window_s == 1.0
    assert found.settings == manifest["settings"]
    assert found.stamps == ("simulated",)
    assert found.schema.name == "features"
    assert {ref.role for ref in found.inputs} == {"recordings", "events"}
    assert found.provenance["digest"] == manifest["digest"]
    assert found.provenance["software"] == manifest["software"]


@pytest.mark.parametrize(
    ("ask", "error", "sentence"),
    [
        (lambda s: s["preprocess/default/sub-01/features"], MissingInputError, f"Did you mean '{FEATURES}'"),
        (lambda s: s["preprocess/default"], UsageError, "names 4 artifacts.*\n.*sub-1/epochs"),
        (lambda s: s[""], MissingInputError, "There is no artifact ''"),
        (lambda s: s[0], UsageError, "named by text"),
        (lambda s: s[FEATURES].array("ed"), MissingInputError, "no array 'ed'.*Known: de, psd"),
        (lambda s: s[FEATURES].array(), UsageError, "several arrays: de, psd"),
        (lambda s: s[FEATURES].table("evnts"), MissingInputError, "Did you mean 'events'"),
        (lambda s: s[FEATURES].table("events")["clips"], MissingInputError, "Did you mean 'clip'"),
        (lambda s: s["report/ridge"].array("x"), MissingInputError, "It has no arrays"),
    ],
)
def test_wrong_names_get_a_sentence(opened, ask, error, sentence):
    with pytest.raises(error, match=r"(?s)" + sentence):
        ask(opened)


def test_a_beginning_that_names_one_opens_it(opened):
    assert str(opened["split/default/sub-1"].address) == "split/default/sub-1/folds"
    assert opened["split/default/sub-1"].array().shape[0] == len(opened["split/default/sub-1"].table("folds"))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda p: p / "missing", "does not exist"),
        (lambda p: shutil.copy(__file__, p / "file"), "is a file"),
        (lambda p: p, "is no workspace.*eeg2vid ingest"),
    ],
)
def test_what_is_no_workspace_is_refused(tmp_path, make, sentence):
    with pytest.raises(MissingInputError, match=sentence):
        eeg2vid.open(make(tmp_path))


def test_the_folder_above_a_workspace_names_it(tiny):
    with pytest.raises(MissingInputError, match=r"Did you mean .*workspace"):
        eeg2vid.open(tiny)


def test_reprs_are_tables_in_which_names_are_text(tmp_path, opened):
    assert "preprocess/default" in repr(opened)
    assert "2 subjects" in repr(opened)
    assert "epochs, features" in opened._repr_html_()
    folder = tmp_path / "artifacts" / "s" / "<b>x\x1b[1m" / "study" / "r"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    strange = eeg2vid.open(tmp_path)
    for text in (repr(strange), repr(strange.list()), strange.list()._repr_html_(), strange._repr_html_()):
        assert "\x1b" not in text
        assert "\\u001b" in text
    assert "<b>" not in strange._repr_html_() + strange.list()._repr_html_()
    assert "damaged" in repr(strange.list())
    with pytest.raises(UnreadableError, match="damaged"):
        strange["s"]


def test_long_tables_are_cut(opened):
    table = opened["ingest/default/sub-1/events"].table()
    assert len(table) == 60
    assert "more" not in repr(table)
    scores = opened["score/ridge/sub-1"].table("scores")
    assert f"and {len(scores) - 60} more" in repr(scores)
    assert f"and {len(scores) - 60} more" in scores._repr_html_()


def test_damage_is_told_when_it_is_met(workspace):
    study = eeg2vid.open(workspace)
    data = next(
        path for path in (workspace / "artifacts" / FEATURES / "data.zarr" / "de" / "c").rglob("*") if path.is_file()
    )
    data.write_bytes(bytes(len(data.read_bytes())))
    array = study[FEATURES].array("de")
    with pytest.raises(BadDataError, match="verify"):
        np.asarray(array)


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_what_older_versions_wrote_reads_as_todays(version):
    study = eeg2vid.open(GOLDEN / version)
    assert len(study)
    for name in study:
        found = study[name]
        assert name in repr(found)
        for array in found.arrays:
            assert np.asarray(found.array(array)).shape == found.array(array).shape
            assert len(found.array(array).dims) == found.array(array).ndim
        for table in found.tables:
            assert f"{len(found.table(table))} rows" in repr(found)
        if found.schema.name == "features" and version == "v1":  # made by hand: three bands, two of them named
            with pytest.raises(BadDataError, match="have 3 bands, its attributes name 2"):
                found.coordinates()
            continue
        for dim, values in found.coordinates().values():
            sizes = [dict(zip(found.array(one).dims, found.array(one).shape, strict=True)) for one in found.arrays]
            assert all(one.get(dim, len(values)) == len(values) for one in sizes)
