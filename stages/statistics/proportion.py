"""Intervals and tails of a proportion of independent trials.

They hold where trials are independent: draws of a random n-way test, say. Clips of one run are not:
`eeg2vid.stages.statistics.intervals` finds how many independent trials they are worth.
"""

from __future__ import annotations

import math
from typing import Literal

from scipy.stats import beta, binomtest, norm

from eeg2vid.schemas.errors import BadDataError


def wilson_interval(successes: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval (JASA 1927).

    It solves (p - k/n)^2 = z^2 p (1 - p) / n for p: the proportions that a normal test would not reject.

    Parameters
    ----------
    successes
        0..trials; expected hits of tied predictions may be fractions.
    trials
        Number of independent trials, above 0; effective trials may be fractions.
    level
        Coverage, between 0 and 1.

    Raises
    ------
    BadDataError
        If the arguments are out of range.
    """
    _check(successes, trials, level)
    z = float(norm.isf((1.0 - level) / 2.0))
    share = successes / trials
    shrink = 1.0 + z**2 / trials
    centre = (share + z**2 / (2 * trials)) / shrink
    half = z * math.sqrt(share * (1.0 - share) / trials + (z / (2 * trials)) ** 2) / shrink
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return low, 1.0 if successes == trials else min(1.0, centre + half)


def exact_interval(successes: float, trials: float, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of Clopper and Pearson (Biometrika 1934), which covers at least as often as it says.

    Parameters
    ----------
    successes, trials, level
        As for `wilson_interval`.

    Raises
    ------
    BadDataError
        If the arguments are out of range.
    """
    _check(successes, trials, level)
    tail = (1.0 - level) / 2.0
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(beta.isf(tail, successes + 1, trials - successes))
    return low, high


def binomial_p(
    successes: int,
    trials: int,
    chance: float,
    alternative: Literal["greater", "less", "two-sided"] = "greater",
) -> float:
    """Return the exact binomial p-value of `successes` in `trials` if each succeeds with probability `chance`.

    Raises
    ------
    BadDataError
        If the arguments are out of range or `successes` is not whole.
    """
    _check(successes, trials, 0.5)
    if successes != int(successes) or not 0.0 <= chance <= 1.0:
        raise BadDataError(f"Expected whole successes and a chance in 0..1, found {successes} and {chance}.")
    return float(binomtest(int(successes), trials, chance, alternative=alternative).pvalue)


def _check(successes: float, trials: float, level: float) -> None:
    if trials <= 0 or not 0 <= successes <= trials or not 0.0 < level < 1.0:
        raise BadDataError(
            f"A proportion needs 0 <= successes <= trials and a level in 0..1, found {successes} of {trials}, {level}."
        )
