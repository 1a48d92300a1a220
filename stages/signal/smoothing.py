"""Smooth features over the windows of a run: what of them changes slowly.

Within a run all windows of all its clips follow each other in order of presentation, so smoothing mixes clips;
it never reaches into another run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.words import counted

Smoother = Literal["moving-average", "lds"]


def smooth(
    values: NDArray[np.floating],
    runs: Sequence[Any] | NDArray[Any],
    order: Sequence[float] | NDArray[Any],
    *,
    method: Smoother,
    span: int = 5,
    gain: float = 0.1,
) -> NDArray[np.floating]:
    r"""Smooth each electrode and band along the windows of each run.

    `moving-average`: the mean of the `span` windows around each; at a run's ends, of those that there are.

    `lds`: the linear dynamical system of SEED's features (Shi and Lu, EMBC 2010; Duan et al., NER 2013) as a local
    level, :math:`x_t = x_{t-1} + w_t`, :math:`y_t = x_t + v_t`, with Gaussian noises whose variances have the ratio
    `gain` = var(w) / var(v) and nothing known of the first state. What is returned is the mean of
    :math:`x_t` given all :math:`y` of the run: a Kalman filter forward, Rauch, Tung and Striebel's (1965) smoother
    backward. The same values minimise :math:`\sum_t (y_t - x_t)^2 + \frac{1}{gain}\sum_t (x_t - x_{t-1})^2`. The ratio
    is given, not learned, so it is the same for all runs. It uses windows after the one it smooths.

    Windows count as equally far apart, between clips too.

    Parameters
    ----------
    values
        `(event, window, ...)`, finite.
    runs
        Label of each event's run `(event,)`; different sessions need different labels.
    order
        When each event was presented `(event,)`, such as its onset; only the order within a run counts.
    method
        See above.
    span
        Windows averaged, odd.
    gain
        Ratio of variances, above 0: small for strong smoothing, large for none.

    Returns
    -------
    Smoothed values, same shape and type; all arithmetic is in float64.

    Raises
    ------
    UsageError
        If span or gain is out of range.
    BadDataError
        If labels do not match the events, two events of a run have the same place in it, or values are not finite.
    """
    if method == "moving-average" and (span < 1 or span % 2 == 0):
        raise UsageError(
            f"A moving average over {counted(span, 'window')}: expected an odd number, so that it has a middle."
        )
    if method == "lds" and not 0 < gain < np.inf:
        raise UsageError(f"A ratio of variances of {gain:g} for LDS smoothing: expected a number above 0.")
    smoothed = np.empty_like(values)
    for rows in _sequences(values, np.asarray(runs), np.asarray(order)):
        n_runs, n_events = rows.shape
        series = np.asarray(values[rows], dtype=np.float64).reshape(n_runs, n_events * values.shape[1], -1)
        found = _moving_average(series, span) if method == "moving-average" else _local_level(series, gain)
        smoothed[rows] = found.reshape(n_runs, n_events, *values.shape[1:])
    return smoothed


def _sequences(values: NDArray[np.floating], runs: NDArray[Any], order: NDArray[Any]) -> list[NDArray[np.intp]]:
    """Return the events of all runs in order, runs of equal length together: `(run, event)` each."""
    if values.ndim < 2 or runs.shape != (len(values),) or order.shape != (len(values),):
        raise BadDataError(
            f"Values {values.shape}, run labels {runs.shape} and order {order.shape} do not match, expected "
            "(event, window, ...), (event,) and (event,)."
        )
    if not np.isfinite(values).all():
        raise BadDataError("Features hold values that are not finite, so they cannot be smoothed.")
    labels, run = np.unique(runs, return_inverse=True)
    sorted_events = np.lexsort((order, run))
    twice = (np.diff(run[sorted_events]) == 0) & (order[sorted_events][1:] == order[sorted_events][:-1])
    if twice.any():
        event = sorted_events[np.flatnonzero(twice)[0]]
        raise BadDataError(
            f"Two events of run '{runs[event]}' begin at {order[event]}, so their order is not known "
            f"({int(twice.sum())} such pairs).",
            "Give the runs of different sessions different names, or repair the events table.",
        )
    counts = np.bincount(run, minlength=len(labels))
    starts = np.cumsum(counts) - counts
    return [sorted_events[starts[counts == count][:, None] + np.arange(count)] for count in np.unique(counts) if count]


def _moving_average(series: NDArray[np.float64], span: int) -> NDArray[np.float64]:
    """Return the centred mean of `(run, window, feature)` over windows."""
    length = series.shape[1]
    half = min(span // 2, length - 1)
    total, count = series.copy(), np.ones(length)
    for shift in range(1, half + 1):  # sums of few terms: no running total, which would carry rounding on
        total[:, shift:] += series[:, :-shift]
        total[:, :-shift] += series[:, shift:]
        count[shift:] += 1
        count[:-shift] += 1
    total /= count[:, None]
    return total


def _local_level(series: NDArray[np.float64], gain: float) -> NDArray[np.float64]:
    """Return the smoothed state of `(run, window, feature)`; variances in units of the observation's noise."""
    level = series.copy()
    variances = np.ones(series.shape[1])  # of the filtered state; the first is what is observed
    for t in range(1, series.shape[1]):
        predicted = variances[t - 1] + gain
        share = predicted / (predicted + 1)
        variances[t] = share  # (1 - share) * predicted
        level[:, t] = level[:, t - 1] + share * (series[:, t] - level[:, t - 1])
    for t in range(series.shape[1] - 2, -1, -1):
        back = variances[t] / (variances[t] + gain)
        level[:, t] += back * (level[:, t + 1] - level[:, t])
    return level
