"""A file whose channels have different rates: what is read in pieces is what is read whole, and both are the truth."""

from __future__ import annotations

import edfio
import numpy as np
import pytest

from eeg2vid.stages.datasets.recordings import open_recording

UNIT = {"physical_dimension": "uV", "physical_range": (-200, 200)}


def write(path, rates, seconds=60, annotations=()):
    """Write a slow wave on an offset, per rate one channel; return what it is at time t, µV."""

    def wave(t):
        return 30 * np.sin(2 * np.pi * 3.3 * t) + 40 + 0.2 * t

    names = ["EEG Cz", "EEG Fz", "EEG Pz", "Resp Belt"]
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
