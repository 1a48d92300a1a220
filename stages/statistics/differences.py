"""Differences between what two conditions or systems score on the same events, and between hits and a majority vote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.intervals import LEVEL, Interval, t_interval
from eeg2vid.stages.statistics.means import run_mean, scored
from eeg2vid.stages.statistics.permutation import Alternative, permutation_p
from eeg2vid.stages.statistics.runs import FloatArray

FLIPS = 2000
_EXACT_RUNS = 12  # up to here all sign patterns are tried: 2^12 = 4096


@dataclass(frozen=True)
class Difference(Interval):
    """A paired difference, its interval, and the p-value of sign flips over runs."""

    p: float


@dataclass(frozen=True)
class Beyond:
    """Whether hits are more than one gets without looking.

    Attributes
    ----------
    value
        Rate of hits.
    baseline
        What must be beaten: max(share of the commonest class, 1 / classes).
    difference
        Hits less those of the baseline, event by event, with the one-sided p-value of sign flips over runs.
    """

    value: float
    baseline: float
    difference: Difference

    def better(self, alpha: float = 0.05) -> bool:
        """Tell whether the rate exceeds the baseline and its test says so."""
        return self.value > self.baseline and self.difference.p <= alpha


def paired_difference(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    runs: npt.ArrayLike,
    rng: np.random.Generator,
    n: int = FLIPS,
    level: float = LEVEL,
    alternative: Alternative = "two-sided",
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

    Raises
    ------
    BadDataError
        If lengths differ or no event has both values.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.shape != second.shape:
        raise BadDataError(f"The two conditions have {first.size} and {second.size} scores, expected the same events.")
    difference = first - second
    interval = t_interval(run_mean(difference, runs), level)
    scores, run_of, _ = scored(difference, runs)
    p = sign_flip_p(np.bincount(run_of, weights=scores).astype(np.float64), rng, n, alternative)
    return Difference(**vars(interval), p=p)


def beyond_majority(
    hits: npt.ArrayLike,
    labels: npt.ArrayLike,
    runs: npt.ArrayLike,
    classes: int,
    rng: np.random.Generator,
    n: int = FLIPS,
    level: float = LEVEL,
) -> Beyond:
    """Hold a rate of hits against one that names the commonest class every time, or guesses where that is more.

    The commonest of the tested labels: whoever decodes cannot know it, so the test errs to the safe side. Labels of
    equal number share the vote.

    Parameters
    ----------
    hits
        Hits `(event,)`, 0..1; NaN marks an event without one.
    labels
        True class of each event `(event,)`, 0-based.
    runs, rng, n, level
        As for `paired_difference`.
    classes
        Number of classes one can name, at least as many as occur.

    Raises
    ------
    BadDataError
        If lengths differ, no event has a hit, or there are more labels than classes.
    """
    values, truth = np.asarray(hits, dtype=np.float64), np.asarray(labels)
    if values.shape != truth.shape:
        raise BadDataError(f"There are {values.size} hits, but {truth.size} labels.")
    kept = truth[~np.isnan(values)]
    names, counts = np.unique(kept, return_counts=True)
    if len(names) > classes or not len(names):
        raise BadDataError(f"There are {len(names)} different labels, expected 1 to {classes}.")
    share = float(counts.max() / len(kept))
    commonest = names[counts == counts.max()]
    vote = np.isin(truth, commonest) / len(commonest) if share > 1.0 / classes else np.full(truth.shape, 1.0 / classes)
    difference = paired_difference(values, vote, runs, rng, n, level, "greater")
    return Beyond(float(np.nanmean(values)), max(share, 1.0 / classes), difference)


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
