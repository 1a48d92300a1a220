"""Analog trigger lines whose levels drift or have noise, told by their jumps; what an electrode does alone is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from eeg2vid.stages.datasets import signal_checks
from eeg2vid.stages.datasets.signal_checks import scan_signal

SECONDS = 60


def pink(sfreq, seed):
    """1/f noise of 10 µV from 0.3 to 45 Hz."""
    n = int(SECONDS * sfreq)
    frequencies = np.fft.rfftfreq(n, 1 / sfreq)
    shape = np.where((frequencies > 0.3) & (frequencies < 45), 1 / np.maximum(frequencies, 0.3), 0)
    made = np.fft.irfft(np.fft.rfft(np.random.default_rng(seed).normal(size=n)) * shape, n)
    return 10 * made / made.std()


def coded(sfreq, length_s, heights, every_s=2.5, drift=0.0, cutoff=None):
    """White noise of 1 µV; each pulse has the next height."""
    line = np.zeros(int(SECONDS * sfreq))
    for k, onset in enumerate(np.arange(1, SECONDS - 2, every_s)):
        at = round(onset * sfreq)
        line[at : at + max(1, round(length_s * sfreq))] += heights[k % len(heights)]
    clock = np.arange(len(line)) / sfreq
    line += np.random.default_rng(9).normal(size=len(line)) + drift * np.sin(clock / 7)
    if cutoff is None:
        return line
    return lfilter(*butter(1, cutoff / (sfreq / 2), "high"), line)


LINES = {
    "short pulses": lambda fs: coded(fs, 0.05, [20, 40]),
    "one sample": lambda fs: coded(fs, 0, [20, 40]),
    "one height": lambda fs: coded(fs, 0.05, [30]),
    "four codes": lambda fs: coded(fs, 0.05, [20, 40, 60, 80]),
    "downwards": lambda fs: coded(fs, 0.1, [-20, -50]),
    "steps, AC-coupled": lambda fs: coded(fs, 1, [20, 40], cutoff=0.3),
    "steps that drift": lambda fs: coded(fs, 1, [20, 40], drift=20),
    "saw": lambda fs: (np.arange(SECONDS * fs) % fs) * 100 / fs + np.random.default_rng(1).normal(0, 20 / fs, 60 * fs),
}


@pytest.mark.parametrize("sfreq", [100, 250, 1000])
@pytest.mark.parametrize("line", LINES)
def test_noise_and_drift_hide_no_codes(line, sfreq):
    for place in (0, 2):
        rows = [pink(sfreq, seed) for seed in range(3)]
        rows[place] = LINES[line](sfreq)
        found = scan_signal(np.vstack(rows) * 1e-6, "abc", "x", sfreq).lines
        assert [(one.electrode, one.sure) for one in found] == [(place, True)]


def test_what_is_said():
    """23 pulses, each up and down."""
    signal = np.vstack([pink(250, 1), pink(250, 2), LINES["short pulses"](250)])
    (line,) = scan_signal(signal, "abc", "x", 250).lines
    assert line.words == "jumps 46 times, by 2 heights"


def test_few_pulses_leave_a_doubt():
    signal = np.vstack([pink(250, 1), pink(250, 2), coded(250, 0.05, [30], every_s=13)])
    (line,) = scan_signal(signal, "abc", "x", 250).lines
    assert (line.electrode, line.words, line.sure) == (2, "jumps 10 times, by one height", False)


def artefact(kind, sfreq, seed):
    """An electrode of 10 µV with something of its own, of varying height where it varies in people."""
    rng = np.random.default_rng(seed)
    signal = pink(sfreq, 50 + seed)
    clock = np.arange(len(signal)) / sfreq
    for at in rng.integers(0, len(signal) - sfreq, rng.integers(6, 50)):
        after, w = clock[at:] - clock[at], round(0.3 * sfreq)
        if kind == "pops":
            signal[at:] += rng.choice([-1, 1]) * rng.uniform(50, 500) * np.exp(-after / rng.uniform(0.2, 1))
        elif kind == "offsets":
            signal[at:] += rng.normal(0, 200)
        elif kind == "squares":
            signal[at : at + w] += rng.uniform(50, 400)
        elif kind == "blinks":
            signal[at : at + w] += 200 * np.hanning(w)
        elif kind == "muscle":
            signal[at : at + w] += rng.normal(0, 60, w)
        elif kind == "saccades":
            signal[at:] += rng.choice([-1, 1]) * rng.normal(100, 10) * np.clip(after / 0.04, 0, 1)
    if kind == "heart":
        for beat in np.arange(0.5, SECONDS, 0.85):
            signal += 60 * np.exp(-(((clock - beat) / 0.01) ** 2) / 2)
    return signal


@pytest.mark.parametrize("sfreq", [128, 200, 1000])
@pytest.mark.parametrize("kind", ["pops", "offsets", "squares", "blinks", "muscle", "saccades", "heart"])
def test_what_electrodes_do_alone_is_no_line(kind, sfreq):
    for seed in range(3):
        signal = np.vstack([pink(sfreq, 1), pink(sfreq, 2), artefact(kind, sfreq, seed)])
        assert scan_signal(signal * 1e-6, "abc", "x", sfreq).lines == ()


def test_what_others_see_too_is_no_line():
    """A stimulator's pulses on two of four electrodes, smaller on the second and with other noise there."""
    pulses = coded(250, 0.05, [200, 400])
    signal = np.vstack([pink(250, seed) for seed in range(4)])
    signal[1] = pulses
    signal[2] += 0.5 * pulses * (1 + 0.5 * np.sin(np.arange(len(pulses)) / 250))
    assert scan_signal(signal, "abcd", "x", 250).lines == ()


def test_chunks_change_nothing(monkeypatch):
    signal = np.vstack([pink(250, 1), pink(250, 2), LINES["steps, AC-coupled"](250)])
    whole = scan_signal(signal, "abc", "x", 250).lines
    monkeypatch.setattr(signal_checks, "CHUNK", 997)
    assert scan_signal(signal, "abc", "x", 250).lines == whole and len(whole) == 1
