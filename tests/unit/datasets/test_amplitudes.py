"""Recordings, blocks and electrodes in another unit than the rest, by scaling them; drifts and loudness are fine."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.amplitudes import must_share_unit, odd_electrodes, sizes_of
from eeg2vid.stages.datasets.checkup import examine
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.signal_checks import scan_signal


def helper(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


own, seed_dv = helper("_own_folder"), helper("_seed_dv_folder")


@pytest.fixture
def study(tmp_path):
    for name in "ab":
        own.write_recording(tmp_path / f"eeg/{name}_raw.fif")
    own.write_clip(tmp_path / "clips/x.gif")
    rows = [f"eeg/{name}_raw.fif\t1\tx" for name in "ab"]
    (tmp_path / "events.tsv").write_text("recording\tonset\tclip\n" + "\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.parametrize("factor", [1e6, 1e3, 1e-3, 1e-6])
def test_a_recording_in_another_unit_is_refused(study, factor):
    own.write_recording(study / "eeg/b_raw.fif", edit=lambda eeg: np.multiply(eeg, factor, out=eeg))
    with pytest.raises(BadDataError, match="expected one unit in all recordings") as caught:
        open_dataset(study).subject("1")
    text = str(caught.value)
    assert "of eeg/a_raw.fif" in text and "eeg/b_raw.fif" in text
    kept = own.noise(3, 2560, len("a_raw.fif"))[:, ::31]
    amplitude = np.median(abs(kept - np.median(kept, axis=1, keepdims=True)))
    assert f"{amplitude:.3g}" in text and f"{amplitude * factor:.3g}" in text
    assert any("expected one unit" in c.found for c in examine(study) if c.verdict == "error")


def test_loud_and_drifting_recordings_are_not(study):
    def loud(eeg):
        eeg *= 30

    def drifts(eeg):
        eeg += 0.02 * np.linspace(0, 1, eeg.shape[1]) ** 2

    for edit in (loud, drifts):
        own.write_recording(study / "eeg/b_raw.fif", edit=edit)
        assert len(open_dataset(study).subject("1").recordings) == 2


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3])
def test_a_block_of_seed_dv_in_another_unit_is_refused(tmp_path, factor):
    root = seed_dv.write_seed_dv(tmp_path / "SEED-DV", subjects=("1",))
    eeg = np.load(root / "EEG/sub1.npy")
    eeg[1] *= np.float32(factor)
    np.save(root / "EEG/sub1.npy", eeg)
    with pytest.raises(BadDataError, match=r"EEG/sub1.npy, subject 1: the median absolute amplitude of block [12] is"):
        open_dataset(root).subject("1")
    (row,) = [check for check in examine(root) if check.verdict == "error"]
    assert row.item == "EEG/sub1.npy" and "block 1" in row.found and "block 2" in row.found


def test_a_session_of_seed_dv_in_millivolts_is_refused(tmp_path):
    """Told as microvolts by its size alone, as 0.0067 * 1000 would be told as volts."""
    root = seed_dv.write_seed_dv(tmp_path / "SEED-DV", subjects=("1",))
    np.save(root / "EEG/sub1_session2.npy", np.load(root / "EEG/sub1_session2.npy") * np.float32(1e3))
    with pytest.raises(BadDataError, match=r"that of EEG/sub1.npy 6\.7\d, 9\.9e\+02 times less"):
        open_dataset(root).subject("1")


def scan(signal):
    return scan_signal(signal, [f"E{k}" for k in range(len(signal))], "x", 128)


def warned(signal, volts=1.0):
    names = [f"E{k}" for k in range(len(signal))]
    return {check.item.removesuffix(", x"): check.found for check in odd_electrodes(scan(signal), names, "x", volts)}


def test_single_electrodes():
    eeg = own.noise(8, 5000)
    assert warned(eeg) == {}
    in_uv = eeg.copy()
    in_uv[3] *= 1e6
    found = warned(in_uv)
    assert found["electrodes in another unit, or broken"].startswith("E3 (8.1e+05 times the median")
    assert found["amplitudes that no scalp has"].startswith("E3 (5.4 V)")
    smooth = eeg.copy()
    smooth[5] = 1e-3 * np.sin(2 * np.pi * 0.25 * np.arange(5000) / 128)  # breath
    smooth[6] += 36.6e-3
    # the others change by 11 uV a sample, 10 * 2 / sqrt(pi); this one by 2/pi * 1000 * 2 pi 0.25 / 128 = 7.8
    assert warned(smooth) == {}
    smooth[5] /= 15
    found = warned(smooth)
    assert list(found) == ["electrodes that are much smoother than the others"]
    assert found["electrodes that are much smoother than the others"].startswith("E5 (22 times smoother)")


def test_offsets_drifts_and_dead_electrodes_are_ordinary():
    """BioSemi's electrodes stand at tens of millivolts; they drift by some, one is dead, one ten times louder."""
    eeg = own.noise(8, 5000)
    eeg += np.linspace(-0.04, 0.04, 8)[:, None]
    eeg[2] += 0.005 * np.linspace(0, 1, 5000)
    eeg[4] = 0.01
    eeg[6] *= 10
    assert warned(eeg) == {}
    must_share_unit([sizes_of(scan(eeg)), sizes_of(scan(own.noise(8, 5000)))], ["a", "b"], "x")


def test_coarse_steps_are_ordinary():
    eeg = np.round(own.noise(8, 5000) * 1e6 / 20) * 20e-6
    eeg[0] = np.round(own.noise(1, 5000)[0] * 1e6) * 1e-6
    assert warned(eeg) == {}


def test_silent_recordings_have_no_unit():
    must_share_unit([(0.0, 0.0), (1e-5, 1e-5)], ["a", "b"], "x")
    must_share_unit([(0.0, 0.0)], ["a"], "x")
