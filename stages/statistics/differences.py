"""Differences between what two conditions or systems score on the same events; a majority vote is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.intervals import LEVEL, Bounds, Interval, t_interval
from eeg2vid.stages.statistics.means import run_mean, scored
from eeg2vid.stages.statistics.permutation import Alternative, permutation_p
from eeg2vid.stages.statistics.runs import FloatArray

FLIPS = 2000
_EXACT_RUNS = 12  # up to here all sign patterns are tried: 2^12 = 4096


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference, its interval, and the p-value of sign flips over runs."""

    p: float


def paired_difference(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    runs: npt.ArrayLike,
    rng: np.random.Generator,
    n: int = FLIPS,
    level: float = LEVEL,
    alternative: Alternative = "two-sided",
    bounds: Bounds = (None, None),
) -> Difference:
    """Return the mean of a - b over the same events, its t interval over runs, and a p-value.

    The p-value flips the sign of whole runs' differences: exact over all patterns for up to 12 runs, otherwise over `n`
    random ones. Its null is that which of the two is called a makes no difference.

    Parameters
    ----------
    a, b
        Scores of two conditions, or of two systems `(event,)`; an event that lacks one (NaN) is left out of both.
    runs
        Label of each event's run `(event,)`.
    rng
        Source of randomness.
    n
        Number of random sign patterns.
    level
        Coverage of the interval.
    alternative
        Which end of a - b is extreme.
    bounds
        Lowest and highest possible score; the interval keeps within what two such can differ.

    Raises
    ------
    BadDataError
        If lengths differ or no event has both values.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise BadDataError(f"The two conditions have {first.size} and {second.size} scores, expected the same events.")
    difference = first - second
    interval = t_interval(run_mean(difference, runs), level, reach(bounds))
    scores, run_of, _ = scored(difference, runs)
    p = sign_flip_p(np.bincount(run_of, weights=scores).astype(np.float64), rng, n, alternative)
    return Difference(**vars(interval), p=p)


def reach(bounds: Bounds) -> Bounds:
    """Return the largest differences to either side that two scores within bounds can have."""
    low, high = bounds
    return (None, None) if low is None or high is None else (low - high, high - low)


def sign_flip_p(
    sums: FloatArray, rng: np.random.Generator, n: int = FLIPS, alternative: Alternative = "two-sided"
) -> float:
    """Return the p-value of a sum whose terms could as well have the other sign.

    Parameters
    ----------
    sums
        What each run adds `(run,)`.
    rng, n, alternative
        As for `paired_difference`.
    """
    scale = float(np.abs(sums).sum())
    if scale == 0.0:
        return 1.0
    shares = sums / scale  # so that the tolerance for ties is relative to the largest possible sum
    if len(sums) <= _EXACT_RUNS:
        patterns = (np.arange(1, 2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1  # all but the identity
    else:
        patterns = rng.integers(0, 2, size=(n, len(sums)))
    observed, null = float(shares.sum()), (1.0 - 2.0 * patterns) @ shares
    if alternative == "two-sided":
        return permutation_p(abs(observed), np.abs(null))
    return permutation_p(observed, null, alternative)
