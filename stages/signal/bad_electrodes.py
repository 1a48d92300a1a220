"""Electrodes that do not record the scalp: criteria of the PREP pipeline, without its random step (RANSAC).

Bigdely-Shamlo et al., "The PREP pipeline: standardized preprocessing for large-scale EEG analysis", Frontiers in
Neuroinformatics 9:16 (2015). PREP filters whole recordings; here every window is detrended, tapered and transformed
by itself, so that nothing outside the samples asked for is ever read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WINDOW_S = 1.0
SHORTEST_S = 0.25  # of the samples asked for, where they lie in pieces shorter than a window
FEWEST = 8  # electrodes: fewer have no majority to deviate from, so they are only looked at for silence

DEAD_UV = 1e-3  # peak to peak in a window; amplifiers resolve 0.01 µV and more
DROPPED = 0.01  # share of dead windows above which an electrode drops out (PREP: 1 %)
FLAT = 0.5  # share of dead windows above which it is called flat
DEVIATION_Z = 5.0  # robust z of the amplitude (PREP: 5)
LEAST_FACTOR = 2.0  # less than this off, neither is bad (PREP: none): in an even cap 16 % more (alpha) can be z 6
NOISE_Z = 5.0  # robust z of the high-frequency ratio (PREP: 5)
LEAST_NOISE = 0.1  # no electrode is noisy below this ratio: where a low-pass has left nothing, z means nothing
ALONE_R = 0.4  # a window in which no other electrode correlates more (PREP: 0.4)
ALONE = 0.05  # share of such windows above which an electrode is bad (PREP: 1 %; a simulated good cap has up to 3 %) ..
ALONE_WINDOWS = 3  # .. and the least number of them
LOW_HZ, HIGH_HZ = 1.0, 50.0  # PREP compares what lies above 50 Hz with what lies below, and correlates the latter
LINE_HZ = (50.0, 60.0)  # left out with their multiples, 2 Hz to either side: line noise is for a notch

_ROBUST_SD = 0.7413  # interquartile range of a Gaussian to its standard deviation
_CHUNK_BYTES = 16 * 2**20


@dataclass(frozen=True)
class WindowNumbers:
    """What windows of the EEG look like, `(window, electrode)` each.

    Attributes
    ----------
    amplitude
        Robust standard deviation after the window's line was removed, µV.
    noise
        Amplitude above 50 Hz by that from 1 to 50 Hz; NaN where the sampling rate has nothing above.
    correlation
        98th percentile of the absolute correlations with the other electrodes, 1 to 50 Hz.
    dead
        Whether the electrode did not move at all.
    window_s
        Length of the windows, s.
    """

    amplitude: Floats
    noise: Floats
    correlation: Floats
    dead: NDArray[np.bool_]
    window_s: float


def window_numbers(eeg: NDArray[np.floating], wanted: NDArray[np.bool_], sfreq: float) -> WindowNumbers:
    """Describe every window of 1 s that lies wholly in the samples wanted.

    Where no piece of them is that long, windows are as long as the longest piece; none if that is below 0.25 s.

    Parameters
    ----------
    eeg
        `(electrode, sample)`, µV.
    wanted
        Samples that may be read, `(sample,)`; no other is.
    sfreq
        Hz.
    """
    import scipy.fft  # half a second of imports, for those only who look for bad electrodes
    import scipy.signal

    starts, length = _windows(wanted, sfreq)
    n_electrodes = len(eeg)
    shape = (len(starts), n_electrodes)
    found = WindowNumbers(
        np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=bool), length / sfreq
    )
    if not len(starts):
        return found
    views = np.lib.stride_tricks.sliding_window_view(eeg, length, axis=1)
    taper = scipy.signal.windows.hann(length, sym=False)
    frequencies = np.arange(length // 2 + 1) * sfreq / length
    low, high = _bins(frequencies, sfreq, length / sfreq)
    step = max(1, _CHUNK_BYTES // (8 * n_electrodes * (length + n_electrodes)))
    for at in range(0, len(starts), step):
        part = slice(at, at + step)
        windows = views[:, starts[part]].transpose(1, 0, 2)
        found.dead[part] = np.ptp(windows, axis=2) < DEAD_UV
        flattened = scipy.signal.detrend(windows, axis=2)
        quartiles = np.percentile(flattened, (25, 75), axis=2)
        found.amplitude[part] = _ROBUST_SD * (quartiles[1] - quartiles[0])
        spectra = scipy.fft.rfft(flattened * taper, axis=2, workers=1)
        below = spectra[..., low]
        power = np.sum(np.abs(below) ** 2, axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            above = np.sum(np.abs(spectra[..., high]) ** 2, axis=2) if high.any() else np.full_like(power, np.nan)
            found.noise[part] = np.sqrt(above / power)
        found.correlation[part] = _best_correlations(below, power)
    return found


def _windows(wanted: NDArray[np.bool_], sfreq: float) -> tuple[NDArray[np.intp], int]:
    """Return where windows start and how long they are, samples."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    longest = int((ends - begins).max(initial=0))
    length = min(round(WINDOW_S * sfreq), longest)
    if length < max(4, SHORTEST_S * sfreq):
        return np.zeros(0, dtype=np.intp), max(length, 1)
    pieces = [np.arange(begin, end - length + 1, length) for begin, end in zip(begins, ends, strict=True)]
    return np.concatenate(pieces), length


def _bins(frequencies: Floats, sfreq: float, seconds: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which bins lie from 1 to 50 Hz, and which above, without the line's; none above if fewer than five."""
    reach = max(2.0, 2 / seconds)  # a Hann taper spreads a line over two bins
    multiples = np.array([line * k for line in LINE_HZ for k in range(1, int(sfreq / line) + 1)] or [np.inf])
    quiet = np.abs(frequencies[:, None] - multiples).min(axis=1) > reach + 1e-9
    low = (frequencies >= LOW_HZ) & (frequencies < HIGH_HZ) & quiet
    high = (frequencies > HIGH_HZ) & (frequencies < sfreq / 2) & quiet
    return low, high if high.sum() >= 5 else np.zeros_like(high)


def _best_correlations(spectra: NDArray[np.complexfloating], power: Floats) -> Floats:
    """Return each electrode's 98th percentile of absolute correlations, by Parseval's theorem; 0 where it is silent."""
    scale = np.sqrt(np.where(power > 0, power, np.inf))[..., None]
    parts = np.concatenate([spectra.real, spectra.imag], axis=2) / scale
    correlations = np.abs(parts @ parts.transpose(0, 2, 1))
    diagonal = np.arange(correlations.shape[1])
    correlations[:, diagonal, diagonal] = 0
    best: Floats = np.percentile(correlations, 98, axis=2)
    return best


def find_bad(numbers: Sequence[WindowNumbers], names: Sequence[str]) -> dict[str, str]:
    """Return the bad electrodes with the reason of each.

    An electrode is bad if it is silent in more than 1 % of the windows; if its amplitude (median over windows) deviates
    from the other electrodes' by a robust z of more than 5 and a factor of 2; if it has more high-frequency noise, by a
    robust z of more than 5 and a factor of 2 (PREP: no factors); or if no other electrode correlates with it in more
    than 5 % of the windows (PREP: 1 %). Fewer than 8 electrodes are looked at for silence only.

    Parameters
    ----------
    numbers
        Windows of one subject, any number of recordings.
    names
        Along the electrode axis.
    """
    amplitude, noise, correlation = (
        np.concatenate([getattr(one, what) for one in numbers]) for what in ("amplitude", "noise", "correlation")
    )
    dead = np.concatenate([one.dead for one in numbers])
    silent = dead.mean(axis=0)
    reasons: dict[int, list[str]] = {index: [] for index in range(len(names))}
    for index in np.flatnonzero(silent > DROPPED).tolist():
        word = "flat" if silent[index] > FLAT else "drops out"
        reasons[index].append(f"{word} in {silent[index]:.0%} of the time")
    alive = np.flatnonzero(silent <= FLAT)
    if len(alive) >= FEWEST:
        for place, reason in _deviating(amplitude, noise, correlation, dead, alive):
            reasons[place].append(reason)
    return {names[index]: ", ".join(found) for index, found in reasons.items() if found}


def _deviating(
    amplitude: Floats, noise: Floats, correlation: Floats, dead: NDArray[np.bool_], alive: NDArray[np.intp]
) -> Iterator[tuple[int, str]]:
    """Yield what deviates from the majority, and how."""
    size = _nanmedian(amplitude, dead, alive)
    typical = max(float(np.median(size)), 1e-12)
    for index, z, value in zip(alive, _robust_z(size), size, strict=True):
        far = max(value / typical, typical / max(value, 1e-12)) > LEAST_FACTOR
        if abs(z) > DEVIATION_Z and far:
            yield int(index), f"amplitude {value:.3g} µV (z {z:+.1f})"
    if np.isfinite(noise).any():
        ratio = _nanmedian(noise, dead | ~np.isfinite(noise), alive)
        for index, z, value in zip(alive, _robust_z(ratio), ratio, strict=True):
            if z > NOISE_Z and value > max(LEAST_NOISE, LEAST_FACTOR * float(np.median(ratio))):
                yield int(index), f"high-frequency noise {value:.2g} of the signal (z {z:+.1f})"
    alone = ((correlation < ALONE_R) & ~dead).sum(axis=0)
    share = alone / np.maximum((~dead).sum(axis=0), 1)
    for index in alive[(share[alive] > ALONE) & (alone[alive] >= ALONE_WINDOWS)]:
        yield int(index), f"unlike all others in {share[index]:.0%} of the time"


def _nanmedian(values: Floats, left_out: NDArray[np.bool_], columns: NDArray[np.intp]) -> Floats:
    kept = np.where(left_out, np.nan, values)[:, columns]
    found: Floats = np.nanmedian(kept, axis=0)
    return found


def _robust_z(values: Floats) -> Floats:
    """Return how far values lie from their median, in robust standard deviations (PREP: 0.7413 of the quartiles)."""
    low, middle, high = np.percentile(values, (25, 50, 75))
    spread = _ROBUST_SD * (high - low)
    found: Floats = (values - middle) / max(spread, 1e-12 + 1e-3 * abs(middle))
    return found
