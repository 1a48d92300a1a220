"""Means over events whose independent unit is the run: estimate, standard error, degrees of freedom.

A mean over events is a ratio of sums over runs. Its error follows from what every run adds to the deviation from it
(linearised, as in survey sampling; Cochran, *Sampling Techniques*, 1977, 6.3), each run's share corrected for having
helped to find the mean (CR2: Bell and McCaffrey, Survey Methodology 2002), and degrees of freedom by Satterthwaite.
With runs of one length this is the t interval of the runs' means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.runs import FloatArray, IntArray, number_runs


@dataclass(frozen=True)
class RunMean:
    """A mean and how well it is known.

    Attributes
    ----------
    value
        The mean over events, or over classes of the means of their events.
    error
        Its standard error; NaN if fewer than two runs were left.
    df
        Degrees of freedom of `error`.
    tail
        Third over second moment of what runs add: how far the mean's distribution leans, in its units.
    trials
        Independent events of equal weight that would know as much at most (Kish): fewer than events where classes are
        uneven or events of a run are alike. Other than `error` it takes all runs for equally alike inside, so that it
        holds for a class of one run, too.
    n_events, n_runs, left_out
        What it rests on; events without a value (NaN).
    """

    value: float
    error: float
    df: float
    tail: float
    trials: float
    n_events: int
    n_runs: int
    left_out: int

    def p(self) -> float:
        """Return the two-sided p-value of Student's t for a mean of nought; 1 where its error is not known."""
        if math.isnan(self.error) or self.value == 0.0:
            return 1.0
        return float(2 * stdtr(self.df, -abs(self.value) / self.error)) if self.error else 0.0


def run_mean(values: npt.ArrayLike, runs: npt.ArrayLike, classes: npt.ArrayLike | None = None) -> RunMean:
    """Return the mean over events, or over classes of the mean over their events, with its error over runs.

    With classes, a class that has two runs or more varies around its own mean; those of one run, whose variance nobody
    can tell, vary together around their common mean (collapsed strata, Cochran 5A.12).

    Parameters
    ----------
    values
        Scores `(event,)`; NaN marks an event without a score.
    runs, classes
        Labels `(event,)` of any kind.

    Raises
    ------
    BadDataError
        If lengths differ or no event has a value.
    """
    scores, run_of, there = scored(values, runs)
    group_of = np.zeros(len(scores), np.int64)
    if classes is not None:
        labels = np.asarray(classes)
        if labels.shape != there.shape:
            raise BadDataError(f"There are {there.size} scores, but {labels.size} classes.")
        group_of = np.unique(labels[there], return_inverse=True)[1].astype(np.int64)
    support = np.bincount(group_of)
    weights = 1.0 / (len(support) * support[group_of])
    value = float(weights @ scores)
    n_runs = int(run_of.max()) + 1
    error, df, tail = math.nan, math.nan, 0.0
    alike = 0.0
    if n_runs > 1:
        strata = _strata(group_of, run_of)
        error, df, tail = _error(scores, run_of, strata, weights)
        alike = _alike(scores, run_of, strata)
    trials = 1.0 / float((1.0 - alike) * (weights**2).sum() + alike * (np.bincount(run_of, weights=weights) ** 2).sum())
    return RunMean(value, error, df, tail, trials, len(scores), n_runs, int(np.count_nonzero(~there)))


def scored(values: npt.ArrayLike, runs: npt.ArrayLike) -> tuple[FloatArray, IntArray, npt.NDArray[np.bool_]]:
    """Return the scores that are there, the numbers of their runs, and which of all events they are.

    Raises
    ------
    BadDataError
        If lengths differ or no event has a value.
    """
    scores, labels = np.asarray(values, dtype=np.float64), np.asarray(runs)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise BadDataError(f"There are scores of shape {scores.shape}, but run labels of shape {labels.shape}.")
    there = ~np.isnan(scores)
    if not there.any():
        raise BadDataError("No event has a score, so there is no mean.")
    return scores[there], number_runs(labels[there])[0], there


def _strata(group_of: IntArray, run_of: IntArray) -> IntArray:
    """Return the groups with those of a single run made one; a single such group joins the first of the others."""
    cells = np.unique(np.stack([group_of, run_of]), axis=1)
    alone = np.bincount(cells[0]) == 1
    if not alone.any():
        return group_of
    first = int(np.argmax(alone)) if alone.sum() > 1 or alone.all() else int(np.argmin(alone))
    return np.where(alone[group_of], first, group_of)


def _alike(scores: FloatArray, run_of: IntArray, group_of: IntArray) -> float:
    """Return the intraclass correlation of events of a run around the mean of their group, 0..1 (one-way ANOVA)."""
    counts, groups = np.bincount(run_of), np.bincount(group_of)
    left = scores - (np.bincount(group_of, weights=scores) / np.where(groups > 0, groups, 1))[group_of]
    of_run = np.bincount(run_of, weights=left) / counts
    n, n_runs, n_groups = len(scores), len(counts), int((groups > 0).sum())
    if n == n_runs or n_runs <= n_groups:
        return 0.0
    between = float(counts @ of_run**2) / (n_runs - n_groups)
    within = float(((left - of_run[run_of]) ** 2).sum()) / (n - n_runs)
    size = (n - float((counts**2).sum()) / n) / (n_runs - 1)
    total = between + (size - 1.0) * within
    return min(max((between - within) / total, 0.0), 1.0) if total > 0.0 else 0.0


def _error(scores: FloatArray, run_of: IntArray, group_of: IntArray, weights: FloatArray) -> tuple[float, float, float]:
    """Return the standard error of the weighted sum, its degrees of freedom and its tail."""
    mass = np.bincount(group_of, weights=weights)
    centre = np.bincount(group_of, weights=weights * scores) / np.where(mass > 0, mass, 1.0)
    n_groups = len(mass)
    cell, place = np.unique(run_of * n_groups + group_of, return_inverse=True)
    group = cell % n_groups
    residual = np.bincount(place, weights=weights * (scores - centre[group_of]))
    share = np.bincount(place, weights=weights) / mass[group]  # of its group, sums to 1
    several = np.bincount(group)[group] > 1  # a group of one run deviates from itself by nothing
    correct = np.divide(1.0, 1.0 - share, out=np.ones_like(share), where=several)
    of_run = np.bincount(cell // n_groups, weights=residual * np.sqrt(correct))
    square = float(of_run @ of_run)
    tail = float((of_run**3).sum()) / square if square > 0.0 else 0.0
    return math.sqrt(square), _df(share[several], correct[several], mass[group[several]], group[several]), tail


def _df(share: FloatArray, correct: FloatArray, mass: FloatArray, group: IntArray) -> float:
    r"""Return Satterthwaite's degrees of freedom, (tr M)^2 / tr M^2, were the events of a group independent.

    M is the covariance of the corrected residuals of runs; with shares q of the group, whose weight is m, and
    corrections d, its blocks are :math:`m^2 \sqrt{d} (\mathrm{diag}\,q - q q^T) \sqrt{d}`.
    """
    size = mass**2
    trace = float(size @ (correct * share * (1.0 - share)))
    diagonal = float(size**2 @ (correct**2 * share**2 * (1.0 - 2.0 * share)))
    blocks = np.bincount(group, weights=size * correct * share**2)
    return trace**2 / (diagonal + float(blocks @ blocks))
