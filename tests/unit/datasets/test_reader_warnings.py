"""What MNE only warns of, or says nothing of: marks outside a recording, files cut off, swapped or empty, odd types."""

from __future__ import annotations

import edfio
import numpy as np
import pybv
import pytest
import scipy.io

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.brainvision import refuse_shared
from eeg2vid.stages.datasets.channels import ElectrodeWishes
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.recordings import open_recording

SECONDS = 10
NAMES = ("Fz", "Cz", "Oz")


def noise(n_electrodes, n_samples):
    return np.random.default_rng(0).normal(0, 10e-6, (n_electrodes, n_samples))


def write_edf(path, marks=(), rate=200):
    rows = noise(len(NAMES), SECONDS * rate) * 1e6
    signals = [
        edfio.EdfSignal(row, rate, label=name, physical_dimension="uV") for name, row in zip(NAMES, rows, strict=True)
    ]
    edfio.Edf(signals, annotations=[edfio.EdfAnnotation(*mark) for mark in marks]).write(path)


def write_brainvision(folder, stem="a", marks=(), rate=200):
    """Marks are samples and durations in samples; float32, so that a sample of three channels has 12 bytes."""
    events = [{"onset": at, "duration": length, "description": k + 1} for k, (at, length) in enumerate(marks)]
    pybv.write_brainvision(
        data=noise(len(NAMES), SECONDS * rate), sfreq=rate, ch_names=list(NAMES), fname_base=stem,
        folder_out=folder, events=events,
    )  # fmt: skip
    return folder / f"{stem}.vhdr"


def write_set(path, types, marks=(), names=NAMES, rate=200):
    """Every channel has a place on the head; marks are EEGLAB's latencies, samples from 1."""
    fields = ("labels", "type", "X", "Y", "Z")
    places = [(name, kind, 80.0 * np.cos(k), 80.0 * np.sin(k), 20.0)
              for k, (name, kind) in enumerate(zip(names, types, strict=True))]  # fmt: skip
    n_samples = SECONDS * rate
    marks = np.array([("m", at, 1.0) for at in marks], dtype=[(k, object) for k in ("type", "latency", "duration")])
    eeg = {
        "setname": "s", "nbchan": len(names), "pnts": n_samples, "trials": 1, "srate": rate, "xmin": 0,
        "xmax": (n_samples - 1) / rate, "data": (noise(len(names), n_samples) * 1e6).astype("f4"),
        "chanlocs": np.array(places, dtype=[(k, object) for k in fields]), "epoch": [], "event": marks,
        "icawinv": [], "icaweights": [], "icasphere": [], "icachansind": [],
    }  # fmt: skip
    scipy.io.savemat(path, {"EEG": eeg})


def told(path):
    return {check.item: check.found for check in open_recording(path).checks if check.verdict == "warning"}


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_marks_outside_an_edf_file_are_counted(tmp_path):
    write_edf(tmp_path / "a.edf", [(-1, None, "m0"), (2, None, "m1"), (70, None, "m2"), (9, 5, "long")])
    found = told(tmp_path / "a.edf")["annotations outside the recording, a.edf"]
    assert found == "2 left out: 'm0' at -1 s, 'm2' at 70 s; 1 shortened: 'long' at 9 s"


def test_marks_after_an_eeglab_recording_are_counted(tmp_path):
    write_set(tmp_path / "a.set", ["EEG"] * 3, [201.0, 5001.0, np.nan])
    found = told(tmp_path / "a.set")
    assert found["annotations outside the recording, a.set"] == "1 left out: 'm' at 25 s"
    assert found["markers, a.set"].startswith("1 events have an onset that is NaN")


@pytest.mark.parametrize("rate", [128, 200, 333, 512, 1000])
def test_marks_up_to_the_last_sample_are_inside(tmp_path, rate):
    """MNE rounds times to microseconds, by which a mark may seem to reach beyond the end."""
    n_samples = SECONDS * rate
    path = write_brainvision(tmp_path, "b", [(0, 1), (n_samples - 1, 1), (n_samples // 3, 7)], rate)
    write_set(tmp_path / "c.set", ["EEG"] * 3, [1.0, float(n_samples)], rate=rate)
    write_edf(tmp_path / "a.edf", [(0, None, "x"), (SECONDS - 1 / rate, 1 / rate, "y"), (0, SECONDS, "z")], rate)
    assert told(path) == told(tmp_path / "c.set") == told(tmp_path / "a.edf") == {}


def test_a_brainvision_file_that_was_cut_off(tmp_path):
    path = write_brainvision(tmp_path, marks=[(100, 1), (1200, 1), (1800, 1)])
    data = path.with_suffix(".eeg")
    whole = data.read_bytes()
    data.write_bytes(whole[: 12 * 1000])
    found = told(path)
    assert found["annotations outside the recording, a.vhdr"].startswith("2 left out: 'Stimulus/S  2' at 6 s")
    data.write_bytes(whole[:-5])
    found = told(path)
    assert found["size of the file, a.vhdr"] == "a.eeg holds 23995 bytes, no whole number of samples of 3 channels"
    assert open_recording(path).shape == (3, 1999)


def test_a_header_that_counts_other_samples_than_there_are(tmp_path):
    path = write_brainvision(tmp_path)
    change(path, "DataOrientation=", "DataPoints=2100\nDataOrientation=")
    assert told(path) == {"size of the file, a.vhdr": "a.eeg holds 2000 samples, its header (DataPoints) says 2100"}
    change(path, "MULTIPLEXED", "VECTORIZED")
    with pytest.raises(BadDataError, match=r"2000 samples.*one channel after the other \(VECTORIZED\)"):
        open_recording(path)


def test_markers_that_are_not_there_are_missed(tmp_path):
    path = write_brainvision(tmp_path, marks=[(100, 1)])
    path.with_suffix(".vmrk").unlink()
    assert "'a.vmrk' not found; no annotations" in told(path)["markers, a.vhdr"]


@pytest.mark.parametrize("key", ["MarkerFile", "DataFile"])
def test_a_file_of_another_header(tmp_path, key):
    ending = {"MarkerFile": ".vmrk", "DataFile": ".eeg"}[key]
    write_brainvision(tmp_path, "a", [(100, 1)])
    path = write_brainvision(tmp_path, "b", [(300, 1)])
    assert told(path) == {}
    change(path, f"{key}=b{ending}", f"{key}=a{ending}")
    assert told(path) == {"files of the recording, b.vhdr": f"{key} is a{ending}, which a.vhdr names too"}
    (tmp_path / "a.vhdr").unlink()
    assert told(path) == {"files of the recording, b.vhdr": f"{key} is a{ending}, though there is b{ending}"}
    (tmp_path / f"b{ending}").unlink()
    assert told(path) == {}  # a header that was renamed alone


@pytest.mark.parametrize("used", ["*.vhdr", "b.vhdr"])
def test_two_recordings_of_a_study_share_no_file(tmp_path, used):
    for stem in ("a", "b"):
        write_brainvision(tmp_path, stem, [(100, 1)])
    change(tmp_path / "b.vhdr", "MarkerFile=b.vmrk", "MarkerFile=a.vmrk")
    (tmp_path / "stimuli.tsv").write_text("code\tclip\nStimulus/S  1\tx\n")
    (tmp_path / "study.toml").write_text(f'[events]\nfrom = "annotations"\nfiles = ["{used}"]\n')
    shared = r"b\.vhdr and .*a\.vhdr both name a\.vmrk as their MarkerFile"
    # one of them alone is only warned of, and the next thing that is missing is told
    words = shared if used == "*.vhdr" else "expected the folder clips/"
    with pytest.raises(BadDataError, match=words):
        open_dataset(tmp_path)


def test_headers_that_name_markers_of_before_a_renaming_share_none(tmp_path):
    """MNE takes the markers of the header's own name: that of a is at sample 100, that of b at 300."""
    for stem, at in (("a", 100), ("b", 300)):
        path = write_brainvision(tmp_path, stem, [(at, 1)])
        change(path, f"MarkerFile={stem}.vmrk", "MarkerFile=before.vmrk")
        assert told(path) == {}
        assert list(open_recording(path).raw.annotations.onset) == [at / 200]
    refuse_shared(tmp_path, ["a.vhdr", "b.vhdr"])


def test_eeglab_types_that_mne_does_not_know(tmp_path):
    """Every channel has a place, and names that say nothing: only the types tell eyes and pulse from electrodes."""
    names = ("Fz", "Cz", "E7", "VE", "HE", "X1", "X2", "X3", "X4")
    types = ("EEG", "", "scalp", "VEOG", " heog ", "PPG", "Trigger", "MISC", "EKG")
    write_set(tmp_path / "a.set", types, names=names)
    signal = open_recording(tmp_path / "a.set")
    assert [(c.electrode, c.kind) for c in signal.channels] == [
        ("Fz", "eeg"), ("Cz", "eeg"), ("E7", "eeg"), ("VE", "eog"), ("HE", "eog"),
    ]  # fmt: skip
    left = {"bio": ("X1",), "stim": ("X2",), "misc": ("X3",), "ecg": ("X4",)}
    assert signal.selection.left_out == left
    asked = open_recording(tmp_path / "a.set", ElectrodeWishes(eeg=("X1",)))
    assert asked.electrodes == ("Fz", "Cz", "E7", "X1", "VE", "HE")
    np.testing.assert_allclose(asked[3, :], noise(9, 2000)[5], atol=1e-10)


@pytest.mark.parametrize("ending", [".edf", ".bdf"])
@pytest.mark.parametrize("records", ["10", "0", "-1"])
@pytest.mark.parametrize("rest", [0, 100])
def test_a_file_without_a_whole_record_is_empty(tmp_path, ending, records, rest):
    """Three channels and one of annotations: a header of 256 * 5 bytes, and no record behind it."""
    path = tmp_path / f"a{ending}"
    write_edf(tmp_path / "whole.edf", [(1, None, "x")])
    whole = bytearray((tmp_path / "whole.edf").read_bytes()[: 256 * 5 + rest])
    whole[236:244] = records.encode().ljust(8)
    path.write_bytes(whole)
    with pytest.raises(BadDataError, match=rf"a\{ending} is empty: its header names 3 channels, but it holds no samp"):
        open_recording(path)


@pytest.mark.parametrize("name", ["a.edf", "a.bdf", "a.fif", "a.vhdr", "a.set", "a.cnt", "a.gdf"])
def test_a_file_without_a_byte_is_empty(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(BadDataError, match=rf"{name} is empty: it holds no byte\."):
        open_recording(tmp_path / name)
