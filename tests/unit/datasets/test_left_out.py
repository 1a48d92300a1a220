"""Channels that are no brain by their signal, through whole studies: own recordings, arrays, BIDS, SEED-DV."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import warnings
from pathlib import Path

import mne
import mne_bids
import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.checkup import examine
from eeg2vid.stages.datasets.opening import open_dataset


def helper(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


own, seed_dv = helper("_own_folder"), helper("_seed_dv_folder")
TITLE = "electrodes whose signal is no brain's"


def codes(n_samples, step=1e-6):
    """A trigger line: 20 samples of a code every 2 s."""
    line = np.zeros(n_samples)
    for k, at in enumerate(range(128, n_samples - 20, 256)):
        line[at : at + 20] = (1 + k % 7) * step
    return line


def put_codes(row):
    def edit(eeg):
        eeg[row] = codes(eeg.shape[1])

    return edit


@pytest.fixture
def study(tmp_path):
    """Two recordings of one person; in the first Cz is a trigger line, in the second nobody pressed anything."""
    own.write_recording(tmp_path / "eeg/a_raw.fif", edit=put_codes(1))
    own.write_recording(tmp_path / "eeg/b_raw.fif", names=("Oz", "Cz", "Fz"), edit=lambda eeg: eeg[1].fill(0))
    own.write_clip(tmp_path / "clips/x.gif")
    rows = [f"eeg/{name}_raw.fif\t{onset}\tx" for name in "ab" for onset in (1, 4)]
    (tmp_path / "events.tsv").write_text("recording\tonset\tclip\n" + "\n".join(rows) + "\n")
    return tmp_path


def told(checks):
    return [check for check in checks if check.item.startswith(TITLE)]


def test_a_trigger_line_is_left_out_of_all_recordings(study):
    source = open_dataset(study).subject("1")
    assert [row.electrode for row in source.electrodes] == ["Fz", "Oz"]
    fz = mne.io.read_raw(study / "eeg/b_raw.fif", verbose="error").get_data(picks=["Fz", "Oz"])
    np.testing.assert_array_equal(source.signals[1][:, :], fz)
    (row,) = told(source.checks)
    assert row.item == f"{TITLE}, eeg/a_raw.fif" and row.verdict == "warning"
    assert row.found == (
        "Cz (8 different values, 20 changes); left out; if they are electrodes, study.toml, electrodes: eeg = ['Cz']"
    )
    assert len(source.events) == 4
    assert [check for check in examine(study) if check.item == row.item] == [row]
    assert not [check for check in examine(study) if check.verdict == "error"]


def test_what_the_study_names_stays(study):
    (study / "study.toml").write_text('[electrodes]\neeg = ["Cz"]\n')
    source = open_dataset(study).subject("1")
    assert [row.electrode for row in source.electrodes] == ["Fz", "Cz", "Oz"]
    (row,) = told(source.checks)
    assert row.verdict == "ok" and row.found.endswith("kept, as study.toml says")


def test_nothing_left_is_refused(study):
    for name in "ab":
        own.write_recording(study / f"eeg/{name}_raw.fif", names=("Cz",), edit=put_codes(0))
    with pytest.raises(BadDataError, match="subject 1: no electrode is left; the signals of Cz are codes or steps"):
        open_dataset(study).subject("1")


def test_arrays(tmp_path):
    eeg = own.noise(8, 5000).reshape(2, 4, 5000) * 1e6
    eeg[1, 2] = codes(5000, 1)
    np.save(tmp_path / "a.npy", eeg)
    (tmp_path / "a.toml").write_text(
        'axes = ["block", "electrode", "sample"]\nsfreq = 250\nunit = "uV"\nelectrodes = ["Fz", "Cz", "Pz", "Oz"]\n'
    )
    own.write_clip(tmp_path / "clips/x.gif")
    (tmp_path / "events.tsv").write_text("recording\tonset\tclip\tblock\na.npy\t1\tx\t1\na.npy\t1\tx\t2\n")
    source = open_dataset(tmp_path).subject("1")
    assert [row.electrode for row in source.electrodes] == ["Fz", "Cz", "Oz"]
    assert [row.item for row in told(source.checks)] == [f"{TITLE}, a.npy, block 2"]
    np.testing.assert_allclose(source.signals[1][:, :], eeg[1, [0, 1, 3]] * 1e-6)


@pytest.mark.parametrize("table", ["EEG", "n/a", "none", "degC", "TRIG"])
def test_bids(tmp_path, table):
    """Who typed EEG into channels.tsv is believed, with a warning; a unit there counts as one in the file.

    mne-bids makes misc of a type n/a.
    """
    data = own.noise(3, 5000)
    data[1] = codes(5000) if table != "degC" else data[1]
    raw = own.raw_of(("Fz", "Cz", "Oz"), data=data)
    raw.info["line_freq"] = 50
    place = mne_bids.BIDSPath(subject="01", task="watch", root=tmp_path, datatype="eeg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mne_bids.write_raw_bids(
            raw, place, events=np.array([[128, 0, 1], [1000, 0, 1]]), event_id={"x": 1}, format="BrainVision",
            allow_preload=True, verbose="error",
        )  # fmt: skip
    own.write_clip(tmp_path / "stimuli/x.gif", 0.5)
    (tmp_path / "stimuli.tsv").write_text("code\tclip\nx\tx\n")
    sidecar = tmp_path / "sub-01/eeg/sub-01_task-watch_channels.tsv"
    lines = [line.split("\t") for line in sidecar.read_text().splitlines()]
    row = next(line for line in lines if line[0] == "Cz")
    assert row[lines[0].index("type")] == "EEG"
    if table == "degC":
        row[lines[0].index("units")] = "oC"
    elif table != "none":
        row[lines[0].index("type")] = table
    sidecar.write_text("\n".join("\t".join(line) for line in lines) + "\n")
    if table == "none":
        sidecar.unlink()
    source = open_dataset(tmp_path).subject("01")
    assert [row.electrode for row in source.electrodes] == (["Fz", "Cz", "Oz"] if table == "EEG" else ["Fz", "Oz"])
    rows = told(source.checks)
    assert [row.verdict for row in rows] == ([] if table in ("degC", "TRIG", "n/a") else ["warning"])
    if table == "EEG":
        assert "kept, for channels.tsv calls them EEG" in rows[0].found
    if table == "degC":
        assert any(check.found.startswith("Cz (in oC)") for check in source.checks)


def test_seed_dv_keeps_its_62_and_warns(tmp_path):
    root = seed_dv.write_seed_dv(tmp_path / "SEED-DV", subjects=("1",), second_sessions=())
    quiet = open_dataset(root).subject("1").checks
    assert {check.verdict for check in quiet} == {"ok"}
    eeg = np.load(root / "EEG/sub1.npy")
    eeg[1, 5] = codes(eeg.shape[2], 1)
    np.save(root / "EEG/sub1.npy", eeg)
    source = open_dataset(root).subject("1")
    assert len(source.electrodes) == 62
    rows = [check for check in source.checks if check.verdict == "warning"]
    assert [row.found for row in rows] == ["F7, block 2 (8 different values, 60 changes)"]
    assert rows[0] in examine(root)


def test_dropouts_and_clipping_are_told_by_ingest_and_the_doctor(study):
    def spoil(eeg):
        eeg[0, 1000:1100] = 0
        eeg[2] = np.clip(eeg[2], -15e-6, None)

    eeg = own.write_recording(study / "eeg/a_raw.fif", edit=spoil)
    share = 100 * (eeg[2] == -15e-6).mean()
    rows = {row.item: row for row in open_dataset(study).subject("1").checks if row.verdict == "warning"}
    repeated = rows["values repeated for long, eeg/a_raw.fif"]
    assert repeated.found == "Fz (3.9 %, first at 7.8 s)"  # 100 of 2560 samples, at 1000 of 128 a second
    assert rows["values at the end of the scale, eeg/a_raw.fif"].found.startswith(f"Oz ({share:.2g} %, first at ")
    assert rows["constant electrodes, eeg/b_raw.fif"].found == "Cz"
    assert all(row in examine(study) for row in rows.values())


def test_clean_recordings_are_quiet(study):
    shutil.rmtree(study / "eeg")
    own.write_recording(study / "eeg/a_raw.fif")
    own.write_recording(study / "eeg/b_raw.fif", edit=lambda eeg: np.negative(eeg, out=eeg))  # no copy of the other
    assert {check.verdict for check in open_dataset(study).subject("1").checks} == {"ok"}
    assert {check.verdict for check in examine(study)} == {"ok"}
