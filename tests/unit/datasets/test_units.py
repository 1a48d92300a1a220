"""Units as files write them: what is no voltage is no electrode, what MNE misreads is put right."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import edfio
import mne
import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.channels import ElectrodeWishes
from eeg2vid.stages.datasets.checkup import examine
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.recordings import open_recording, open_stretches
from eeg2vid.stages.datasets.units import read_unit, volts_of

SPEC = importlib.util.spec_from_file_location("_own_folder", Path(__file__).with_name("_own_folder.py"))
own = sys.modules.setdefault("_own_folder", importlib.util.module_from_spec(SPEC))
SPEC.loader.exec_module(own)

RATE, SECONDS = 128, 20


def write_edf(path, units, names=("Fz", "Cz", "Oz", "Pz"), size=10.0, sizes=None, suffix=".edf"):
    """Noise of 10 in whatever unit; returns the numbers in that unit, as stored."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = own.noise(len(names), RATE * SECONDS) * 1e6 * np.reshape(sizes or [1.0] * len(names), (-1, 1)) * size / 10
    signals = [
        edfio.EdfSignal(row, RATE, label=name, physical_dimension=unit, physical_range=(row.min(), row.max()))
        for row, name, unit in zip(values, names, units, strict=True)
    ]
    edfio.Edf(signals).write(path)
    return values


VOLTAGES = {
    "V": 1, "v": 1, "mV": 1e-3, "MV": 1e-3, "uV": 1e-6, "uv": 1e-6, "UV": 1e-6, "nV": 1e-9, "µV": 1e-6, "μV": 1e-6,
    "microV": 1e-6, "microvolt": 1e-6, "Volts": 1, "milliV": 1e-3, " uV ": 1e-6, "Î¼V": 1e-6,
}  # fmt: skip
OTHERS = [
    "degC", "°C", "C", "%", "m/s^2", "g", "Hz", "bpm", "S", "uS", "Ohm", "kOhm", "boolean", "Bit", "mmHg", "T", "fT/cm",
    "K", "rpm", "lux", "mm", "deg", "deg/s", "V/s", "uV^2", "s", "N",
]  # fmt: skip


def test_units_by_hand():
    assert {unit: volts_of(unit) for unit in VOLTAGES} == VOLTAGES
    assert {read_unit(unit).kind for unit in OTHERS} == {"other"}
    for unit in ("", " ", "n/a", "N/A", "-", "none", "a.u.", "ADU", "counts", "1"):
        assert read_unit(unit).kind == "unsaid", unit


@pytest.mark.parametrize("unit", ["uV", "mV", "V", "nV", "uv", "UV", "microV", "MV"])
def test_every_spelling_of_a_voltage_is_volts(tmp_path, unit):
    """MNE knows uV, mV and V; it takes nV and uv for V."""
    scale = {"uV": 1, "mV": 1e-3, "V": 1e-6, "nV": 1e3, "uv": 1, "UV": 1, "microV": 1, "MV": 1e-3}[unit]
    values = write_edf(tmp_path / "a.edf", [unit] * 4, size=10 * scale)
    signal = open_recording(tmp_path / "a.edf")
    np.testing.assert_allclose(signal[:, :], values * {1: 1e-6, 1e-3: 1e-3, 1e-6: 1, 1e3: 1e-9}[scale], atol=1e-9)
    assert signal.unitless == () and signal.checks == []


@pytest.mark.parametrize("unit", ["degC", "%", "m/s^2", "g", "Hz", "bpm", "S", "kOhm", "boolean", "mmHg"])
def test_what_is_no_voltage_is_no_electrode(tmp_path, unit):
    write_edf(tmp_path / "a.edf", ["uV", unit, "uV", "uV"])
    signal = open_recording(tmp_path / "a.edf")
    assert signal.electrodes == ("Fz", "Oz", "Pz")
    (row,) = signal.checks
    assert row.verdict == "warning" and row.found.startswith(f"Cz (in {unit}); ")
    assert signal.selection.left_out == {f"in {unit}": ("Cz",)}
    assert open_recording(tmp_path / "a.edf", ElectrodeWishes(eeg=("Cz",))).electrodes == ("Fz", "Cz", "Oz", "Pz")
    assert open_recording(tmp_path / "a.edf", ElectrodeWishes(rename={"Cz": "C1"})).electrodes[1] == "C1"
    write_edf(tmp_path / "b.edf", [unit] * 4)
    with pytest.raises(BadDataError, match=f"no EEG channel; found 4 eeg; by unit Fz \\(in {unit.replace('^', '.')}"):
        open_recording(tmp_path / "b.edf")


def test_a_channel_without_unit_beside_others_is_none(tmp_path):
    write_edf(tmp_path / "a.edf", ["uV", "", "uV", "uV"])
    signal = open_recording(tmp_path / "a.edf")
    assert signal.electrodes == ("Fz", "Oz", "Pz") and signal.checks[0].found.startswith("Cz (without a unit)")
    (by_table,) = open_stretches(tmp_path / "a.edf", units={"Cz": "µV", "Oz": "V", "Pz": "n/a"})
    assert by_table.electrodes == ("Fz", "Cz", "Oz", "Pz") and (np.median(abs(by_table[:, :]), axis=1) < 1e-4).all()
    told = open_recording(tmp_path / "a.edf", ElectrodeWishes(unit="uV"))
    assert told.electrodes == ("Fz", "Cz", "Oz", "Pz") and np.median(abs(told[1, :])) < 1e-4


def test_other_formats_say_their_units_too(tmp_path):
    raw = own.raw_of(("Fz", "Cz", "Oz"))
    raw.info["chs"][1]["unit"] = mne.io.constants.FIFF.FIFF_UNIT_T
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    assert open_recording(tmp_path / "a_raw.fif").checks[0].found.startswith("Cz (in T)")
    mne.export.export_raw(tmp_path / "b.vhdr", own.raw_of(("Fz", "Cz", "Oz")), verbose="error")
    assert open_recording(tmp_path / "b.vhdr").electrodes == ("Fz", "Cz", "Oz")
    header = (tmp_path / "b.vhdr").read_text().splitlines()
    header = [line.replace("µV", "°C") if line.startswith("Ch2=") else line for line in header]
    (tmp_path / "b.vhdr").write_text("\n".join(header))
    signal = open_recording(tmp_path / "b.vhdr")
    assert signal.electrodes == ("Fz", "Oz") and list(signal.selection.left_out.values()) == [("Cz",)]


@pytest.fixture
def study(tmp_path):
    """A study of one EDF file; its unit is up to the test."""
    own.write_clip(tmp_path / "clips/x.gif")
    (tmp_path / "events.tsv").write_text("recording\tonset\tclip\neeg/sub-1.edf\t1\tx\neeg/sub-1.edf\t4\tx\n")
    return tmp_path


def test_no_unit_at_all_is_told_by_size(study):
    write_edf(study / "eeg/sub-1.edf", [""] * 4)
    with pytest.raises(BadDataError, match=r"gives no unit for 4 electrodes, .* cannot be volts") as caught:
        open_dataset(study).subject("1")
    assert "[electrodes] unit = 'uV'" in caught.value.hint and caught.value.exit_code == 4
    assert any(c.verdict == "error" and "gives no unit" in c.found for c in examine(study))
    (study / "study.toml").write_text('[electrodes]\nunit = "uV"\n')
    values = write_edf(study / "eeg/sub-1.edf", [""] * 4)
    source = open_dataset(study).subject("1")
    np.testing.assert_allclose(source.signals[0][:, :], values * 1e-6, atol=1e-9)
    assert not [c for c in source.checks if c.item.startswith("unit")]
    (study / "study.toml").unlink()
    write_edf(study / "eeg/sub-1.edf", ["n/a"] * 4, size=1e-5)
    (row,) = [c for c in open_dataset(study).subject("1").checks if c.item.startswith("unit")]
    assert row.verdict == "warning" and row.found.startswith("none for 4 electrodes; taken as V")
