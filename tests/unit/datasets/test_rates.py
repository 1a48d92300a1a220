"""Rates: of channels that differ (what is read in pieces is what is read whole), and of recordings that hardly do."""

from __future__ import annotations

import re
from types import SimpleNamespace

import edfio
import mne
import numpy as np
import pybv
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.recordings import must_agree, open_recording

UNIT = {"physical_dimension": "uV", "physical_range": (-200, 200)}


def write(path, rates, seconds=60, annotations=(), last="Resp Belt"):
    """Write a slow wave on an offset, per rate one channel; return what it is at time t, µV."""

    def wave(t):
        return 30 * np.sin(2 * np.pi * 3.3 * t) + 40 + 0.2 * t

    names = ["EEG Cz", "EEG Fz", "EEG Pz", last]
    signals = [
        edfio.EdfSignal(wave(np.arange(rate * seconds) / rate), rate, label=name, **UNIT)
        for name, rate in zip(names, rates, strict=False)
    ]
    edfio.Edf(signals, annotations=list(annotations)).write(path)
    return wave


@pytest.mark.parametrize("rates", [(256, 256, 256, 1024), (256, 512, 128, 1024), (250, 250, 250, 10), (256, 256)])
def test_pieces_are_the_whole(tmp_path, rates):
    path = tmp_path / "rates.edf"
    wave = write(path, rates)
    signal = open_recording(path)
    sfreq = signal.sfreq
    rows = np.arange(len(signal.channels))
    whole = 1e6 * signal._load(rows, 0, signal.shape[1])
    time = np.arange(whole.shape[1]) / sfreq
    inner = (time > 1) & (time < 59)
    assert np.abs(whole - wave(time))[:, inner].max() < 0.2
    for first, last in ((10.0, 12.0), (10.3, 11.7), (20.1, 20.6), (33.33, 33.4)):
        a, b = round(first * sfreq), round(last * sfreq)
        np.testing.assert_array_equal(1e6 * signal._load(rows, a, b), whole[:, a:b])


@pytest.mark.parametrize("last", ["Status", "Trigger"])
@pytest.mark.parametrize("rates", [(256, 256, 256, 1024), (200, 200, 200, 400), (200, 100, 200, 1000)])
def test_a_trigger_channel_faster_than_the_eeg_does_not_stretch_its_time(tmp_path, rates, last):
    path = tmp_path / "rates.edf"
    wave = write(path, rates, last=last)
    signal = open_recording(path)
    assert (signal.sfreq, signal.shape) == (max(rates), (3, 60 * max(rates)))
    time = np.arange(signal.shape[1]) / signal.sfreq
    inner = (time > 1) & (time < 59)
    assert np.abs(1e6 * signal[:, :] - wave(time))[:, inner].max() < 0.2


@pytest.mark.parametrize(("rates", "loaded"), [((256, 256, 256, 1024), True), ((256, 256, 256, 256), False)])
def test_files_of_one_rate_stay_on_disk(tmp_path, rates, loaded):
    path = tmp_path / "rates.edf"
    write(path, rates, annotations=[edfio.EdfAnnotation(1, None, "clip")])
    assert open_recording(path).raw.preload is loaded


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ((256, 256, 256, 1024), "3 from 256 to 1024 Hz, the fastest channel's rate"),
        ((256, 512, 128, 1024), "3 from 128, 256, 512 to 1024 Hz, the fastest channel's rate"),
        ((256, 256, 256, 1), None),  # a slow channel that nobody decodes changes no electrode
        ((256, 256, 256, 256), None),
    ],
)
def test_what_was_resampled_is_told(tmp_path, rates, told):
    path = tmp_path / "rates.edf"
    write(path, rates, annotations=[edfio.EdfAnnotation(1, None, "clip")])
    found = [check.found for check in open_recording(path).checks if "resampled" in check.item]
    assert found == ([told] if told else [])


def as_file(path, sfreq):
    """Write two electrodes as FIF, EDF or BrainVision, which keep the rate each in its own way."""
    data = np.random.default_rng(0).normal(0, 1e-5, (2, round(6 * sfreq)))
    if path.suffix == ".edf":
        rows = zip(("Fz", "Cz"), 1e6 * data, strict=True)
        edfio.Edf([edfio.EdfSignal(row, sfreq, label=name, **UNIT) for name, row in rows]).write(path)
    elif path.suffix == ".vhdr":
        pybv.write_brainvision(
            data=data, sfreq=500, ch_names=["Fz", "Cz"], fname_base=path.stem, folder_out=path.parent
        )
        path.write_text(re.sub("SamplingInterval=.*", f"SamplingInterval={1e6 / sfreq:.3f}", path.read_text()))
    else:
        mne.io.RawArray(data, mne.create_info(["Fz", "Cz"], sfreq, "eeg"), verbose="error").save(path, verbose="error")
    return open_recording(path)


@pytest.mark.parametrize("sfreq", [256.0, 1000 / 3, 1024 / 3, 500.001])
def test_formats_that_keep_one_rate_differently_agree(tmp_path, sfreq):
    names = ["a_raw.fif", "b.vhdr"] if sfreq == 500.001 else ["a_raw.fif", "b.vhdr", "c.edf"]
    signals = [as_file(tmp_path / name, sfreq) for name in names]
    assert len({signal.sfreq for signal in signals}) > 1 or sfreq == 256.0
    must_agree(signals, names)


def test_a_refusal_prints_the_digits_that_differ():
    signals = [SimpleNamespace(sfreq=sfreq) for sfreq in (2000.0, 2000.001, 2000.03)]
    with pytest.raises(BadDataError, match=r"^c is sampled at 2000.03 Hz, but a at 2000 Hz; one subject's recordings"):
        must_agree(signals, ["a", "b", "c"])
