"""What kinds of artifacts become elsewhere: MNE epochs, pandas tables, xarray data sets, clips."""

import importlib.util
import sys

import numpy as np
import pytest

import eeg2vid
from eeg2vid.notebook.optional import need
from eeg2vid.schemas.errors import MissingInputError, MissingPackageError, UsageError

EPOCHS = "preprocess/default/sub-1/epochs"


@pytest.fixture(scope="module")
def opened(tiny):
    return eeg2vid.open(tiny / "workspace")


def test_epochs_for_mne(opened):
    artifact = opened[EPOCHS]
    found = artifact.to_mne()
    stored = np.asarray(artifact.array("epochs"), dtype=np.float64)
    np.testing.assert_allclose(found.get_data(copy=False) * 1e6, stored, rtol=1e-12)
    assert found.ch_names == artifact.table("electrodes")["electrode"]
    assert found.info["sfreq"] == artifact.attributes.sfreq
    assert found.tmin == artifact.attributes.tmin_s
    row = artifact.table("electrodes")[0]
    np.testing.assert_allclose(found.info["chs"][0]["loc"][:3], [row.x, row.y, row.z], atol=1e-6)
    clips = {clip.clip: clip for clip in opened["ingest/default/study/clips"].table()}
    concepts = [clips[key.clip].concept_name for key in artifact.table("events")]
    names = {code: name for name, code in found.event_id.items()}
    assert [names[code] for code in found.events[:, 2]] == concepts
    metadata = found.metadata if isinstance(found.metadata, list) else found.metadata.to_dict("records")
    assert [one["event"] for one in metadata] == artifact.table("events")["event"]
    assert [one["concept_name"] for one in metadata] == concepts


def test_sample_numbers_point_into_the_recordings(opened):
    """At the sample of each event the recording goes on as the epoch does."""
    found = opened[EPOCHS].to_mne()
    eeg = opened["ingest/default/sub-1/recordings"].array("eeg")
    for place in (0, 31, 59):
        sample = found.events[place, 0]
        cut = eeg[:, sample : sample + 20]
        np.testing.assert_allclose(found.get_data(item=place, copy=False)[0, :, :20], cut, atol=1e-10)


@pytest.fixture
def rejecting(workspace, cli_ok):
    """Return a study with epochs of each state: tmax is beyond the last recording, and a limit rejects half."""
    config = (workspace / "eeg2vid.toml").read_text()
    values = np.asarray(eeg2vid.open(workspace)[EPOCHS].array("epochs"))
    middle = float(np.median(np.ptp(values, axis=2).max(axis=1)))
    limits = f"\n[preprocess.strict]\nreject_uv = {middle:.1f}\ntmin_s = 4.0\ntmax_s = 6.0\noutside = 'leave-out'\n"
    (workspace / "eeg2vid.toml").write_text(config + limits)
    cli_ok("preprocess", "-w", workspace, "--variant", "strict", "--subject", "1")
    return eeg2vid.open(workspace)


def test_epochs_without_eeg_are_dropped_and_the_log_says_why(rejecting):
    artifact = rejecting["preprocess/strict/sub-1/epochs"]
    states = artifact.table("events")["state"]
    assert min(states.count(state) for state in ("ok", "rejected", "outside")) > 0
    usable, there = artifact.to_mne(), artifact.to_mne(rejected=True)
    assert len(usable) == states.count("ok")
    assert len(there) == states.count("ok") + states.count("rejected")
    why = [log[0] if log else "ok" for log in usable.drop_log]
    assert why == states
    assert usable.tmin == 4.0


def test_clips_are_the_stored_pictures(opened):
    stimuli = opened["split-videos/default/study/stimuli"]
    decoded = opened["generate/ridge/sub-1/videos"]
    for videos in (stimuli, decoded):
        facts = videos.attributes
        clip = videos.clips[3]
        place = videos.table("clips")["clip"].index(clip)
        found = videos.clip(clip)
        assert found.dtype == np.uint8
        assert found.shape == (*videos.array("frames").shape[1:2], facts.height, facts.width, 3)
        np.testing.assert_array_equal(found, videos.array("frames")[place][:, : facts.height, : facts.width])
    with pytest.raises(MissingInputError, match="Did you mean 'b1-r01-c1'"):
        stimuli.clip("b1-r1-c1")
    with pytest.raises(MissingInputError, match=r"no clip 'zebra'\. Its 60 clips begin with"):
        stimuli.clip("zebra")
    with pytest.raises(MissingInputError, match="of event 'x'"):
        decoded.clip(decoded.clips[0], event="x")
    with pytest.raises(UsageError, match=r"60 videos of clip ''.*event="):
        decoded.clip("")


def test_predictions_as_columns(opened):
    predictions = opened["predict/ridge/sub-1"]
    columns = predictions.to_columns("concept")
    values, classes = np.asarray(predictions.array("concept")), predictions.targets["concept"].classes
    assert columns["event"] == predictions.table("concept")["event"]
    assert columns["predicted"] == [classes[k] for k in values.argmax(axis=1)]
    np.testing.assert_array_equal(np.transpose([columns[f"p({name})"] for name in classes]), values)
    both = predictions.to_columns()
    assert both["target"] == ["concept"] * len(values) + ["fast"] * len(predictions.table("fast"))
    assert both["predicted"][: len(values)] == columns["predicted"]
    with pytest.raises(UsageError, match=r'\.array\("latents"\)'):
        predictions.to_columns("latents")
    with pytest.raises(MissingInputError, match="Did you mean 'concept'"):
        predictions.to_columns("concepts")


def test_coordinates_say_what_positions_stand_for(opened):
    features = opened["preprocess/default/sub-1/features"]
    coords = features.coordinates()
    assert coords["event"] == ("event", features.table("events")["event"])
    assert coords["clip"] == ("event", features.table("events")["clip"])
    assert coords["electrode"] == ("electrode", features.table("electrodes")["electrode"])
    assert coords["window"] == ("window", [0.0, 1.0])
    assert coords["band"] == ("band", ["1-4 Hz", "4-8 Hz", "8-14 Hz", "14-31 Hz", "31-99 Hz"])
    assert coords["high_hz"] == ("band", [4, 8, 14, 31, 99])
    for name, (dim, values) in coords.items():
        assert len(values) == dict(zip(features.array("de").dims, features.array("de").shape, strict=True))[dim], name


def test_pandas_tables(opened):
    pandas = pytest.importorskip("pandas", reason="pandas is an optional package: pip install 'eeg2vid[notebook]'")
    scores = opened["score/ridge/sub-1"]
    frame = scores.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["value"].tolist() == scores.table("scores")["value"]
    assert list(frame.columns) == list(scores.table("scores").columns)
    assert frame["value"].dtype == np.float64
    assert list(scores.to_pandas("looks").columns) == list(scores.table("looks").columns)
    concept = opened["predict/ridge/sub-1"].to_pandas("concept")
    assert len(concept) == len(opened["predict/ridge/sub-1"].table("concept"))
    assert isinstance(opened[EPOCHS].to_mne().metadata, pandas.DataFrame)


def test_xarray_data_sets(opened):
    pytest.importorskip("xarray", reason="xarray is an optional package: pip install 'eeg2vid[notebook]'")
    features = opened["preprocess/default/sub-1/features"]
    found = features.to_xarray()
    assert found["de"].dims == ("event", "window", "electrode", "band")
    assert found["psd"].attrs["units"] == "µV²/Hz"
    event = features.table("events")["event"][7]
    one = found["de"].sel(event=event, electrode="OZ", band="8-14 Hz", window=1.0)
    place = features.table("electrodes")["electrode"].index("OZ")
    assert float(one) == features.array("de")[7, 1, place, 2]
    for name in ("predict/ridge/sub-1", "split/default/sub-1", EPOCHS, "encode-latents/default"):
        assert set(opened[name].to_xarray().data_vars) == set(opened[name].arrays)


@pytest.mark.parametrize("package", ["pandas", "xarray"])
def test_a_missing_package_is_named_with_the_command(opened, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    ask = opened["score/ridge/sub-1"].to_pandas if package == "pandas" else opened[EPOCHS].to_xarray
    with pytest.raises(MissingPackageError, match=rf"needs {package}.*pip install {package}") as caught:
        ask()
    assert caught.value.exit_code == 5
    assert importlib.util.find_spec("numpy") and need("numpy", "this") is np


def test_no_epoch_left_is_told(workspace, cli_ok):
    config = (workspace / "eeg2vid.toml").read_text()
    (workspace / "eeg2vid.toml").write_text(config + "\n[preprocess.none]\nreject_uv = 1\n")
    cli_ok("preprocess", "-w", workspace, "--variant", "none", "--subject", "1")
    epochs = eeg2vid.open(workspace)["preprocess/none/sub-1/epochs"]
    with pytest.raises(UsageError, match=r"none of 60 epochs is left \(0 outside, 60 rejected\).*rejected=True"):
        epochs.to_mne()
    assert len(epochs.to_mne(rejected=True)) == 60
