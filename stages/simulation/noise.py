"""What an EEG holds besides responses: coloured noise, rhythms, and artefacts of eyes, muscles and electrodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import ELECTRODES

Floats = NDArray[np.floating]
Singles = NDArray[np.float32]

ALPHA_WIDTH = 0.9  # Hz, standard deviation of the alpha hump
GAMMA_PEAK, GAMMA_SPREAD = 52.0, 0.40  # Hz; standard deviation of the gamma hump in ln Hz: 35 to 78 Hz at one
MUSCLE_KNEE = 30.0  # Hz, above which a muscle's amplitude no longer rises
_FAINT = 1e-3  # share of a hump's top below which it is left out
EXPONENT, KNEE = 0.9, 1.0  # the background's amplitude falls as f^-EXPONENT above KNEE, Hz
BACKGROUND = (0.02, 1e9)  # Hz
WAXING = (0.01, 0.4)  # Hz, in which rhythms wax and wane of themselves
WAXING_LN = 0.30  # rms of their ln amplitude
_DRIFT = (0.008, 0.1)  # Hz
BLINK_S = (0.25, 0.4)  # how long one takes
BLINK_APART_S = 0.6  # least time from one to the next


@dataclass(frozen=True)
class Artefacts:
    """What is not brain; rates per minute, patterns V at the peak.

    Attributes
    ----------
    blink_rate, blink
        `blink` is `(electrode,)`: about 100 uV at FP1 and FP2 against the average of all electrodes.
    muscle_rate, muscle
        Left and right temporal muscle, `(2, electrode)`, rms in the middle of a burst.
    pop_rate, pop
        An electrode jumps and recovers; `pop` is its usual size, V.
    drift
        Rms of the slow drift, `(electrode,)` V.
    gaze
        `(electrode,)`, V per degree to the right: 10 uV between F8 and F7.
    """

    blink_rate: float
    blink: Floats
    muscle_rate: float
    muscle: Floats
    pop_rate: float
    pop: float
    drift: Floats
    gaze: Floats


def artefact_patterns(rng: np.random.Generator, recorded: Floats, sites: Floats, *, busy: float) -> Artefacts:
    """Draw a person's artefacts.

    Parameters
    ----------
    recorded
        Re-referencing matrix `(electrode, site)`.
    sites
        Positions `(site, 3)`, m.
    busy
        Factor on all rates; blinks come no more than twice as often.
    """
    eyes = sites[[ELECTRODES.index("FP1"), ELECTRODES.index("FP2")]] + np.array([0.0, 0.02, -0.025])
    temples = sites[[[ELECTRODES.index(name) for name in pair] for pair in (("FT7", "T7"), ("FT8", "T8"))]]
    muscles = temples.mean(axis=1) + np.array([[-0.01, 0, -0.015], [0.01, 0, -0.015]])

    def falling(origins: Floats, reach: float) -> Floats:
        apart = np.linalg.norm(sites[None] - origins[:, None], axis=-1)
        shape: Floats = np.exp(-(apart - apart.min(axis=1, keepdims=True)) / reach)
        return shape

    lids = falling(eyes, 0.035).mean(axis=0)
    sides = falling(sites[[ELECTRODES.index("F7"), ELECTRODES.index("F8")]] + np.array([0.0, 0.02, -0.02]), 0.035)
    eyes_right = sides[1] - sides[0]
    eyes_right = eyes_right / (eyes_right[ELECTRODES.index("F8")] - eyes_right[ELECTRODES.index("F7")])
    cap = lids[: len(ELECTRODES)]
    lids = lids / (cap[[ELECTRODES.index("FP1"), ELECTRODES.index("FP2")]].mean() - cap.mean())
    return Artefacts(
        blink_rate=min(busy, 2.0) * rng.uniform(10, 20),
        blink=rng.uniform(80e-6, 120e-6) * recorded @ lids,
        muscle_rate=busy * rng.uniform(1.0, 4.0),
        muscle=rng.uniform(8e-6, 20e-6) * falling(muscles, 0.03) @ recorded.T,
        pop_rate=busy * rng.uniform(0.1, 0.5),
        pop=rng.uniform(40e-6, 120e-6),
        drift=rng.uniform(3e-6, 9e-6, len(ELECTRODES)),
        gaze=10e-6 * recorded @ eyes_right,
    )


def amplitude(kind: str, frequency: NDArray[np.floating], peak: float) -> NDArray[np.floating]:
    """Return the relative amplitude of a kind of noise at frequencies in Hz.

    Kinds: "background", "alpha", "gamma" (smooth humps, gamma's in ln f), "muscle", "waxing" and "drift".
    """
    if kind == "background":
        shape = np.maximum(frequency, KNEE) ** -EXPONENT * (frequency >= BACKGROUND[0])
    elif kind == "alpha":
        shape = np.exp(-0.5 * ((frequency - peak) / ALPHA_WIDTH) ** 2)
        shape = shape * (shape > _FAINT)
    elif kind == "waxing":
        shape = ((frequency >= WAXING[0]) & (frequency < WAXING[1])).astype(float)
    elif kind == "muscle":
        shape = frequency / np.hypot(frequency, MUSCLE_KNEE)
    elif kind == "drift":
        shape = ((frequency >= _DRIFT[0]) & (frequency < _DRIFT[1])) / np.maximum(frequency, _DRIFT[0])
    else:
        octaves = np.log(np.maximum(frequency, 1e-3) / GAMMA_PEAK)
        shape = np.exp(-0.5 * (octaves / GAMMA_SPREAD) ** 2)
        shape = shape * (shape > _FAINT)
    return shape


def coloured(
    kind: str, rows: int, n_samples: int, sfreq: float, rng: np.random.Generator, *,
    peak: float = 10.0, mixing: Floats | None = None,
) -> Singles:  # fmt: skip
    """Return Gaussian noise of unit rms with the spectrum of `amplitude`, made in the frequency domain.

    Parameters
    ----------
    rows
        Independent sources.
    mixing
        `(electrode, source)`; without it the sources themselves are returned.

    Returns
    -------
    float32 `(electrode, sample)` or `(source, sample)`.
    """
    length = scipy.fft.next_fast_len(n_samples, real=True)
    frequency = np.fft.rfftfreq(length, 1 / sfreq)
    weight = amplitude(kind, frequency, peak)
    weight[0] = 0.0
    bins = np.flatnonzero(weight)
    if not len(bins):  # the recording is too short for this
        return np.zeros((rows if mixing is None else len(mixing), n_samples), np.float32)
    weight = weight[bins] * length / (2 * np.sqrt(np.square(weight[bins]).sum()))
    drawn = rng.standard_normal((rows, len(bins), 2), dtype=np.float32).view(np.complex64)[..., 0]
    if mixing is not None:
        drawn = mixing.astype(np.float32) @ drawn
    spectrum = np.zeros((len(drawn), len(frequency)), np.complex64)
    spectrum[:, bins] = drawn * weight.astype(np.float32)
    out: Singles = scipy.fft.irfft(spectrum, length, axis=-1, overwrite_x=True, workers=1)[:, :n_samples]
    return out


def blink_course(length: int) -> Singles:
    """Return how a blink goes, `(sample,)`, 1 at its peak."""
    course: Singles = np.sin(np.pi * np.arange(length) / length).astype(np.float32) ** 2
    return course


def _moments(rate: float, n_samples: int, sfreq: float, rng: np.random.Generator) -> NDArray[np.int64]:
    count = rng.poisson(rate * n_samples / sfreq / 60)
    return np.sort(rng.integers(0, n_samples, count))


def _blinks(rate: float, n_samples: int, sfreq: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return when blinks start: none before the one before is over."""
    most = int(n_samples / sfreq / BLINK_APART_S) + 1
    apart = BLINK_APART_S + rng.exponential(max(60 / rate - BLINK_APART_S, 0.0), most) if rate else np.empty(0)
    starts = np.round(np.cumsum(apart) * sfreq).astype(np.int64)
    return starts[starts < n_samples]


def add_artefacts(eeg: Singles, artefacts: Artefacts, sfreq: float, rng: np.random.Generator) -> None:
    """Add blinks, muscle bursts, electrode pops and slow drift to `(electrode, sample)` V, in place."""
    n_samples = eeg.shape[1]
    blink = artefacts.blink.astype(np.float32)[:, None]
    for start in _blinks(artefacts.blink_rate, n_samples, sfreq, rng).tolist():
        length, size = round(rng.uniform(*BLINK_S) * sfreq), np.float32(rng.lognormal(0, 0.2))
        course = blink_course(length)
        stop = min(start + length, n_samples)
        eeg[:, start:stop] += size * blink * course[: stop - start]
    for start in _moments(artefacts.muscle_rate, n_samples, sfreq, rng).tolist():
        length, side = round(rng.uniform(0.3, 1.5) * sfreq), int(rng.integers(2))
        noise = coloured("muscle", 1, length, sfreq, rng)[0]
        course = (rng.lognormal(0, 0.3) * noise * np.hanning(length)).astype(np.float32)
        stop = min(start + length, n_samples)
        eeg[:, start:stop] += artefacts.muscle[side].astype(np.float32)[:, None] * course[: stop - start]
    for at in _moments(artefacts.pop_rate, n_samples, sfreq, rng).tolist():
        electrode, jump = int(rng.integers(len(eeg))), rng.normal(0, artefacts.pop)
        stop = min(at + round(3 * sfreq), n_samples)
        eeg[electrode, at:stop] += (jump * np.exp(-np.arange(stop - at) / (0.4 * sfreq))).astype(np.float32)
    drift = coloured("drift", len(eeg), n_samples, sfreq, rng)
    drift *= artefacts.drift.astype(np.float32)[:, None]
    eeg += drift
