"""Differential entropy (DE) and power spectral density (PSD) per band, in two definitions.

`published` is what the released EEG2Video code computes (Liu et al., NeurIPS 2024); `corrected` is the
textbook quantity (Duan et al., NER 2013; Shi et al., EMBC 2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import DTypeLike, NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError

Method = Literal["published", "corrected"]
Features = tuple[NDArray[np.floating], NDArray[np.floating]]

BANDS: tuple[tuple[float, float], ...] = ((1, 4), (4, 8), (8, 14), (14, 31), (31, 99))
"""Delta, theta, alpha, beta, gamma as EEG2Video names them, Hz."""

_CHUNK_SAMPLES = 2**17  # a chunk's intermediates fit into a core's cache


def band_features(
    epochs: NDArray[np.floating],
    sfreq: float,
    bands: Sequence[tuple[float, float]] = BANDS,
    *,
    window_s: float = 1.0,
    method: Method = "corrected",
    dtype: DTypeLike = np.float64,
) -> Features:
    r"""Return DE and PSD of every window, electrode and band.

    Windows follow each other without overlap; samples left over at the end of an epoch are not used.

    `corrected`: each window's mean is removed, a Hann taper over the whole window applied, and the
    one-sided density in µV²/Hz estimated (taper energy and sampling rate divided out). PSD is the mean
    density over the bins with low <= f < high; the band's variance is their sum times the bin width; DE is
    that of a Gaussian, :math:`\frac{1}{2}\ln(2\pi e\sigma^2)`, in nats.

    `published`: taper 0.5 - 0.5 cos(2 pi n / (L + 1)), n = 1..L, over the window of L samples; an FFT of one
    second's length, so a 2-s window is cut to its first second under the taper's rising half and a shorter
    one is zero-padded; bins (1 Hz wide) shifted one down: band (s, e) takes bins s - 1 to e - 1, for EEG2Video's
    bands 0-3, 3-7, 7-13, 13-30, 30-98 Hz inclusive; PSD = mean of |X|², not normalised; DE = log2(100 PSD).

    Parameters
    ----------
    epochs
        EEG `(..., electrode, sample)` in µV.
    sfreq
        Sampling rate, Hz.
    bands
        Edges (low, high), Hz. Whole numbers of at least 1 for `published`.
    window_s
        Window length, s.
    method
        Definition, see above.
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
        If a band or the window does not suit the sampling rate.
    """
    if epochs.ndim < 2:
        raise BadDataError(f"Epochs have shape {epochs.shape}, expected (..., electrode, sample).")
    length = _window_samples(window_s, sfreq)
    n_electrodes, n_samples = epochs.shape[-2:]
    n_windows = n_samples // length
    if not n_windows:
        raise BadDataError(
            f"Epochs hold {n_samples} samples, but a window of {window_s:g} s at {sfreq:g} Hz needs {length}.",
            "Choose a shorter window or longer epochs.",
        )
    taper, n_fft, ranges = (_published if method == "published" else _corrected)(length, sfreq, bands)
    flat = epochs.reshape(-1, n_electrodes, n_samples)
    shape = (flat.shape[0], n_windows, n_electrodes, len(bands))
    power = np.empty(shape)
    step = max(1, _CHUNK_SAMPLES // (n_electrodes * n_samples))
    top = max(high for _, high in ranges)
    weights = np.zeros((top, len(bands)))
    for band, (low, high) in enumerate(ranges):
        weights[low:high, band] = 1 / (high - low)
    for start in range(0, len(flat), step):
        part = np.array(flat[start : start + step, :, : n_windows * length], dtype=np.float64)
        part = part.reshape(len(part), n_electrodes, n_windows, length)
        _refuse_constant(part, start, window_s)
        if method == "corrected":
            part -= part.mean(axis=-1, keepdims=True)
        part *= taper
        spectrum = scipy.fft.rfft(part[..., :n_fft], n=n_fft, axis=-1, workers=1)[..., :top]
        squared = spectrum.real**2
        squared += spectrum.imag**2
        means = squared.reshape(-1, top) @ weights
        power[start : start + step] = means.reshape(*part.shape[:3], -1).transpose(0, 2, 1, 3)
    _refuse_no_power(power, bands)
    if method == "published":
        entropy = np.log2(100 * power)
    else:
        # one-sided: every bin used lies strictly between 0 and Nyquist, so each stands for two
        power *= 2 / (sfreq * np.sum(taper**2))
        widths = np.array([high - low for low, high in ranges]) * (sfreq / n_fft)
        entropy = 0.5 * np.log(2 * math.pi * math.e * widths * power)
    result = (*epochs.shape[:-2], n_windows, n_electrodes, len(bands))
    return entropy.reshape(result).astype(dtype, copy=False), power.reshape(result).astype(dtype, copy=False)


Plan = tuple[NDArray[np.float64], int, list[tuple[int, int]]]


def _published(length: int, sfreq: float, bands: Sequence[tuple[float, float]]) -> Plan:
    """Return taper, FFT length and half-open bin ranges of the released formula."""
    n_fft = round(sfreq)
    ranges = []
    for low, high in bands:
        if not (float(low).is_integer() and float(high).is_integer() and 1 <= low < high <= n_fft // 2):
            raise UsageError(
                f"Band ({low:g}, {high:g}) Hz: the published features need whole numbers with "
                f"1 <= low < high <= {n_fft // 2}.",
                "Choose other bands or the corrected features.",
            )
        ranges.append((int(low) - 1, int(high)))
    steps = np.arange(1, length + 1)
    return 0.5 - 0.5 * np.cos(2 * np.pi * steps / (length + 1)), n_fft, ranges


def _corrected(length: int, sfreq: float, bands: Sequence[tuple[float, float]]) -> Plan:
    """Return a periodic Hann taper, FFT length and the bins with low <= f < high."""
    frequencies = np.arange((length - 1) // 2 + 1) * sfreq / length  # below Nyquist
    ranges = []
    for low, high in bands:
        inside = np.flatnonzero((frequencies >= low) & (frequencies < high) & (frequencies > 0))
        if high > sfreq / 2:
            raise UsageError(
                f"Band ({low:g}, {high:g}) Hz reaches beyond {sfreq / 2:g} Hz, half the sampling rate of {sfreq:g} Hz.",
                "Choose bands below it, e.g. --bands 4-8 --bands 8-14 --bands 14-31.",
            )
        if not 0 <= low < high or not inside.size:
            raise UsageError(
                f"Band ({low:g}, {high:g}) Hz holds no frequency of a {length / sfreq:g}-s window at {sfreq:g} Hz: "
                f"they lie {sfreq / length:g} Hz apart, up to {sfreq / 2:g} Hz.",
                "Choose a wider band or a longer window.",
            )
        ranges.append((int(inside[0]), int(inside[-1]) + 1))
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length), length, ranges


def _window_samples(window_s: float, sfreq: float) -> int:
    if not (sfreq > 0 and window_s > 0):
        raise UsageError(f"A window of {window_s:g} s at {sfreq:g} Hz: both must be above 0.")
    length = round(window_s * sfreq)
    if abs(length - window_s * sfreq) > 1e-6 or length < 4:
        raise UsageError(
            f"A window of {window_s:g} s at {sfreq:g} Hz is {window_s * sfreq:g} samples, expected a whole number "
            "of at least 4."
        )
    return length


def _refuse_constant(windows: NDArray[np.float64], first: int, window_s: float) -> None:
    with np.errstate(invalid="ignore"):
        spread = windows.max(axis=-1) - windows.min(axis=-1)
    bad = np.argwhere(~((spread > 0) & np.isfinite(spread)))
    if bad.size:
        event, electrode, window = (int(index) for index in bad[0])
        value = windows[event, electrode, window, 0]
        constant = spread[event, electrode, window] == 0
        what = f"constant ({value:g} µV) throughout" if constant else "not finite in"
        electrodes = ", ".join(str(index) for index in np.unique(bad[:, 1])[:10])
        raise BadDataError(
            f"The EEG of electrode {electrode} is {what} window {window} ({window_s:g} s) of event "
            f"{first + event} (all counted from 0), so its band power has no logarithm; electrodes concerned: "
            f"{electrodes}.",
            "Leave the electrode or the event out, or interpolate it before.",
        )


def _refuse_no_power(power: NDArray[np.float64], bands: Sequence[tuple[float, float]]) -> None:
    # reached where only a part of a window is used (published, 2 s) and that part is zero
    bad = np.argwhere(~(power > 0))
    if bad.size:
        event, window, electrode, band = (int(index) for index in bad[0])
        low, high = bands[band]
        raise BadDataError(
            f"The EEG of electrode {electrode} has no power from {low:g} to {high:g} Hz in window {window} of event "
            f"{event} (all counted from 0), so it has no logarithm.",
            "Leave the electrode or the event out, or interpolate it before.",
        )
