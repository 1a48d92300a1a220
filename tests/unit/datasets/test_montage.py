"""Electrode names, positions and files, against MNE and against geometry."""

from __future__ import annotations

import warnings

import mne
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets import protocol
from eeg2vid.stages.datasets.montage import electrode_positions, read_locs, read_names_xlsx
from eeg2vid.stages.datasets.source import electrode_rows


def mne_positions(names):
    """What MNE itself puts into a recording."""
    info = mne.create_info(names, 100.0, "eeg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        info.set_montage("standard_1005")
    return np.array([channel["loc"][:3] for channel in info["chs"]])


def test_positions_are_mnes_in_head_coordinates():
    names = ["Fp1", "Fpz", "Cz", "O2", "TP9", "T7", "P8"]
    ours = electrode_positions(["FP1", "fpz", "CZ", " O2", "tp9", "T3", "T6"])
    assert np.allclose(ours, mne_positions(names), atol=1e-6)


def test_plain_numbers_of_a_biosemi_device_are_not_10_05_names():
    assert np.isfinite(electrode_positions(["A1", "A2", "Cz"])).all()
    assert np.isfinite(electrode_positions(["A1", "A2", "A3", "C1", "F8", "Cz"])).all(axis=1).tolist() == [
        False
    ] * 5 + [True]


def test_cerebellar_electrodes_sit_where_po9_and_po10_do():
    ours = electrode_positions(["CB1", "CB2"])
    assert np.allclose(ours, mne_positions(["PO9", "PO10"]), atol=1e-3)


def test_every_seed_electrode_has_a_place_of_its_own():
    xyz = electrode_positions(protocol.ELECTRODES)
    assert np.isfinite(xyz).all()
    left = [i for i, n in enumerate(protocol.ELECTRODES) if n[-1].isdigit() and int(n[-1]) % 2]
    right = [i for i, n in enumerate(protocol.ELECTRODES) if n[-1].isdigit() and not int(n[-1]) % 2]
    assert (xyz[left, 0] < 0).all()
    assert (xyz[right, 0] > 0).all()
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=-1) + np.eye(62)
    assert distance.min() > 0.015


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["Cz", "nowhere", "A-1", "Oz", ""]), max_size=6))
def test_unknown_names_are_nan_and_become_none(names):
    xyz = electrode_positions(names)
    assert xyz.shape == (len(names), 3)
    assert [bool(np.isfinite(row).all()) for row in xyz] == [name in ("Cz", "Oz") for name in names]
    rows = electrode_rows([f"e{i}" for i in range(len(names))], xyz)
    assert [row.x is None for row in rows] == [name not in ("Cz", "Oz") for name in names]


def test_locs_file_as_mne_reads_it(tmp_path):
    path = tmp_path / "cap.locs"
    path.write_text("1\t-17.926\t0.51499\tFP1\n 2  90 0.25  C4..\n\n3 -150 0.51111 CB1\n")
    locs = read_locs(path)
    assert locs.names == ("FP1", "C4", "CB1")
    assert locs.angles.tolist() == [-17.926, 90, -150]
    assert locs.radii.tolist() == [0.51499, 0.25, 0.51111]
    # degrees from the nose, positive to the right: C4 lies at x > 0, y = 0
    theirs = mne.channels.read_custom_montage(path).get_positions()["ch_pos"]
    x = np.sin(np.radians(locs.angles)) > 0
    assert x.tolist() == [bool(xyz[0] > 0) for xyz in theirs.values()]


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "names no electrode"), ("1 0 0.5\n", "line 1: expected index"), ("1 x 0.5 Cz\n", "line 1: expected index")],
)
def test_bad_locs(tmp_path, text, message):
    path = tmp_path / "cap.locs"
    path.write_text(text)
    with pytest.raises(BadDataError, match=message):
        read_locs(path)


def test_workbook_written_by_openpyxl(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for number, name in enumerate(protocol.ELECTRODES, start=1):
        book.active.append([name, number])
    book.save(tmp_path / "order.xlsx")
    assert read_names_xlsx(tmp_path / "order.xlsx") == protocol.ELECTRODES


def test_bad_workbook(tmp_path):
    (tmp_path / "order.xlsx").write_text("FP1\nFPZ\n")
    with pytest.raises(BadDataError, match="not a readable Excel workbook"):
        read_names_xlsx(tmp_path / "order.xlsx")
