"""Differential entropy (DE) and power spectral density (PSD) per band, in two definitions.

`published` is what the released EEG2Video code computes (Liu et al., NeurIPS 2024); `corrected` is the
textbook quantity (Duan et al., NER 2013; Shi et al., EMBC 2013).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.signal.spectra import Estimate, Kind, corrected_estimate, published_estimate
from eeg2vid.stages.signal.unusable import refuse_constant, refuse_no_power
from eeg2vid.stages.signal.windows import sliding_windows

Method = Literal["published", "corrected"]
Chunk = tuple[slice, slice]
Features = tuple[NDArray[np.floating], NDArray[np.floating]]

BANDS: tuple[tuple[float, float], ...] = ((1, 4), (4, 8), (8, 14), (14, 31), (31, 99))
"""Delta, theta, alpha, beta, gamma as EEG2Video names them, Hz."""

_CHUNK_SAMPLES = 2**17  # few calls, and intermediates still in the cache


def band_features(
    epochs: NDArray[np.floating],
    sfreq: float,
    bands: Sequence[tuple[float, float]] = BANDS,
    *,
    window_s: float = 1.0,
    step_s: float | None = None,
    method: Method = "corrected",
    spectrum: Kind = "periodogram",
    segment_s: float | None = None,
    bandwidth_hz: float | None = None,
    threads: int = 1,
    electrodes: Sequence[str] | None = None,
    events: Sequence[str] | None = None,
    dtype: DTypeLike = np.float64,
) -> Features:
    r"""Return DE and PSD of every window, electrode and band.

    Windows follow each other without overlap or every `step_s`; samples left over at the end of an epoch are
    not used.

    `corrected`: PSD is the mean one-sided density in µV²/Hz over a band's bins, low <= f < high (a band up to half
    the sampling rate holds that bin too); the band's variance :math:`\sigma^2` is the sum over them times the bin
    width; DE is that of a Gaussian, :math:`\frac{1}{2}\ln(2\pi e\sigma^2)`, in nats. The density comes from

    - `periodogram`: the window's mean removed, a Hann taper over all of it;
    - `welch` (Welch, 1967): the mean of the Hann periodograms of segments that overlap by half, each segment's own
      mean removed (`scipy.signal.welch` with detrend="constant");
    - `multitaper` (Thomson, 1982): the window's mean removed, Slepian tapers (DPSS) of the full bandwidth given, those
      with more than 0.9 of their energy inside it, weighted by that share, each taper's energy 1
      (`mne.time_frequency.psd_array_multitaper`, not adaptive, normalization="full", within 1 %: MNE leaves the tapers'
      energy a little below 1).

    `published`: taper 0.5 - 0.5 cos(2 pi n / (L + 1)), n = 1..L, over the window of L samples; an FFT of one
    second's length, so a 2-s window is cut to its first second under the taper's rising half and a shorter
    one is zero-padded; bins (1 Hz wide) shifted one down: band (s, e) takes bins s - 1 to e - 1, for EEG2Video's
    bands 0-3, 3-7, 7-13, 13-30, 30-98 Hz inclusive; PSD = mean of |X|², not normalised; DE = log2(100 PSD).

    Parameters
    ----------
    epochs
        EEG `(..., electrode, sample)` in µV; may be memory-mapped, a chunk is read at a time.
    sfreq
        Sampling rate, Hz.
    bands
        Edges (low, high), Hz. Whole numbers of at least 1 for `published`.
    window_s
        Window length, s.
    step_s
        From window to window, s; none: the window's length.
    method
        Definition, see above.
    spectrum, segment_s, bandwidth_hz
        Estimate of the corrected density; length of Welch's segments, s (none: half the window), the
        multitaper bandwidth, Hz (none: 4 / window, which keeps three tapers).
    threads
        Chunks computed at a time. Results do not depend on it.
    electrodes, events
        Names for messages: along the electrode axis; of the epochs, all leading axes in C order.
    dtype
        Type of the result; all arithmetic is in float64.

    Returns
    -------
    DE and PSD, each `(..., window, electrode, band)`.

    Raises
    ------
    BadDataError
        If an epoch is shorter than a window, or an electrode is constant or not finite throughout a window.
    UsageError
        If bands, window, step, segment or bandwidth do not suit the sampling rate or each other.
    """
    flat = epochs.reshape(-1, *epochs.shape[-2:]) if epochs.ndim > 1 else epochs
    windows = sliding_windows(flat, sfreq, window_s, step_s)
    n_windows, n_electrodes, length = windows.shape[-3:]
    if method == "published":
        if spectrum != "periodogram":
            raise UsageError(f"`spectrum` {spectrum}: the published features know no choice of spectrum.")
        estimate = published_estimate(length, sfreq, bands)
    else:
        estimate = corrected_estimate(length, sfreq, bands, spectrum, segment_s=segment_s, bandwidth_hz=bandwidth_hz)
    shape = (len(flat), n_windows, n_electrodes, len(bands))
    job = _Job(
        windows.swapaxes(1, 2),
        estimate,
        method,
        np.empty(shape, dtype=dtype),
        np.empty(shape, dtype=dtype),
        np.zeros(shape[:3], dtype=bool),
        np.zeros(shape, dtype=bool),
    )
    job.run(threads)
    names = (electrodes, events)
    seconds = (window_s, window_s if step_s is None else step_s)
    refuse_constant(job.windows.swapaxes(1, 2), job.constant, seconds, *names)
    refuse_no_power(job.psd, job.powerless, bands, seconds, *names)
    result = (*epochs.shape[:-2], n_windows, n_electrodes, len(bands))
    return job.de.reshape(result), job.psd.reshape(result)


@dataclass(frozen=True)
class _Job:
    """Work cut into chunks of fixed places, whoever does them.

    Windows are `(event, electrode, window, sample)`, the order in which side by side they lie in memory;
    results `(event, window, electrode, ...)`.
    """

    windows: NDArray[np.floating]
    estimate: Estimate
    method: Method
    de: NDArray[np.floating]
    psd: NDArray[np.floating]
    constant: NDArray[np.bool_]
    powerless: NDArray[np.bool_]

    def run(self, threads: int) -> None:
        """Do all chunks, `threads` at a time; numpy lets go of the interpreter inside."""
        chunks = self._chunks()
        if not chunks:
            return
        largest = self.windows[chunks[0][0], :, chunks[0][1]].shape
        todo = iter(chunks)  # shared: every worker takes the next one
        workers = min(threads, len(chunks))
        if workers <= 1:
            self._work(todo, largest)
            return
        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(self._work, todo, largest) for _ in range(workers)]:
                done.result()

    def _chunks(self) -> list[Chunk]:
        """Return slices of events and of windows."""
        n_events, n_electrodes, n_windows = self.windows.shape[:3]
        tapers, samples = self.estimate.tapers.shape
        each = n_electrodes * self.estimate.segments * tapers * max(samples, self.estimate.n_fft)
        step = max(1, _CHUNK_SAMPLES // each)  # windows
        if step >= n_windows:
            step //= n_windows
            return [(slice(at, at + step), slice(0, n_windows)) for at in range(0, n_events, step)]
        starts = range(0, n_windows, step)
        return [(slice(event, event + 1), slice(at, at + step)) for event in range(n_events) for at in starts]

    def _work(self, todo: Iterator[Chunk], largest: tuple[int, ...]) -> None:
        buffers = _Buffers.of(largest, self.estimate)
        # what is not finite or has no power is refused afterwards, with its name
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            for chunk in todo:
                source = self.windows[chunk[0], :, chunk[1]]
                self._look_for_constants(source, chunk)
                self._describe(_band_powers(source, self.estimate, buffers), chunk)

    def _look_for_constants(self, source: NDArray[np.floating], chunk: Chunk) -> None:
        first = source[..., 0]
        suspects = first == source[..., source.shape[-1] // 2]
        if suspects.any():  # few: two equal samples
            suspects[suspects] = (source[suspects] == first[suspects][:, None]).all(axis=-1)
            self.constant[chunk] = suspects.swapaxes(1, 2)

    def _describe(self, power: NDArray[np.float64], chunk: Chunk) -> None:
        """Write PSD and DE of one chunk's band powers `(event, window, electrode, band)`."""
        if not (power.min() > 0 and power.max() < math.inf):
            self.powerless[chunk] = ~((power > 0) & (power < math.inf))
        counts = np.array([stop - first for first, stop in self.estimate.bins])
        self.psd[chunk] = power / counts
        if self.method == "published":
            self.de[chunk] = np.log2(power * (100 / counts))
        else:
            power *= 2 * math.pi * math.e * self.estimate.spacing
            np.log(power, out=power)
            np.multiply(power, 0.5, out=self.de[chunk], casting="same_kind")


@dataclass(frozen=True)
class _Buffers:
    """A worker's own memory for chunks up to the largest: allocated once, so it stays in the cache."""

    plain: NDArray[np.float64]  # (event, electrode, window, segment, 1, sample)
    tapered: NDArray[np.float64]  # (event, electrode, window, segment, taper, sample)
    spectrum: NDArray[np.complex128]  # (event, electrode, window, segment, taper, bin)
    averaging: NDArray[np.float64]  # (sample,)

    @classmethod
    def of(cls, shape: tuple[int, ...], estimate: Estimate) -> _Buffers:
        tapers, samples = estimate.tapers.shape
        plain = np.empty((*shape[:3], estimate.segments, 1, samples))
        tapered = plain if tapers == 1 else np.empty((*plain.shape[:4], tapers, samples))
        spectrum = np.empty((*tapered.shape[:5], estimate.n_fft // 2 + 1), dtype=np.complex128)
        return cls(plain, tapered, spectrum, np.full(samples, 1 / samples))


def _band_powers(source: NDArray[np.floating], estimate: Estimate, buffers: _Buffers) -> NDArray[np.float64]:
    """Return the band powers `(event, window, electrode, band)` of `(event, electrode, window, sample)`."""
    n_events, n_electrodes, n_windows = source.shape[:3]
    here = (slice(n_events), slice(None), slice(n_windows))  # the last chunk may be smaller
    plain, tapered, spectrum = buffers.plain[here], buffers.tapered[here], buffers.spectrum[here]
    samples = estimate.tapers.shape[1]
    if estimate.segments == 1:
        np.copyto(plain[..., 0, 0, :], source[..., :samples])
    else:
        segments = np.lib.stride_tricks.sliding_window_view(source, samples, axis=-1)
        np.copyto(plain[..., 0, :], segments[..., :: estimate.hop, :])
    if estimate.centred:
        plain -= np.vecdot(plain, buffers.averaging)[..., None]
    np.multiply(plain, estimate.tapers, out=tapered)
    np.fft.rfft(tapered, n=estimate.n_fft, axis=-1, out=spectrum)
    if estimate.centred and estimate.single:
        spectrum[..., estimate.single] *= math.sqrt(0.5)
    parts = spectrum.view(np.float64)  # real and imaginary parts in turn
    power = np.empty((n_events, n_windows, n_electrodes, *spectrum.shape[3:5], len(estimate.bins)))
    target = power.swapaxes(1, 2)
    for band, (first, stop) in enumerate(estimate.bins):
        inside = parts[..., 2 * first : 2 * stop]
        np.vecdot(inside, inside, out=target[..., band])
    return power[..., 0, 0, :] if spectrum.shape[3:5] == (1, 1) else power.sum(axis=(3, 4))
