"""How good a recording is: amplitudes, spectra, line noise, drift, blinks, bad electrodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from eeg2vid.schemas.electrodes import places_of
from eeg2vid.schemas.entities import Electrode
from eeg2vid.stages.signal.bad_electrodes import FEWEST, find_bad, window_numbers

Floats = NDArray[np.float64]

SHARES = (1, 25, 50, 75, 99)  # percentiles of the amplitude distribution
SEGMENT_S = 4.0  # of Welch's spectra
_OVER_THE_EYES = (("FP1", "FPZ", "FP2"), ("AF7", "AF8"), ("AF3", "AF4"))  # the first that were recorded

BLINK_UV = 40.0  # least height between 1 and 10 Hz
BLINK_Z = 5.0  # robust standard deviations that a blink stands out by
BLINK_APART_S = 0.3
_ROBUST_SD = 0.7413


@dataclass(frozen=True)
class Quality:
    """One recording in numbers; electrodes in the recording's order.

    Attributes
    ----------
    offset
        Median, µV, `(electrode,)`.
    spread
        Percentiles 1, 25, 75, 99 about the median, µV, `(4, electrode)`.
    amplitude
        Robust standard deviation of 1-s windows without their line, median over windows, µV, `(electrode,)`.
    drift
        Standard deviation of the means of successive seconds, µV, `(electrode,)`.
    frequencies, density
        Welch's spectra: Hz `(frequency,)` and µV²/Hz `(electrode, frequency)`.
    line_db
        Frequency of power lines to the ratio to its neighbours, dB, `(electrode,)`.
    bad
        Electrodes that look bad, with reasons.
    blinks
        Samples at which blinks peak; None where no good electrode lies over the eyes.
    eyes
        The electrodes that blinks were counted on.
    """

    offset: Floats
    spread: Floats
    amplitude: Floats
    drift: Floats
    frequencies: Floats
    density: Floats
    line_db: dict[float, Floats]
    bad: dict[str, str]
    blinks: NDArray[np.intp] | None
    eyes: tuple[str, ...]


def measure(eeg: Floats, electrodes: Sequence[Electrode], sfreq: float, line_hz: Sequence[float]) -> Quality:
    """Describe one recording as it is: nothing is filtered or re-referenced for the numbers.

    Parameters
    ----------
    eeg
        `(electrode, sample)`, µV.
    electrodes
        Along the electrode axis. Those recorded as EOG are described, but not judged.
    sfreq
        Hz.
    line_hz
        Where power lines may be; what the sampling rate does not reach is left out.
    """
    scalp = [place for place, row in enumerate(electrodes) if row.kind == "eeg"]
    low, lower, offset, upper, high = np.percentile(eeg, SHARES, axis=1)
    spread = np.stack([low, lower, upper, high]) - offset
    numbers = window_numbers(eeg, np.ones(eeg.shape[1], dtype=bool), sfreq)
    of_scalp = (
        window_numbers(eeg[scalp], np.ones(eeg.shape[1], dtype=bool), sfreq) if len(scalp) < len(eeg) else numbers
    )
    names = [electrodes[place].electrode for place in scalp]
    bad = find_bad([of_scalp], names) if len(numbers.dead) else {}
    frequencies, density = scipy.signal.welch(
        eeg, sfreq, nperseg=min(eeg.shape[1], round(SEGMENT_S * sfreq)), detrend="constant"
    )
    blinks, eyes = find_blinks(eeg, electrodes, sfreq, bad)
    amplitude = np.median(numbers.amplitude, axis=0) if len(numbers.dead) else eeg.std(axis=1)
    return Quality(
        offset,
        spread,
        amplitude,
        _drift(eeg, sfreq),
        frequencies,
        density,
        {hz: line_noise(frequencies, density, hz) for hz in line_hz if hz + 1 < sfreq / 2},
        bad,
        blinks,
        eyes,
    )


def _drift(eeg: Floats, sfreq: float) -> Floats:
    second = max(1, round(sfreq))
    whole = eeg.shape[1] // second
    if whole < 2:
        return np.zeros(len(eeg))
    means = eeg[:, : whole * second].reshape(len(eeg), whole, second).mean(axis=2)
    found: Floats = means.std(axis=1)
    return found


def line_noise(frequencies: Floats, density: Floats, hz: float) -> Floats:
    """Return the mean density within 0.5 Hz of a frequency by the median 2 to 5 Hz away from it, dB, `(electrode,)`."""
    away = abs(frequencies - hz)
    here, beside = away <= 0.5, (away >= 2) & (away <= 5)
    if not here.any() or not beside.any():
        return np.zeros(len(density))
    tiny = np.finfo(float).tiny
    level, around = density[:, here].mean(axis=1), np.median(density[:, beside], axis=1)
    found: Floats = np.where(around > 0, 10 * np.log10(np.maximum(level, tiny) / np.maximum(around, tiny)), 0.0)
    return found


def find_blinks(
    eeg: Floats, electrodes: Sequence[Electrode], sfreq: float, bad: Sequence[str] | dict[str, str] = ()
) -> tuple[NDArray[np.intp] | None, tuple[str, ...]]:
    """Find blinks: upward peaks over the eyes, 1 to 10 Hz, higher than 40 µV and than 5 robust standard deviations.

    The mean over the good electrodes over the eyes is taken, less the median over all good electrodes where there are
    at least 8, so that what moves the whole cap is no blink. Peaks within 0.3 s are one.

    Returns
    -------
    Samples of the peaks (None where no good electrode lies over the eyes), and the electrodes used.
    """
    good = [place for place, row in enumerate(electrodes) if row.kind == "eeg" and row.electrode not in bad]
    names = [electrodes[place].electrode for place in good]
    eyes = next((found for found in (places_of(group, names)[0] for group in _OVER_THE_EYES) if found), [])
    if not eyes or sfreq <= 20 or eeg.shape[1] < 2 * sfreq:
        return None, ()
    course = eeg[[good[place] for place in eyes]].mean(axis=0)
    if len(good) >= FEWEST:
        course = course - np.median(eeg[good], axis=0)
    band = scipy.signal.butter(2, (1, 10), "bandpass", fs=sfreq, output="sos")
    course = scipy.signal.sosfiltfilt(band, course)
    low, high = np.percentile(course, (25, 75))
    least = max(BLINK_UV, BLINK_Z * _ROBUST_SD * (high - low))
    apart = max(1, round(BLINK_APART_S * sfreq))
    peaks, _ = scipy.signal.find_peaks(course, height=least, prominence=least / 2, distance=apart)
    return peaks, tuple(names[place] for place in eyes)
