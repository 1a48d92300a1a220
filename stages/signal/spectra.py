"""How the power of a window's bands is estimated: tapers, segments, FFT length and the bins of each band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.rates import TOLERANCE, rates_agree
from eeg2vid.schemas.words import counted
from eeg2vid.stages.signal.windows import whole_samples

Bands = Sequence[tuple[float, float]]
Kind = Literal["periodogram", "welch", "multitaper"]

_LEAST_CONCENTRATION = 0.9  # share of a DPSS taper's energy inside its band; weaker ones leak


@dataclass(frozen=True)
class Estimate:
    """A recipe: power in a bin is the sum over segments and tapers of |FFT(taper * segment)|².

    Attributes
    ----------
    tapers
        `(taper, sample)`, as long as a segment; scale and weights are in them.
    hop
        From segment to segment, samples.
    segments
        Per window.
    n_fft
        Points of the FFT: a shorter segment is filled up with zeros.
    centred
        Whether each segment's mean is removed before.
    bins
        First and last bin + 1 of every band.
    spacing
        From bin to bin, Hz.
    """

    tapers: NDArray[np.float64]
    hop: int
    segments: int
    n_fft: int
    centred: bool
    bins: tuple[tuple[int, int], ...]
    spacing: float

    @property
    def single(self) -> list[int]:
        """Bins that a one-sided density counts once, 0 Hz and Nyquist, where a band holds them."""
        once = [0, self.n_fft // 2] if self.n_fft % 2 == 0 else [0]
        return [place for place in once if any(first <= place < stop for first, stop in self.bins)]


def published_estimate(length: int, sfreq: float, bands: Bands) -> Estimate:
    """Return the released formula of EEG2Video (Liu et al., NeurIPS 2024), for windows of `length` samples.

    Raises
    ------
    UsageError
        If a band has no whole edges, or reaches out of the spectrum.
    """
    n_fft = round(sfreq)
    bins = []
    for low, high in bands:
        if not (float(low).is_integer() and float(high).is_integer() and 1 <= low < high <= n_fft // 2):
            raise UsageError(
                f"Band ({low:g}, {high:g}) Hz: the published features need whole numbers with "
                f"1 <= low < high <= {n_fft // 2}.",
                "Choose other `bands` or `method` corrected.",
            )
        bins.append((int(low) - 1, int(high)))
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, length + 1) / (length + 1))
    return Estimate(taper[None, :n_fft], length, 1, n_fft, False, tuple(bins), 1.0)


def corrected_estimate(
    length: int,
    sfreq: float,
    bands: Bands,
    spectrum: Kind = "periodogram",
    *,
    segment_s: float | None = None,
    bandwidth_hz: float | None = None,
) -> Estimate:
    """Return an estimate of the one-sided density in µV²/Hz, for windows of `length` samples.

    A band holds the bins with low <= f < high; one that ends at half the sampling rate holds that bin too, so
    bands that cover everything from 0 Hz to there share the whole variance out. The bins at 0 Hz and at half the
    sampling rate have no mirror image and count once.

    Raises
    ------
    UsageError
        If a band, the segment or the bandwidth does not suit window and sampling rate.
    """
    for name, value, owner in (("`segment_s`", segment_s, "welch"), ("`bandwidth_hz`", bandwidth_hz, "multitaper")):
        if value is not None and spectrum != owner:
            raise UsageError(f"{name} {value:g} belongs to `spectrum` {owner}, but the spectrum is {spectrum}.")
    segment, hop, segments = length, length, 1
    if spectrum == "welch":
        segment = _segment(length, sfreq, segment_s)
        hop = segment - segment // 2
        segments = (length - segment) // hop + 1
    if spectrum == "multitaper":
        tapers, weights = _slepian(length, sfreq, bandwidth_hz)
    else:
        tapers = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segment)[None] / segment)  # periodic Hann
        weights = np.ones(1)
    energies = np.sum(tapers**2, axis=1)
    tapers = tapers * np.sqrt(2 * weights / (sfreq * energies * segments))[:, None]
    bins = tuple(_bins(band, segment, sfreq) for band in bands)
    return Estimate(tapers, hop, segments, segment, True, bins, sfreq / segment)


def _segment(length: int, sfreq: float, segment_s: float | None) -> int:
    if segment_s is None:
        if length < 8:
            raise UsageError(
                f"A window of {counted(length, 'sample')} is too short for Welch's segments, which need "
                f"at least 4 each."
            )
        return length // 2
    segment = whole_samples(segment_s, sfreq, "segment")
    if segment > length:
        raise UsageError(
            f"`segment_s` {segment_s:g} is longer than the window of {length / sfreq:g} s.",
            "Choose a shorter segment or a longer `window_s`.",
        )
    return segment


def _slepian(length: int, sfreq: float, bandwidth_hz: float | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return DPSS tapers `(taper, sample)` and weights in proportion to their concentration."""
    from scipy.signal.windows import dpss

    bandwidth = 4 * sfreq / length if bandwidth_hz is None else bandwidth_hz
    half = bandwidth * length / sfreq / 2
    least = 2 * sfreq / length  # below, hardly one taper keeps its energy inside the band
    if not least * (1 - 1e-9) <= bandwidth < sfreq / 2:
        raise UsageError(
            f"`bandwidth_hz` {bandwidth:g}: a window of {length / sfreq:g} s at {sfreq:g} Hz allows {least:g} Hz to "
            f"less than {sfreq / 2:g} Hz.",
            "Choose a longer `window_s` for a finer bandwidth.",
        )
    tapers, kept = dpss(length, half, math.floor(2 * half + 1e-9), sym=False, norm=2, return_ratios=True)
    good = kept > _LEAST_CONCENTRATION
    return tapers[good], kept[good] / kept[good].sum()


def _bins(band: tuple[float, float], n_fft: int, sfreq: float) -> tuple[int, int]:
    low, high = band
    reaches_nyquist = rates_agree(2 * high, sfreq)
    if high > sfreq / 2 and not reaches_nyquist:
        raise UsageError(
            f"Band ({low:g}, {high:g}) Hz reaches beyond {sfreq / 2:g} Hz, half the sampling rate of {sfreq:g} Hz.",
            "Choose bands below it, e.g. `bands` 4-8 `bands` 8-14 `bands` 14-31.",
        )
    # edges in bins; a frequency that equals an edge up to how exactly files keep rates is on it
    first, stop = (math.ceil(edge * n_fft / sfreq * (1 - TOLERANCE)) for edge in (low, high))
    if reaches_nyquist:
        stop = n_fft // 2 + 1
    if not 0 <= low < high or first >= stop:
        raise UsageError(
            f"Band ({low:g}, {high:g}) Hz holds no frequency of {n_fft / sfreq:g} s at {sfreq:g} Hz: they lie "
            f"{sfreq / n_fft:g} Hz apart, from 0 to {sfreq / 2:g} Hz.",
            "Choose a wider band or a longer window (Welch: a longer segment).",
        )
    return first, stop
