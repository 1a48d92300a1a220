"""Windows inside epochs: side by side, or sliding."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError

T = TypeVar("T", bound=np.generic)


def whole_samples(seconds: float, sfreq: float, what: str = "window", *, least: int = 4) -> int:
    """Return a stretch of time as a number of samples.

    Parameters
    ----------
    seconds
        Length, s.
    sfreq
        Sampling rate, Hz.
    what
        What the stretch is, for the message.
    least
        The fewest samples allowed.

    Raises
    ------
    UsageError
        If it is no whole number of samples, or fewer than `least`.
    """
    if not (0 < sfreq < math.inf and 0 < seconds < math.inf):
        raise UsageError(f"A {what} of {seconds:g} s at {sfreq:g} Hz: both must be above 0 and finite.")
    samples = round(seconds * sfreq)
    if abs(samples - seconds * sfreq) > 1e-6 or samples < least:
        longer = math.ceil(max(seconds * sfreq, least) - 1e-6) / sfreq
        raise UsageError(
            f"A {what} of {seconds:g} s at {sfreq:g} Hz is {seconds * sfreq:g} samples, expected a whole number of at "
            f"least {least}.",
            f"The next longer one is {longer:g} s.",
        )
    return samples


def window_starts(n_samples: int, sfreq: float, window_s: float, step_s: float | None = None) -> NDArray[np.int64]:
    """Return where the windows of an epoch begin.

    Every window lies wholly in the epoch; samples left over at its end are not used.

    Parameters
    ----------
    n_samples
        Length of the epoch, samples.
    sfreq
        Sampling rate, Hz.
    window_s
        Length of a window, s.
    step_s
        From the start of one window to the start of the next, s; none: side by side.

    Returns
    -------
    First samples, int64 `(window,)`.

    Raises
    ------
    UsageError
        If window or step is no whole number of samples.
    BadDataError
        If the epoch is shorter than one window.
    """
    length, step = _lengths(sfreq, window_s, step_s)
    if n_samples < length:
        raise BadDataError(
            f"Epochs hold {n_samples} samples, but a window of {window_s:g} s at {sfreq:g} Hz needs {length}.",
            "Choose a shorter `window_s` or longer epochs (`tmax_s`).",
        )
    return np.arange(0, n_samples - length + 1, step, dtype=np.int64)


def sliding_windows(epochs: NDArray[T], sfreq: float, window_s: float, step_s: float | None = None) -> NDArray[T]:
    """Return all windows of all epochs as a view: nothing is copied, and it cannot be written to.

    EEG2Video's sequence-to-sequence network takes 7 windows of 0.5 s, 0.25 s apart, from 2 s: 7 x 62 x 100.

    Parameters
    ----------
    epochs
        `(..., electrode, sample)`.
    sfreq, window_s, step_s
        As in `window_starts`.

    Returns
    -------
    `(..., window, electrode, sample)`.

    Raises
    ------
    UsageError, BadDataError
        As `window_starts`; BadDataError also where there is no electrode axis.
    """
    if epochs.ndim < 2:
        raise BadDataError(f"Epochs have shape {epochs.shape}, expected (..., electrode, sample).")
    window_starts(epochs.shape[-1], sfreq, window_s, step_s)  # refuses what does not fit
    length, step = _lengths(sfreq, window_s, step_s)
    windows = np.lib.stride_tricks.sliding_window_view(epochs, length, axis=-1)
    return np.moveaxis(windows[..., ::step, :], -2, -3)


def _lengths(sfreq: float, window_s: float, step_s: float | None) -> tuple[int, int]:
    length = whole_samples(window_s, sfreq)
    return length, length if step_s is None else whole_samples(step_s, sfreq, "step", least=1)
