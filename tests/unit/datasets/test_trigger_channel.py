"""Trigger channels as amplifiers and exports write them: whatever the unit, the codes are those that were sent."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import edfio
import mne
import numpy as np
import pybv
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.markers import triggers
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.recordings import open_recording
from eeg2vid.stages.datasets.study_file import EventSource

_spec = importlib.util.spec_from_file_location("_own_folder", Path(__file__).with_name("_own_folder.py"))
own = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(own)

RATE, SECONDS = 200, 12
SENT = [(1.0, 3), (2.0, 4), (3.0, 5), (4.5, 7), (6.0, 1), (7.0, 200)]
EXPECTED = [(onset, str(code)) for onset, code in SENT]


def sent(rate=RATE, samples=20):
    line = np.zeros(rate * SECONDS)
    for onset, code in SENT:
        line[round(onset * rate) :][:samples] = code
    return line


def write(path, name, unit, span, rate=RATE, line=None):
    """Write two electrodes and a trigger channel as EDF or BDF, its unit and physical range as given."""
    bdf = path.suffix == ".bdf"
    make, file = (edfio.BdfSignal, edfio.Bdf) if bdf else (edfio.EdfSignal, edfio.Edf)
    eeg = own.noise(2, RATE * SECONDS) * 1e6
    signals = [
        make(eeg[k], RATE, label=label, physical_dimension="uV", physical_range=(-200, 200))
        for k, label in enumerate(("Fz", "Cz"))
    ]
    line = sent(rate) if line is None else line
    signals.append(make(line, rate, label=name, physical_dimension=unit, physical_range=span))
    file(signals).write(path)


def found(path, name=None, **more):
    said = EventSource.model_validate({"from": "stim", "stim": name, **more})
    return triggers(open_recording(path), said)


@pytest.mark.parametrize("span", [(-32768, 32767), (0, 255), (-1000, 1000)])
@pytest.mark.parametrize("unit", ["uV", "mV", "nV", "V", ""])
@pytest.mark.parametrize("name", ["Status", "TRIG"])
def test_edf_of_any_unit_and_range(tmp_path, name, unit, span):
    write(tmp_path / "a.edf", name, unit, span)
    marks, checks = found(tmp_path / "a.edf", name)
    assert marks == EXPECTED
    assert checks == []


@pytest.mark.parametrize("span", [(-8388608, 8388607), (0, 255)])
@pytest.mark.parametrize("name", ["Status", "TRIG"])
def test_bdf_of_any_range(tmp_path, name, span):
    write(tmp_path / "a.bdf", name, "Boolean", span)
    assert found(tmp_path / "a.bdf", name) == (EXPECTED, [])


def test_the_only_one_that_is_called_a_trigger_need_not_be_named(tmp_path):
    write(tmp_path / "a.edf", "STI 014", "uV", (0, 255))
    assert found(tmp_path / "a.edf") == (EXPECTED, [])


@pytest.mark.parametrize("rate", [50, 100, 400])
def test_a_trigger_channel_of_its_own_rate(tmp_path, rate):
    write(tmp_path / "a.edf", "Status", "", (0, 255), rate)
    assert found(tmp_path / "a.edf")[0] == EXPECTED


@pytest.mark.parametrize("fmt", ["edf", "bdf"])
@pytest.mark.parametrize("kind", ["stim", "misc"])
def test_what_mne_exports(tmp_path, fmt, kind):
    raw = own.raw_of(["Fz", "Cz", "Status"], ["eeg", "eeg", kind], RATE, data=np.vstack([own.noise(2, 2400), sent()]))
    mne.export.export_raw(tmp_path / f"a.{fmt}", raw, verbose="error")
    assert found(tmp_path / f"a.{fmt}", "Status")[0] == EXPECTED


@pytest.mark.filterwarnings("ignore:Encountered unsupported")
@pytest.mark.parametrize("unit", ["µV", "mV", "V", "n/a"])
def test_brainvision_of_any_unit(tmp_path, unit):
    scale = {"µV": 1e-6, "mV": 1e-3}.get(unit, 1)
    data = np.vstack([own.noise(2, 2400), sent() * scale])
    pybv.write_brainvision(
        data=data, sfreq=RATE, ch_names=["Fz", "Cz", "TRIG"], fname_base="a", folder_out=tmp_path,
        resolution=[0.1, 0.1, 1], unit=["µV", "µV", unit],
    )  # fmt: skip
    assert found(tmp_path / "a.vhdr", "TRIG") == (EXPECTED, [])


@pytest.mark.parametrize("scale", [1, 1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("kind", ["stim", "misc", "eeg"])
def test_fif_that_was_scaled_before(tmp_path, kind, scale):
    data = np.vstack([own.noise(2, 2400), sent() * scale])
    raw = own.raw_of(["Fz", "Cz", "TRIG"], ["eeg", "eeg", kind], RATE, data=data)
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    assert found(tmp_path / "a_raw.fif", "TRIG") == (EXPECTED, [])


def test_what_holds_no_codes_is_refused(tmp_path):
    write(tmp_path / "a.edf", "TRIG", "uV", (-200, 200), line=own.noise(1, 2400)[0] * 1e6)
    with pytest.raises(BadDataError, match=r"'TRIG' holds values from -.*e-05 to .*e-05 V, which are no whole numbers"):
        found(tmp_path / "a.edf", "TRIG")
    data = np.vstack([own.noise(2, 2400), sent()])
    data[2, 5] = np.nan
    own.raw_of(["Fz", "Cz", "TRIG"], ["eeg", "eeg", "stim"], RATE, data=data).save(tmp_path / "a_raw.fif")
    with pytest.raises(BadDataError, match="'TRIG' holds values that are not finite"):
        found(tmp_path / "a_raw.fif", "TRIG")


def test_values_between_whole_numbers_are_told(tmp_path):
    write(tmp_path / "a.edf", "TRIG", "V", (-5, 5), line=np.where(sent() > 0, 3.4, 0))
    marks, (check,) = found(tmp_path / "a.edf", "TRIG")
    assert [code for _, code in marks] == ["3"] * len(SENT)
    assert (check.verdict, check.found) == ("warning", "up to 0.4 from a whole number, and rounded")


def study(root, codes, how="", sfreq=512):
    """A study of one recording whose channel Status holds the codes; clips 3, 5 and 7."""
    n = len(codes)
    raw = own.raw_of(["Fz", "Cz", "Status"], ["eeg", "eeg", "stim"], sfreq, data=np.vstack([own.noise(2, n), codes]))
    raw.save(root / "one_raw.fif", verbose="error")
    for clip in (3, 5, 7):
        own.write_clip(root / f"clips/c{clip}.gif", 0.5)
    (root / "study.toml").write_text(f'[events]\nfrom = "stim"\n{how}')
    (root / "stimuli.tsv").write_text("code\tclip\n3\tc3\n5\tc5\n7\tc7\n")
    source = open_dataset(root).subject("1")
    warned = {check.item: check.found for check in source.checks if check.verdict == "warning"}
    return [(event.clip, event.onset_sample) for event in source.events], warned


def cable(sfreq=512):
    codes = np.zeros(sfreq * 20)
    for onset, code in ((2, 3), (6, 7), (10, 5), (14, 7)):
        codes[onset * sfreq : (onset + 2) * sfreq] = code
    codes[6 * sfreq] = 3  # one bit is late
    codes[11 * sfreq : 11 * sfreq + 50] += 64  # a button
    return codes


def test_a_cable_whose_bits_are_late_and_a_button(tmp_path):
    shown, warned = study(tmp_path, cable())
    assert shown == [("c3", 1024), ("c7", 3072), ("c5", 5120), ("c7", 7168)]
    assert warned == {
        "steps of trigger codes merged, one_raw.fif": "1 held for 2 ms or one sample beside another code: 3 (1); "
        "the first, 3, at 6.000 s",
        "trigger codes that go on, one_raw.fif": "1 no new markers, after another bit lay on top of them: 5 (1); "
        "the first, 5, at 11.098 s",
    }


@pytest.mark.parametrize(("how", "n", "rows"), [("stim_mask = 15", 4, 1), ("min_duration_s = 0", 5, 2)])
def test_masks_and_durations(tmp_path, how, n, rows):
    shown, warned = study(tmp_path, cable(), how)
    assert (len(shown), len(warned)) == (n, rows)


def test_clean_triggers_warn_of_nothing(tmp_path):
    codes = np.zeros(512 * 20)
    for onset, code in ((2, 3), (6, 7), (10, 5), (14, 7)):
        codes[onset * 512] = code
        codes[(onset + 2) * 512] = 99
    assert study(tmp_path, codes) == ([("c3", 1024), ("c7", 3072), ("c5", 5120), ("c7", 7168)], {})


def test_a_named_trigger_channel_is_no_electrode(tmp_path):
    (tmp_path / "eeg").mkdir()
    write(tmp_path / "eeg/sub-1_eeg.edf", "DC03", "uV", (-32768, 32767))
    own.write_clip(tmp_path / "clips/c3.gif", 0.5)
    (tmp_path / "study.toml").write_text('[events]\nfrom = "stim"\nstim = "DC03"\n')
    (tmp_path / "stimuli.tsv").write_text("code\tclip\n3\tc3\n")
    source = open_dataset(tmp_path).subject("1")
    assert [row.electrode for row in source.electrodes] == ["Fz", "Cz"]
    assert [(event.clip, event.onset_sample) for event in source.events] == [("c3", 200)]
    assert [check.item for check in source.checks if check.verdict == "warning"] == []
