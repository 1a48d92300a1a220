"""Channels by name: decorations, spellings, twins, order, caps that differ."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets import protocol
from eeg2vid.stages.datasets.channels import (
    ElectrodeWishes,
    cap_check,
    common_order,
    plain_name,
    select_channels,
)
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.recordings import RawSignal, open_recording

_spec = importlib.util.spec_from_file_location("_own_folder", Path(__file__).with_name("_own_folder.py"))
own = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(own)

CAP = ("Fp1", "Fz", "T7", "Cz", "CB1", "Oz")


def chosen(names, types="eeg", **wishes):
    types = [types] * len(names) if isinstance(types, str) else types
    return select_channels(names, types, ElectrodeWishes(**wishes), "a.edf")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("EEG Fp1-Ref", "Fp1"),
        ("EEG FP1-LE", "FP1"),
        ("EEG Fpz-AR", "Fpz"),
        ("Fc5.", "Fc5"),
        ("C3..", "C3"),
        ("Cz - REF", "Cz"),
        ("EEG 001", "EEG 001"),
        ("EEG", "EEG"),
        ("C3-A2", "C3-A2"),
        ("Fp1-F7", "Fp1-F7"),
        ("...", "..."),
    ],
)
def test_decorations(name, plain):
    assert plain_name(name) == plain


def test_names_kinds_and_wishes():
    names = ["EEG Fp1-Ref", "VEOG", "E3", "X 9", "STI", "EOG left", "ECG", "ECG chest", "Fc5.", "M1"]
    types = ["eeg", "eog", "eeg", "eeg", "stim", "eeg", "ecg", "eeg", "eeg", "eeg"]
    found = chosen(names, types, rename={"E3": "Cz", "nope": "Pz"}, drop=("m1",), eog=("fc5",), eeg=("x 9",))
    assert [(c.electrode, c.kind, c.row) for c in found.channels] == [
        ("Fp1", "eeg", 0), ("Cz", "eeg", 2), ("X-9", "eeg", 3),
        ("VEOG", "eog", 1), ("EOG-left", "eog", 5), ("Fc5", "eog", 8),
    ]  # fmt: skip
    assert found.left_out == {"stim": ("STI",), "ecg": ("ECG", "ECG chest"), "dropped": ("M1",)}
    assert found.unmet == ("rename 'nope'",)
    rows = found.rows()
    assert rows["channels renamed"].startswith("EEG Fp1-Ref -> Fp1, E3 -> Cz, X 9 -> X-9")
    assert "2 ecg (ECG, ECG chest)" in rows["channels left out"]


@pytest.mark.parametrize(
    ("names", "wishes", "message"),
    [
        (["Fp1", "FP1"], {}, r"a.edf: 'Fp1' \(channel 1\) and 'FP1' \(channel 2\) are both electrode FP1"),
        (["T3", "Cz", "T7"], {}, r"'T3' \(channel 1\) and 'T7' \(channel 3\)"),
        (["EEG Cz-Ref", "Cz"], {}, "both electrode Cz"),
        (["A", "B"], {"rename": {"A": "Oz", "B": "OZ"}}, r"'A' \(channel 1\) and 'B' \(channel 2\)"),
        (["VEOG", "HEOG"], {"eog": ("VEOG", "HEOG")}, "a.edf has no EEG channel; found 2 eeg"),
        ([], {}, "has no EEG channel; found no channel"),
    ],
)
def test_twins_and_nothing(names, wishes, message):
    with pytest.raises(BadDataError, match=message):
        chosen(names, **wishes)


def test_a_wish_of_the_user_wins_over_plain_names():
    found = chosen(["EEG Fp1-Ref", "EEG Fp2-Ref"], rename={"EEG Fp1-Ref": "Left", "FP2": "Right"})
    assert [c.electrode for c in found.channels] == ["Left", "Right"]


def test_common_electrodes_in_the_first_order():
    caps = [chosen(n).channels for n in (["Fz", "Cz", "Oz", "Pz"], ["OZ", "Fz", "T8", "CZ"], ["Cz", "Fz", "oz"])]
    orders, checks = common_order(caps, ["a", "b", "c"])
    assert orders == [[0, 1, 2], [1, 3, 0], [1, 0, 2]]
    told = {c.item: (c.verdict, c.found) for c in checks}
    assert told["electrode order, b, c"][0] == "ok"
    assert told["electrodes left out, a"] == ("warning", "1 that not all of the subject's recordings have: Pz")
    assert told["electrodes left out, b"][1].endswith("have: T8")
    assert "electrodes left out, c" not in told


def test_nothing_in_common():
    caps = [chosen(n).channels for n in (["Fz", "Cz"], ["Cz", "Oz"], ["Oz", "Fz"])]
    with pytest.raises(BadDataError, match=r"a, b, c have no electrode that all of them share"):
        common_order(caps, ["a", "b", "c"])
    with pytest.raises(BadDataError, match=r"b shares no electrode with a: Fz, Cz there, Oz here"):
        common_order([caps[0], chosen(["Oz"]).channels], ["a", "b"])


def test_missing_electrodes_of_the_seed_cap():
    lower = [name.lower() for name in protocol.ELECTRODES]
    assert cap_check(lower, "x") == [] and cap_check(["Cz", "Oz"], "x") == []
    (row,) = cap_check([n for n in lower if not n.startswith("cb")], "x")
    assert (row.verdict, row.found) == ("warning", "2 of 62 missing: CB1, CB2")


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.permutations(range(len(CAP))), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_shuffled_cap_gives_the_same_eeg_by_name(order, loud):
    """Whatever order and spelling the second file has, its rows stand under the first file's names."""
    eeg = own.noise(len(CAP), 50)
    names = [f"EEG {CAP[i].upper()}-Ref" if loud[i] else CAP[i] for i in order]
    first = RawSignal(Path("a"), own.raw_of(CAP, data=eeg), ElectrodeWishes())
    other = RawSignal(Path("b"), own.raw_of(names, data=eeg[order]), ElectrodeWishes())
    orders, checks = common_order([first.channels, other.channels], ["a", "b"])
    same = other.arranged(orders[1])
    assert np.array_equal(same[:, :], eeg)
    assert np.array_equal(same[2:4, 5:9], eeg[2:4, 5:9])
    assert np.allclose(same.positions, first.positions)
    assert bool(checks) == (list(order) != sorted(order))


def test_through_a_study(tmp_path):
    """Two files of one person in another order and number, a second person with another cap, EOG kept apart."""
    a = own.write_recording(tmp_path / "sub-1_a_raw.fif", CAP)
    b = own.write_recording(tmp_path / "sub-1_b_raw.fif", ("Oz", "T3", "VEOG1", "Fp1", "Pz"))
    own.write_recording(tmp_path / "sub-2_raw.fif", ("AF7", "AF8"))
    own.write_clip(tmp_path / "clips/x.gif")
    rows = [f"{name}\t1\tx" for name in ("sub-1_a_raw.fif", "sub-1_b_raw.fif", "sub-2_raw.fif")]
    (tmp_path / "events.tsv").write_text("recording\tonset\tclip\n" + "\n".join(rows))
    (tmp_path / "study.toml").write_text('[electrodes]\neog = ["VEOG1", "Fz"]\nrename = { Pz = "CZ" }\n')
    data = open_dataset(tmp_path)
    source = data.subject("1")
    assert [e.electrode for e in source.electrodes] == ["Fp1", "T7", "Cz", "Oz"]
    assert np.array_equal(source.signals[0][:, :], a[[0, 2, 3, 5]])
    assert np.array_equal(source.signals[1][:, :], b[[3, 1, 4, 0]])
    warned = {c.item: c.found for c in source.checks if c.verdict == "warning"}
    assert warned["electrodes left out, sub-1_a_raw.fif"].endswith("CB1, Fz")
    assert warned["electrodes left out, sub-1_b_raw.fif"].endswith("VEOG1")
    assert [e.electrode for e in data.subject("2").electrodes] == ["AF7", "AF8"]


def test_eog_comes_after_eeg_and_keeps_its_kind(tmp_path):
    path = tmp_path / "a_raw.fif"
    eeg = own.noise(4, 300)
    own.raw_of(["VEOG", "Cz", "HEOG", "Oz"], ["eog", "eeg", "eeg", "eeg"], data=eeg).save(path, verbose="error")
    signal = open_recording(path, ElectrodeWishes(eog=("HEOG",)))
    assert [(c.electrode, c.kind) for c in signal.channels] == [
        ("Cz", "eeg"), ("Oz", "eeg"), ("VEOG", "eog"), ("HEOG", "eog"),
    ]  # fmt: skip
    assert np.allclose(signal[:, :], eeg[[1, 3, 0, 2]], rtol=1e-6)


EYES = ("EOG", "EOG1", "EOG 2", "HEOG", "VEOG", "veog-l", "EOG left", "EEG VEOG-Ref", "EOG.R")


@pytest.mark.parametrize("name", EYES)
def test_a_name_that_says_eog_is_believed(name):
    kinds = {channel.name: channel.kind for channel in chosen(["Cz", name]).channels}
    assert kinds == {"Cz": "eeg", name: "eog"}


def test_the_user_knows_better_than_a_name_or_a_type():
    found = chosen(["Cz", "HEO", "EXG1", "Aux"], ["eeg", "eeg", "eeg", "misc"], eeg=("heo", "EXG1", "AUX", "nope"))
    assert [(c.name, c.kind) for c in found.channels] == [(n, "eeg") for n in ("Cz", "HEO", "EXG1", "Aux")]
    assert (found.unmet, found.told) == (("eeg 'nope'",), ())
    renamed = chosen(["Cz", "HEO", "X1"], rename={"HEO": "Fp1", "X1": "HEOG"})
    assert [(c.electrode, c.kind) for c in renamed.channels] == [("Cz", "eeg"), ("Fp1", "eeg"), ("HEOG", "eog")]


@pytest.mark.parametrize(("other", "said"), [("eog", "eog"), ("drop", "drop")])
def test_one_channel_is_one_kind(other, said):
    with pytest.raises(ValueError, match=f"eeg names 'E1', and so does {said}"):
        ElectrodeWishes(eeg=("E1",), **{other: ("E1",)})


def test_what_names_say_against_the_file_is_told():
    found = chosen(["Cz", "HEO", "Photo", "STI 014"])
    assert found.told == ("HEO (eog)", "Photo (photodiode)", "STI 014 (stim)")
    rows = found.rows()
    assert rows["channels called EEG that are none by name"] == "HEO (eog), Photo (photodiode), STI 014 (stim)"
    assert rows["channels left out"] == "1 photodiode (Photo); 1 stim (STI 014)"
    with pytest.raises(
        BadDataError, match=r"no EEG channel; found 2 eeg; by name HEO \(eog\), Photo \(photodiode\)"
    ) as e:
        chosen(["HEO", "Photo"])
    assert "[electrodes] eeg" in str(e.value.hint)


def test_an_eye_tracker_stays_misc():
    found = chosen(["Cz", "EyeL", "HEO", "GSR"], ["eeg", "misc", "misc", "misc"])
    assert [(c.name, c.kind) for c in found.channels] == [("Cz", "eeg"), ("HEO", "eog")]
    assert found.left_out == {"misc": ("EyeL", "GSR")}


def test_a_misc_channel_called_eog_is_one():
    assert [(c.name, c.kind) for c in chosen(["Cz", "Eog", "Aux"], ["eeg", "misc", "misc"]).channels] == [
        ("Cz", "eeg"), ("Eog", "eog"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["ECG", "ECG II", "EKG1", "EMG chin"])
def test_hearts_and_muscles_are_left_out(name):
    assert [c.name for c in chosen(["Cz", name]).channels] == ["Cz"]


@pytest.mark.parametrize("name", ["E3", "EO1", "Geog", "Eoghan"])
def test_other_names_say_nothing_of_eyes(name):
    assert [c.kind for c in chosen(["Cz", name], eeg=(name,)).channels] == ["eeg", "eeg"]
    assert chosen(["Cz", name]).left_out == {"of unknown place": (name,)}
