"""Windows inside epochs: side by side, or sliding."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.rates import whole_rate
from eeg2vid.schemas.words import counted

T = TypeVar("T", bound=np.generic)


def whole_samples(seconds: float, sfreq: float, what: str = "window", *, least: int = 4) -> int:
    """Return a stretch of time as a number of samples.

    At a rate of a whole number of Hz it must be a whole number of samples; at any other (1000/3 Hz, or 300.03 Hz of a
    header that rounds the interval to 3333 µs) the nearest number is meant.

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
        If it is no whole number of samples at a whole rate, or fewer than `least`.
    """
    if not (0 < sfreq < math.inf and 0 < seconds < math.inf):
        raise UsageError(f"A {what} of {seconds:g} s at {sfreq:g} Hz: both must be above 0 and finite.")
    whole = whole_rate(sfreq)
    exact = seconds * (whole or sfreq)
    samples = round(exact)
    if (whole is not None and abs(samples - exact) > 1e-6) or samples < least:
        longer = math.ceil(max(exact, least) - 1e-6) / sfreq
        raise UsageError(
            f"A {what} of {seconds:g} s at {sfreq:g} Hz is {exact:g} samples, expected a whole number of at "
            f"least {least}.",
            f"The next longer one is {longer:g} s.",
        )
    return samples


def window_starts(n_samples: int, sfreq: float, window_s: float, step_s: float | None = None) -> NDArray[np.int64]:
    """Return where the windows of an epoch begin.

    Every window lies wholly in the epoch; samples left over at its end are not used. Where windows or steps are no
    whole number of samples (`whole_samples`), each begins at the sample nearest to its time, and none is lost or moved
    by more than one sample for it.

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
            f"Epochs hold {counted(n_samples, 'sample')}, but a window of {window_s:g} s at {sfreq:g} Hz "
            f"needs {length}.",
            "Choose a shorter `window_s` or longer epochs (`tmax_s`).",
        )
    if whole_rate(sfreq) is not None:
        return np.arange(0, n_samples - length + 1, step, dtype=np.int64)
    window, hop = window_s * sfreq, (window_s if step_s is None else step_s) * sfreq
    # the epoch itself was rounded, by half a sample at most
    count = max(0, math.floor((n_samples + 0.5 - window) / hop)) + 1
    return np.minimum(np.rint(np.arange(count) * hop).astype(np.int64), n_samples - length)


def sliding_windows(epochs: NDArray[T], sfreq: float, window_s: float, step_s: float | None = None) -> NDArray[T]:
    """Return all windows of all epochs, not to be written to: a view, unless they lie a sample more or less apart.

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
    starts = window_starts(epochs.shape[-1], sfreq, window_s, step_s)
    length = whole_samples(window_s, sfreq)
    windows = np.lib.stride_tricks.sliding_window_view(epochs, length, axis=-1)
    steps = set(np.diff(starts).tolist())
    if len(steps) <= 1:
        windows = windows[..., : starts[-1] + 1 : steps.pop() if steps else 1, :]
    else:
        windows = windows[..., starts, :]
        windows.flags.writeable = False
    return np.moveaxis(windows, -2, -3)


def _lengths(sfreq: float, window_s: float, step_s: float | None) -> tuple[int, int]:
    length = whole_samples(window_s, sfreq)
    return length, length if step_s is None else whole_samples(step_s, sfreq, "step", least=1)
