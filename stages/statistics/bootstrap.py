"""Intervals and paired differences by resampling whole runs.

The cluster bootstrap draws as many runs as there are, with replacement, each with all its clips (Davison and Hinkley,
*Bootstrap Methods and their Application*, 1997, section 3.8). Drawing runs is drawing multinomial weights, so all
replicates are one matrix product: weights ``(replicate, run)`` times per-run sums ``(run,)``. Intervals are
percentiles of the replicates. With few runs (about ten or fewer) they are too narrow; `n_runs` is there to be read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.permutation import permutation_p
from eeg2vid.stages.statistics.runs import FloatArray, IntArray, number_runs

REPLICATES = 2000
LEVEL = 0.95
_EXACT_RUNS = 12  # up to here all sign patterns are tried: 2^12 = 4096


@dataclass(frozen=True)
class Interval:
    """A mean and its interval.

    Attributes
    ----------
    value, low, high
        The estimate and the interval around it; NaN bounds if fewer than two runs were left.
    n_events, n_runs
        How many events and runs the estimate rests on.
    left_out
        Events without a value (NaN), which nothing counts.
    """

    value: float
    low: float
    high: float
    n_events: int
    n_runs: int
    left_out: int


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference, its interval, and the two-sided p-value of sign flips over runs."""

    p: float


def bootstrap_mean(
    values: npt.ArrayLike,
    runs: npt.ArrayLike,
    rng: np.random.Generator,
    n: int = REPLICATES,
    level: float = LEVEL,
) -> Interval:
    """Return the mean over events with a percentile interval over runs.

    Parameters
    ----------
    values
        Scores ``(event,)``; NaN marks an event without a score.
    runs
        Label of each event's run ``(event,)``.
    rng
        Source of randomness.
    n
        Number of replicates.
    level
        Coverage of the interval.

    Raises
    ------
    BadDataError
        If lengths differ or no event has a value.
    """
    scores, run_of, left_out = _scored(values, runs)
    sums, counts = _run_sums(scores, run_of)
    weights = _weights(n, len(counts), rng)
    low, high = _percentiles((weights @ sums) / (weights @ counts), level, len(counts))
    return Interval(float(scores.mean()), low, high, len(scores), len(counts), left_out)


def bootstrap_class_mean(
    values: npt.ArrayLike,
    classes: npt.ArrayLike,
    runs: npt.ArrayLike,
    rng: np.random.Generator,
    n: int = REPLICATES,
    level: float = LEVEL,
) -> Interval:
    """Return the mean over classes of the mean over their events (balanced accuracy), with its interval over runs.

    A replicate averages over the classes that its runs contain.

    Parameters
    ----------
    values
        Scores ``(event,)``, e.g. top-1 hits; NaN marks an event without a score.
    classes
        True class of each event ``(event,)``, labels of any kind.
    runs, rng, n, level
        As for `bootstrap_mean`.

    Raises
    ------
    BadDataError
        If lengths differ or no event has a value.
    """
    scores, run_of, left_out = _scored(values, runs)
    kept = np.asarray(classes)
    if kept.shape != (len(scores) + left_out,):
        raise BadDataError(f"There are {len(scores) + left_out} scores, but {kept.size} classes.")
    names, class_of = np.unique(kept[~np.isnan(np.asarray(values, np.float64))], return_inverse=True)
    n_runs = int(run_of.max()) + 1
    shape = (n_runs, len(names))
    cell = run_of * len(names) + class_of
    sums = np.bincount(cell, weights=scores, minlength=n_runs * len(names)).reshape(shape)
    counts = np.bincount(cell, minlength=n_runs * len(names)).reshape(shape).astype(np.float64)
    weights = np.concatenate([np.ones((1, n_runs)), _weights(n, n_runs, rng)])
    total, support = weights @ sums, weights @ counts
    means = np.divide(total, support, out=np.zeros_like(total), where=support > 0)
    estimates = means.sum(axis=1) / (support > 0).sum(axis=1)
    low, high = _percentiles(estimates[1:], level, n_runs)
    return Interval(float(estimates[0]), low, high, len(scores), n_runs, left_out)


def paired_difference(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    runs: npt.ArrayLike,
    rng: np.random.Generator,
    n: int = REPLICATES,
    level: float = LEVEL,
) -> Difference:
    """Return the mean of a - b over the same events, its interval, and a p-value.

    The p-value flips the sign of whole runs' differences, two-sided: exact over all patterns for up to 12 runs,
    otherwise over `n` random ones. Its null is that which condition is called a makes no difference.

    Parameters
    ----------
    a, b
        Scores of two conditions ``(event,)``; an event that lacks one (NaN) is left out of both.
    runs, rng, n, level
        As for `bootstrap_mean`.

    Raises
    ------
    BadDataError
        If lengths differ or no event has both values.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise BadDataError(f"The two conditions have {first.size} and {second.size} scores, expected the same events.")
    interval = bootstrap_mean(first - second, runs, rng, n, level)
    sums, _ = _run_sums(*_scored(first - second, runs)[:2])
    return Difference(
        interval.value,
        interval.low,
        interval.high,
        interval.n_events,
        interval.n_runs,
        interval.left_out,
        _sign_flip_p(sums, n, rng),
    )


def _sign_flip_p(sums: FloatArray, n: int, rng: np.random.Generator) -> float:
    scale = float(np.abs(sums).sum())
    if scale == 0.0:
        return 1.0
    shares = sums / scale  # so that the tolerance for ties is relative to the largest possible sum
    observed = abs(float(shares.sum()))
    if len(sums) <= _EXACT_RUNS:
        patterns = (np.arange(1, 2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1  # all but the identity
    else:
        patterns = rng.integers(0, 2, size=(n, len(sums)))
    return permutation_p(observed, np.abs((1.0 - 2.0 * patterns) @ shares))


def _scored(values: npt.ArrayLike, runs: npt.ArrayLike) -> tuple[FloatArray, IntArray, int]:
    """Return the scores that are there, the numbers of their runs, and how many are not there."""
    scores, labels = np.asarray(values, dtype=np.float64), np.asarray(runs)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise BadDataError(f"There are scores of shape {scores.shape}, but run labels of shape {labels.shape}.")
    there = ~np.isnan(scores)
    if not there.any():
        raise BadDataError("No event has a score, so there is no mean.")
    return scores[there], number_runs(labels[there])[0], int(np.count_nonzero(~there))


def _run_sums(scores: FloatArray, run_of: IntArray) -> tuple[FloatArray, FloatArray]:
    sums = np.bincount(run_of, weights=scores).astype(np.float64)
    return sums, np.bincount(run_of).astype(np.float64)


def _weights(n: int, n_runs: int, rng: np.random.Generator) -> FloatArray:
    """Return how often each run is drawn ``(replicate, run)``."""
    return rng.multinomial(n_runs, np.full(n_runs, 1.0 / n_runs), size=n).astype(np.float64)


def _percentiles(estimates: FloatArray, level: float, n_runs: int) -> tuple[float, float]:
    if n_runs < 2:
        return float("nan"), float("nan")  # one run cannot tell how runs differ
    low, high = np.quantile(estimates, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)
