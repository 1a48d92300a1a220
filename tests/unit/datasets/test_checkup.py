"""The data-set doctor: a row for every file, an error for every broken one, and no end at the first."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import edfio
import numpy as np
import pybv
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.checkup import examine
from eeg2vid.stages.datasets.opening import open_dataset


def helper(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


seed_dv, own = helper("_seed_dv_folder"), helper("_own_folder")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return seed_dv.write_seed_dv(tmp_path_factory.mktemp("pristine") / "SEED-DV")


@pytest.fixture
def seed(pristine, tmp_path):
    return shutil.copytree(pristine, tmp_path / "SEED-DV")


@pytest.fixture
def study(tmp_path):
    for name in ("sub-1_a", "sub-1_b", "sub-2_a"):
        own.write_recording(tmp_path / f"eeg/{name}_raw.fif")
    for clip in "xy":
        own.write_clip(tmp_path / f"clips/{clip}.gif")
    rows = [f"eeg/{n}_raw.fif\t{t}\t{c}" for n in ("sub-1_a", "sub-1_b", "sub-2_a") for t, c in ((1, "x"), (4, "y"))]
    (tmp_path / "events.tsv").write_text("recording\tonset\tclip\n" + "\n".join(rows) + "\n")
    return tmp_path


def by_item(checks):
    return {check.item: check for check in checks}


def errors(checks):
    return {check.item: check.found for check in checks if check.verdict == "error"}


def test_every_file_of_seed_dv_has_a_row(pristine):
    checks = by_item(examine(pristine))
    assert {c.verdict for c in checks.values()} == {"ok"}
    files = [p.relative_to(pristine).as_posix() for p in pristine.rglob("*") if p.is_file()]
    for file in files:
        assert any(file in item or file in c.found for item, c in checks.items()), file
    assert checks["EEG/sub1.npy"].found == (
        "float32 (2, 62, 7800) (block, electrode, sample), stored sample by sample, uV"
    )
    assert checks["Video/BLIP-caption/2nd_10min.txt"].found == "15 captions, 15 different"
    assert checks["film, Video/1st_10min.mp4"].found == "39.04 s, 32 x 18"
    assert checks["events, subject 1, session 2"].found == "30 in 2 blocks of 3 runs of 5 clips"
    assert checks["electrodes"].found == "62 in channel_62_pos.locs"


def test_one_row_per_broken_file(seed):
    (seed / "Video/meta-info/All_video_label.npy").write_bytes(b"x")
    np.save(seed / "Video/meta-info/All_video_color.npy", np.full((2, 15), 9))
    (seed / "Video/BLIP-caption/1st_10min.txt").write_text("one\n")
    (seed / "Video/2nd_10min.mp4").write_bytes(b"no film" * 99)
    (seed / "channel_62_pos.locs").write_text("1 0 0.5 FP1\n")
    (seed / "EEG/sub1.npy").write_bytes((seed / "EEG/sub1.npy").read_bytes()[:-7])
    np.save(seed / "EEG/sub2.npy", np.array([{}], object), allow_pickle=True)
    checks = examine(seed)
    found = errors(checks)
    assert set(found) == {
        "All_video_label.npy", "Video/meta-info/All_video_color.npy", "Video/BLIP-caption/1st_10min.txt",
        "Video/2nd_10min.mp4", "electrode file", "EEG/sub1.npy", "EEG/sub2.npy",
    }  # fmt: skip
    assert "truncated" in found["EEG/sub1.npy"] and "Python objects" in found["EEG/sub2.npy"]
    assert by_item(checks)["EEG/sub1_session2.npy"].verdict == "ok"


def test_sessions_in_different_units_and_nobody(seed):
    path = seed / "EEG/sub1_session2.npy"
    np.save(path, np.load(path) * np.float32(1e-6))
    found = errors(examine(seed, ["1", "9"]))
    assert set(found) == {"units, subject 1", "subjects"}
    assert found["subjects"].endswith("has no subject 9; it has 1, 2.")


def test_own_recordings(study):
    checks = by_item(examine(study))
    assert not errors(checks.values())
    assert checks["data set"].found == "events-table, 2 subjects, 3 recordings, 2 clips shown"
    assert checks["clips/x.gif"].found == "5.000 pictures per s, 16 x 16, 1.00 s"
    assert checks["eeg/sub-1_a_raw.fif"].found == "FIF via MNE, 3 EEG electrodes, 3 with a position, 128 Hz, 20.00 s"
    assert checks["events, subject 1"].found == "4 of 2 clips, in 4 runs, 2 blocks, 1 session"
    assert not any("sub-2" in item or "subject 2" in item for item in by_item(examine(study, ["1"])))


def nan(eeg):
    eeg[1, 5] = np.nan


def test_own_recordings_broken_in_several_places(study):
    (study / "eeg/sub-1_a_raw.fif").write_bytes(b"no recording")
    own.write_recording(study / "eeg/sub-1_b_raw.fif", edit=nan)
    (study / "clips/y.gif").write_bytes(b"no film")
    checks = examine(study)
    assert set(errors(checks)) == {"eeg/sub-1_a_raw.fif", "eeg/sub-1_b_raw.fif", "clips/y.gif"}
    assert by_item(checks)["eeg/sub-2_a_raw.fif"].verdict == "ok"
    assert by_item(checks)["events, subject 1"].found == "not looked at, for a recording cannot be read"
    assert by_item(checks)["events, subject 2"].found == "not looked at, for a clip cannot be read"


def header_of_edf(path, records):
    signals = [edfio.EdfSignal(np.zeros(256), 128, label=name, physical_range=(-1, 1)) for name in ("Fz", "Cz")]
    edfio.Edf(signals).write(path)
    head = path.read_bytes()[:768]
    path.write_bytes(head[:236] + records.ljust(8).encode() + head[244:])


def header_of_brainvision(path, _):
    data = own.noise(2, 10)
    pybv.write_brainvision(data=data, sfreq=128, ch_names=["Fz", "Cz"], fname_base=path.stem, folder_out=path.parent)
    path.with_suffix(".eeg").write_bytes(b"")


EMPTY = {
    "a.edf": (header_of_edf, "2"),
    "b.edf": (header_of_edf, "0"),
    "c.edf": (header_of_edf, "-1"),
    "d.vhdr": (header_of_brainvision, ""),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_recording_is_named_and_the_others_are_looked_at(study, name):
    write, how = EMPTY[name]
    write(study / f"eeg/sub-1_{name}", how)
    with (study / "events.tsv").open("a") as file:
        file.write(f"eeg/sub-1_{name}\t1\tx\n")
    checks = examine(study)
    why = f"eeg/sub-1_{name} is empty: its header names 2 channels, but it holds no sample."
    assert {item: why in found for item, found in errors(checks).items()} == {f"eeg/sub-1_{name}": True}
    assert {"eeg/sub-1_a_raw.fif", "eeg/sub-2_a_raw.fif", "events, subject 2"} <= set(by_item(checks))
    with pytest.raises(BadDataError, match="is empty: its header") as caught:
        open_dataset(study).subject("1")
    assert caught.value.exit_code == 4


def test_a_broken_table_does_not_hide_the_files(study):
    (study / "events.tsv").write_text("recording\tonset\n")
    (study / "eeg/sub-1_a_raw.fif").write_bytes(b"")
    checks = examine(study)
    assert set(errors(checks)) == {"data set", "eeg/sub-1_a_raw.fif"}
    assert {"clips/x.gif", "eeg/sub-2_a_raw.fif"} <= set(by_item(checks))


def test_events_that_do_not_fit(study):
    with (study / "events.tsv").open("a") as file:
        file.write("eeg/sub-2_a_raw.fif\t19.5\tx\n")
    assert "beyond the end" in errors(examine(study))["events, subject 2"]


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_no_data_set(tmp_path, place):
    (tmp_path / "empty").mkdir()
    (row,) = examine(tmp_path / place)
    assert row.verdict == "error" and row.item == "data set"
