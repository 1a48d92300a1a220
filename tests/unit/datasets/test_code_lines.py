"""What a signal says that is no brain, by planted lines; EEG of every kind of storage is none of them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from eeg2vid.stages.datasets import signal_checks
from eeg2vid.stages.datasets.signal_checks import scan_signal

SECONDS = 60


def pulses(sfreq, length_s, codes, every_s=2.0):
    """A line that is 0 between pulses; each takes the next code."""
    line = np.zeros(int(SECONDS * sfreq))
    for k, onset in enumerate(np.arange(1.0, SECONDS - 1, every_s)):
        at = round(onset * sfreq)
        line[at : at + max(1, round(length_s * sfreq))] = codes[k % len(codes)]
    return line


def noise(sfreq, size=10.0, seed=0):
    return np.random.default_rng(seed).normal(0, size, int(SECONDS * sfreq))


def pink(sfreq, size=10.0, seed=0):
    """1/f noise from 0.3 to 60 Hz, as EEG has."""
    n = int(SECONDS * sfreq)
    frequencies = np.fft.rfftfreq(n, 1 / sfreq)
    shape = np.where((frequencies > 0.3) & (frequencies < 60), 1 / np.maximum(frequencies, 0.3), 0)
    made = np.fft.irfft(np.fft.rfft(np.random.default_rng(seed).normal(size=n)) * shape, n)
    return size * made / made.std()


LINES = {
    "trigger codes": lambda fs: pulses(fs, 0.1, range(1, 41)),
    "codes seen for one sample": lambda fs: pulses(fs, 0, [3, 7]),
    "two buttons": lambda fs: pulses(fs, 0.25, [1, 2]),
    "binary code": lambda fs: np.repeat(np.random.default_rng(1).integers(0, 2, SECONDS * 8), fs // 8),
    "photodiode that is on for every second clip": lambda fs: pulses(fs, 2, [0, 1]),
    "photodiode with noise": lambda fs: pulses(fs, 1, [1]) + noise(fs, 0.03),
    "photodiode with noise, flashing": lambda fs: pulses(fs, 0.1, [500]) + noise(fs),
    "photodiode with noise, a brightness per clip": lambda fs: (
        np.repeat(np.random.default_rng(5).uniform(0, 255, SECONDS // 2), 2 * fs) + noise(fs, 2)
    ),
    "status with its high bits": lambda fs: pulses(fs, 0.1, [1, 2, 4, 255]) + 2**23 + 2**16,
    "heart rate": lambda fs: np.repeat(60 + np.cumsum(np.random.default_rng(2).integers(-1, 2, SECONDS)), int(fs)),
    "saturation in decimals": lambda fs: np.repeat(np.random.default_rng(3).normal(97, 0.5, SECONDS), int(fs)),
    "sample counter": lambda fs: np.arange(SECONDS * fs) % 256,
    "counter in steps of 16 bits": lambda fs: np.round(np.arange(SECONDS * fs) % 1000 / 0.0153) * 0.0153,
    "ramp in steps of 16 bits": lambda fs: np.round(-3 * np.arange(SECONDS * fs) / fs / 0.0027) * 0.0027,
    "time": lambda fs: np.arange(SECONDS * fs) / fs,
}
SCALES = {"as it is": (1, 0), "in volts": (1e-6, 0), "with an offset": (3e-7, 0.02)}


@pytest.mark.parametrize("sfreq", [128, 1000])
@pytest.mark.parametrize("line", LINES)
def test_lines_are_found_however_they_are_scaled(line, sfreq):
    for gain, offset in SCALES.values():
        signal = np.vstack([noise(sfreq), pink(sfreq), LINES[line](sfreq)]) * gain + offset
        assert [one.electrode for one in scan_signal(signal, "abc", "x", sfreq).lines] == [2]


def dropping(sfreq, on_s=5, of_s=40):
    clock = np.arange(SECONDS * sfreq) / sfreq
    return np.where(clock % of_s < on_s, noise(sfreq), 0.0)


def blinking(sfreq):
    at = (np.random.default_rng(4).random(SECONDS * sfreq) < 0.4 / sfreq).astype(float)
    return noise(sfreq) + 300 * np.convolve(at, np.hanning(round(0.3 * sfreq)), "same")


def loose(sfreq):
    """An electrode whose offset moves by 5 mV once and that twitches."""
    clock = np.arange(SECONDS * sfreq) / sfreq
    return pink(sfreq) + 5000 * (clock > 30) + 3000 * ((clock > 10) & (clock < 10.2))


def moving(sfreq):
    """White noise with ten movements of 2 mV, half a second each."""
    clock = np.arange(SECONDS * sfreq) / sfreq
    return noise(sfreq) + 2000 * (clock % 6 < 0.5) * np.sin(2 * np.pi * 2 * clock)


BRAINS = {
    "movements": moving,
    "slow and smooth": lambda fs: 30 * np.sin(2 * np.pi * 0.4 * np.arange(SECONDS * fs) / fs),
    "steep spectrum": lambda fs: np.cumsum(noise(fs)),
    "white": noise,
    "pink": pink,
    "in steps of a tenth": lambda fs: np.round(pink(fs), 0),
    "in steps as large as itself": lambda fs: 10 * np.round(pink(fs) / 10),
    "drops out": dropping,
    "held from 20 Hz": lambda fs: np.repeat(noise(20), fs // 20),
    "blinks": blinking,
    "loose": loose,
    "drifts": lambda fs: pink(fs) + 3000 * np.linspace(0, 1, SECONDS * fs) ** 2,
    "line noise alone": lambda fs: 50 * np.sin(2 * np.pi * 50 * np.arange(SECONDS * fs) / fs + 0.1),
    "dead but for one twitch": lambda fs: (np.arange(SECONDS * fs) == 500) * 1.0,
    "dead": lambda fs: np.full(SECONDS * fs, 3.0),
    "clipped": lambda fs: np.clip(pink(fs), -12, 12),
}


@pytest.mark.parametrize("sfreq", [200, 2000])
@pytest.mark.parametrize("brain", BRAINS)
def test_electrodes_are_no_lines(brain, sfreq):
    signal = np.vstack([noise(sfreq, seed=8), BRAINS[brain](sfreq)])
    assert scan_signal(signal, "ab", "x", sfreq).lines == ()
    assert scan_signal((signal * 1e-6).astype(np.float32), "ab", "x", sfreq).lines == ()


def test_a_downsampled_recording_is_no_line():
    fast = np.round(np.vstack([pink(2000, seed=k) for k in range(3)]))
    for factor in (4, 10):
        slow = scipy.signal.resample_poly(fast, 1, factor, axis=1)
        assert scan_signal(slow, "abc", "x", 2000 / factor).lines == ()
        assert scan_signal(fast[:, ::factor], "abc", "x", 2000 / factor).lines == ()


def test_a_recording_whose_steps_are_coarser_than_its_eeg_keeps_its_electrodes():
    """Resolution 40 µV: three levels an electrode, as buttons have; a real button box beside fine EEG is found."""
    coarse = 40 * np.round(np.vstack([pink(200, seed=k) for k in range(6)]) / 40)
    assert {len(np.unique(row)) for row in coarse} <= {2, 3, 4}
    assert scan_signal(coarse, "abcdef", "x", 200).lines == ()
    buttons = np.vstack([coarse[:5], pulses(200, 0.1, [1, 5, 9])])
    assert [line.electrode for line in scan_signal(buttons, "abcdef", "x", 200).lines] == [5]
    beside = np.vstack([pink(200), *[pulses(200, 0.1, [1, 2])] * 3])
    assert [line.electrode for line in scan_signal(beside, "abcd", "x", 200).lines] == [1, 2, 3]


def test_offsets_that_jump_on_all_electrodes_are_the_amplifiers():
    offsets = np.repeat(np.random.default_rng(6).uniform(-1000, 1000, (5, SECONDS // 6)), 6 * 200, axis=1)
    signal = np.vstack([noise(200, seed=k) for k in range(5)])
    assert scan_signal(signal + offsets, "abcde", "x", 200).lines == ()
    signal[3] += offsets[3]
    assert [line.electrode for line in scan_signal(signal, "abcde", "x", 200).lines] == [3]


def test_chunks_change_nothing(monkeypatch):
    signal = np.vstack([pink(200), *(line(200) for line in LINES.values())])
    names = [str(k) for k in range(len(signal))]
    whole = scan_signal(signal, names, "x", 200)
    monkeypatch.setattr(signal_checks, "CHUNK", 1001)
    parts = scan_signal(signal, names, "x", 200)
    assert parts.lines == whole.lines and len(whole.lines) == len(LINES)
    assert parts.held == whole.held
    np.testing.assert_array_equal(parts.amplitude, whole.amplitude)


def test_short_recordings_are_not_judged():
    assert scan_signal(np.vstack([noise(100)[:99], pulses(100, 0.1, [1, 2])[:99]]), "ab", "x", 100).lines == ()
