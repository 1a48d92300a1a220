"""Real recordings in their own formats, read as they are."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import mne
import numpy as np
import pytest

from eeg2vid.schemas.errors import MissingPackageError
from eeg2vid.stages.datasets.channels import ElectrodeWishes
from eeg2vid.stages.datasets.markers import read_marks
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.own_recordings import scan_stretches, stretch_checks
from eeg2vid.stages.datasets.recordings import companions, open_recording
from eeg2vid.stages.datasets.study_file import EventSource

REPO = Path(__file__).resolve().parents[3]
SHARED = REPO.parent / "shared" / "data"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"no real recordings at {SHARED}"),
]


@pytest.mark.parametrize(
    ("file", "n_electrodes", "sfreq", "placed"),
    [
        ("eeglab/eeglab_data.set", 32, 128, 32),
        ("eeglab-formats/testbva.vhdr", 30, 200, 29),  # with its Eog
        ("eeglab-formats/test.bdf", 16, 256, 0),
        ("eeguana/bv_export_edf+.edf", 34, 512, 32),
        ("mne-testing/edf-138ch.edf", 136, 512, 0),  # without Ergo-Left and Ergo-Right
    ],
)
def test_real_formats(file, n_electrodes, sfreq, placed):
    path = SHARED / "eeg" / file
    signal = open_recording(path)
    assert (signal.shape[0], signal.sfreq) == (n_electrodes, sfreq)
    assert signal[:, 100:200].shape == (n_electrodes, 100)
    assert signal.spans == [] and not any("resampled" in check.item for check in signal.checks)
    assert np.isfinite(signal.positions).all(axis=1).sum() == placed
    if file.endswith(".set"):
        assert {p.suffix for p in companions(path)} == {".set", ".fdt"}
    if file.endswith(".vhdr"):
        assert {p.suffix for p in companions(path)} == {".vhdr", ".vmrk", ".dat"}


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("new.vhdr", {"new.vhdr", "old.eeg", "Jürgen.vmrk"}),
        ("b.vhdr", {"b.vhdr", "b.eeg"}),
    ],
)
def test_the_files_behind_a_recording(tmp_path, file, own):
    others = ["other.eeg", "old.vmrk", "new2.eeg"]
    for name in [*own, *others]:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "new.vhdr").write_text("[Common Infos]\nCodepage=UTF-8\nDataFile=old.eeg\r\nMarkerFile = Jürgen.vmrk\n")
    (tmp_path / "b.vhdr").write_bytes(b"; made by J\xfcrgen\nDataFile=$b.eeg\nMarkerFile=../gone.vmrk\n")
    assert {path.name for path in companions(tmp_path / file)} == own


@pytest.mark.parametrize(
    ("file", "package"), [("test_egi_multiepoch_eprime.mff", "mffpy"), ("test-na-271.cnt", "antio")]
)
def test_formats_that_need_a_package_say_so(file, package):
    path = SHARED / "eeg" / "mne-testing" / file
    try:
        __import__(package)
    except ImportError:
        with pytest.raises(MissingPackageError, match=package) as caught:
            open_recording(path)
        assert caught.value.exit_code == 5
    else:
        assert open_recording(path).shape[0] > 32


@pytest.mark.parametrize("script", ["n170_to_fif", "annotations_to_events"])
def test_examples_make_folders_that_are_read(script, tmp_path, monkeypatch, capsys):
    arguments = {
        "n170_to_fif": ["--csv-dir", SHARED / "eeg/neurotechx-n170", "--subjects", "1"],
        "annotations_to_events": ["--recording", SHARED / "eeg/eeglab/eeglab_data.set", "--marker", "square"],
    }[script]
    given = [*arguments, "--clips-dir", SHARED / "clips/intel-samples", "--out", tmp_path / "study"]
    examples = REPO / "examples" / "own_recordings"
    monkeypatch.setattr(sys, "argv", [script, *map(str, given)])
    monkeypatch.syspath_prepend(str(examples))
    runpy.run_path(str(examples / f"{script}.py"), run_name="__main__")
    assert "eeg2vid ingest" in capsys.readouterr().out
    data = open_dataset(tmp_path / "study")
    study, source = data.study(), data.subject("1")
    blocks: dict[str, set[str]] = {}
    for event in source.events:
        blocks.setdefault(event.clip, set()).add(event.block)
    assert all(len(where) == 1 for where in blocks.values())
    if script == "n170_to_fif":
        assert (len(source.recordings), len(source.events), source.sfreq) == (3, 587, 256)
        assert {c.concept_name for c in study.clips} == {"face", "house"}
        assert [e.electrode for e in source.electrodes] == ["TP9", "AF7", "AF8", "TP10"]
        path = SHARED / "eeg/neurotechx-n170/subject1_session1_data_2017-09-13-15.32.50.csv"
        table = np.genfromtxt(path, delimiter=",", skip_header=1)
        assert np.allclose(source.signals[1][:, :], table[:, 1:5].T * 1e-6, atol=1e-10)
        second = [e for e in source.events if e.recording == source.recordings[1].recording]
        assert [e.onset_sample for e in second] == np.flatnonzero(table[:, 6]).tolist()
    else:
        assert len(source.events) == 80
        assert {e.block for e in source.events} == {"part-1", "part-2", "part-3"}


def marks_of(file, **said):
    marks, checks = read_marks(open_recording(SHARED / "eeg" / file), EventSource.model_validate(said))
    assert checks == []
    return marks


@pytest.mark.parametrize(
    ("file", "counted"),
    [
        ("eeglab/eeglab_data.set", {"square": 80, "rt": 74}),
        ("eeglab-formats/testbva.vhdr", None),
        ("eeguana/bv_export_edf+.edf", {"New Segment": 1, "s10": 4, "s11": 4, "s12": 4}),
    ],
)
def test_annotations_are_mnes(file, counted):
    marks = marks_of(file, **{"from": "annotations"})
    names = [mark.codes[0] for mark in marks]
    if counted:
        assert {name: names.count(name) for name in set(names)} == counted
    raw = mne.io.read_raw(SHARED / "eeg" / file, verbose="error")
    found, ids = mne.events_from_annotations(raw, verbose="error")
    ours = [round(mark.onset * raw.info["sfreq"]) for mark in marks if mark.codes[0] in ids]
    assert np.abs(np.array(ours) - (found[:, 0] - raw.first_samp)).max() <= 1


@pytest.mark.parametrize("file", ["eeglab-formats/test.bdf", "mne-testing/edf-138ch.edf"])
def test_trigger_channels_are_mnes(file):
    raw = mne.io.read_raw(SHARED / "eeg" / file, verbose="error")
    found = mne.find_events(raw, consecutive=True, shortest_event=1, verbose="error")
    marks = marks_of(file, **{"from": "stim"})
    assert [(round(m.onset * raw.info["sfreq"]), m.codes[0]) for m in marks] == [(s, str(c)) for s, _, c in found]
    assert len(marks) >= 5


def test_eyes_of_an_edf_file_declared():
    signal = open_recording(SHARED / "eeg/eeguana/bv_export_edf+.edf", ElectrodeWishes(eog=("HEOG", "VEOG")))
    assert [c.electrode for c in signal.channels if c.kind == "eog"] == ["HEOG", "VEOG"]
    assert signal.electrodes[-2:] == ("HEOG", "VEOG") and signal.shape[0] == 34


@pytest.mark.parametrize(
    ("file", "warned"),
    [
        ("eeglab/eeglab_data.set", []),
        ("eeglab-formats/testbva.vhdr", []),
        ("eeglab-formats/test.bdf", []),
        ("eeguana/bv_export_edf+.edf", ["constant electrodes, x", "values repeated for long, x"]),
        ("mne-testing/edf-138ch.edf", []),
    ],
)
def test_real_signals_are_brains(file, warned):
    """The last 0.78 s of the EDF+ export hold one value on every electrode."""
    signal = open_recording(SHARED / "eeg" / file)
    (scan,) = scan_stretches([signal], "x")
    assert [check.item for check in stretch_checks(signal, scan, "x")] == warned
    assert scan.lines == () and signal.unitless == ()
    if warned:
        raw = mne.io.read_raw(SHARED / "eeg" / file, verbose="error").get_data()
        still = np.flatnonzero((np.diff(raw, axis=1) != 0).any(axis=0))[-1] + 1
        assert {fault.first_s for fault in scan.held.dropouts} == {still / 512}
        assert {fault.share for fault in scan.held.dropouts} == {(5120 - still) / 5120}
