"""What a study could have found: no evidence says little where there was little power."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.optimize import brentq
from scipy.stats import nct
from scipy.stats import t as student

from eeg2vid.schemas.errors import BadDataError


def detectable(error: float, df: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the true distance from chance that a one-sided t test would have found in a share of studies.

    Parameters
    ----------
    error
        Standard error of the mean, such as `run_mean(...).error`, or the standard deviation of its null distribution.
    df
        Degrees of freedom of the error.
    alpha, power
        Level of the test; share of studies.

    Raises
    ------
    BadDataError
        If the error is negative or not finite, or df is not positive.
    """
    if not (math.isfinite(error) and error >= 0.0 and df > 0.0):
        raise BadDataError(f"Expected a finite error and positive degrees of freedom, found {error} and {df}.")
    critical = float(student.isf(alpha, df))

    def lacks(shift: float) -> float:
        return float(nct.sf(critical, df, shift)) - power

    top = critical + 2.0
    while lacks(top) < 0.0:
        top *= 2.0
    return error * float(brentq(lacks, 0.0, top))


def power_sentence(
    chance: float,
    error: float,
    n_runs: int,
    best: float | None = None,
    what: str = "value",
    written: Callable[[float], str] = "{:.3g}".format,
) -> str:
    """Return what could have been found, in words.

    Parameters
    ----------
    chance, best
        Where nothing is known; the best possible value (which tells the better side), None: the largest.
    error
        As for `detectable`.
    n_runs
        Runs behind the error.
    what
        Name of what is measured, such as "accuracy".
    written
        How a value is written.

    Raises
    ------
    BadDataError
        As `detectable`, or if there are fewer than two runs.
    """
    if n_runs < 2:
        raise BadDataError(f"Power needs two runs or more, found {n_runs}.")
    away = detectable(error, n_runs - 1.0)
    lower = best is not None and best < chance
    needed = chance - away if lower else chance + away
    if best is not None and (needed < best if lower else needed > best):
        return f"With {n_runs} runs not even a perfect {what} would have been found in 80 % of studies."
    side = "or lower " if lower else ""
    return f"With {n_runs} runs a true {what} of {written(needed)} {side}would have been found in 80 % of studies."
