"""Showing that two things differ by less than a stated margin, which an absent difference does not show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy.typing as npt
from scipy.special import stdtr

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.intervals import Interval, t_interval
from eeg2vid.stages.statistics.means import RunMean, run_mean


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests.

    Attributes
    ----------
    interval
        The mean difference with the interval at level 1 - 2 alpha that the tests amount to.
    margin
        What counts as no difference, in units of the values.
    p
        The larger of the two p-values, that the difference is -margin or less and that it is margin or more.
    equivalent
        Whether p is at most alpha.
    """

    interval: Interval
    margin: float
    p: float
    equivalent: bool


def equivalence(differences: npt.ArrayLike, runs: npt.ArrayLike, margin: float, alpha: float = 0.05) -> Equivalence:
    """Test that a mean difference lies within a margin, by two one-sided t tests over runs (Schuirmann 1987).

    Parameters
    ----------
    differences
        Of each event `(event,)`; NaN where there is none.
    runs
        Label of each event's run `(event,)`.
    margin
        Positive, stated before the data were seen.
    alpha
        Level of the tests.

    Raises
    ------
    BadDataError
        If lengths differ, no event has a value, there is one run only, or the margin is not positive.
    """
    return equivalence_of(run_mean(differences, runs), margin, alpha)


def equivalence_of(mean: RunMean, margin: float, alpha: float = 0.05) -> Equivalence:
    """Test that a mean difference, however it was found, lies within a margin; see `equivalence`."""
    if not margin > 0.0:
        raise BadDataError(f"Expected a positive margin, found {margin}.")
    if mean.n_runs < 2:
        raise BadDataError("One run cannot show that two conditions are alike.", "Test on two runs or more.")
    interval = t_interval(mean, 1.0 - 2.0 * alpha)
    if mean.error == 0.0:
        p = 0.0 if abs(mean.value) < margin else 1.0
    else:
        p = float(stdtr(mean.df, (abs(mean.value) - margin) / mean.error))
    return Equivalence(interval, margin, p, p <= alpha and -margin < interval.low and interval.high < margin)
