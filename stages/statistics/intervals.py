"""95 % intervals whose unit is the run, or runs and people: they cover what they say also where runs are few.

A percentile bootstrap over few runs is too narrow: of means it covers .86 at six runs, of rare hits .62. Student's t
over runs (the linearised variance of a ratio of sums, Cochran, *Sampling Techniques*, 1977, section 9A) covers .95
from six runs on. Hits are few and skewed, so theirs are intervals of a proportion with the number of independent
trials that the spread between runs leaves (Korn and Graubard, Survey Methodology 1998; Kish, *Survey Sampling*, 1965).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.proportion import exact_interval, wilson_interval
from eeg2vid.stages.statistics.runs import FloatArray, IntArray, number_runs

LEVEL = 0.95
FEW_HITS = 5.0  # expected among the effective trials; below, only an exact interval covers


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
    how
        How the interval was found.
    """

    value: float
    low: float
    high: float
    n_events: int
    n_runs: int
    left_out: int
    how: str = ""


def mean_interval(
    values: npt.ArrayLike,
    runs: npt.ArrayLike,
    level: float = LEVEL,
    bounds: tuple[float | None, float | None] = (None, None),
) -> Interval:
    """Return the mean over events, with Student's t over runs.

    Parameters
    ----------
    values
        Scores `(event,)`; NaN marks an event without a score.
    runs
        Label of each event's run `(event,)`.
    level
        Coverage.
    bounds
        Least and greatest possible value, which the interval does not leave.

    Raises
    ------
    BadDataError
        If lengths differ or no event has a value.
    """
    scores, run_of, left_out = scored(values, runs)
    n_runs, n = int(run_of.max()) + 1, len(scores)
    mean = float(scores.mean())
    if n_runs < 2:
        return Interval(mean, np.nan, np.nan, n, n_runs, left_out)
    half = float(student.isf((1 - level) / 2, n_runs - 1)) * _error(scores - mean, run_of)
    low, high = _within(mean - half, mean + half, bounds)
    return Interval(mean, low, high, n, n_runs, left_out, "t over runs")


def hit_interval(values: npt.ArrayLike, runs: npt.ArrayLike, level: float = LEVEL) -> Interval:
    """Return the share of hits, with Wilson's interval on effective trials; where few hits are expected, the exact one.

    Effective are as many independent trials as have the spread that runs have, never more than there are events, and
    fewer where few runs tell that spread (Korn and Graubard's factor). Clopper and Pearson's interval serves where
    fewer than five hits, or misses, would be expected of them.

    Parameters
    ----------
    values
        Hits `(event,)`, 0 to 1; NaN marks an event without one.
    runs, level
        As for `mean_interval`.

    Raises
    ------
    BadDataError
        If lengths differ, no event has a value, or one is not in 0..1.
    """
    scores, run_of, left_out = scored(values, runs)
    if scores.min() < -1e-9 or scores.max() > 1 + 1e-9:
        raise BadDataError(f"Hits lie between 0 and 1, found {scores.min():g} to {scores.max():g}.")
    n_runs, n = int(run_of.max()) + 1, len(scores)
    share = float(np.clip(scores.mean(), 0.0, 1.0))
    if n_runs < 2:
        return Interval(share, np.nan, np.nan, n, n_runs, left_out)
    trials = _effective(share, _error(scores - share, run_of), n, n_runs, level)
    few = min(share, 1 - share) * trials < FEW_HITS
    low, high = (exact_interval if few else wilson_interval)(share * trials, trials, level)
    how = f"{'exact' if few else 'Wilson'} on {trials:.0f} effective trials"
    return Interval(share, low, high, n, n_runs, left_out, how)


def class_mean_interval(
    values: npt.ArrayLike, classes: npt.ArrayLike, runs: npt.ArrayLike, level: float = LEVEL
) -> Interval:
    """Return the mean over classes of the mean over their events (balanced accuracy), with Student's t over runs.

    The classes are no sample: what varies is how well each is recognised, from run to run. A class of one run is
    compared with the other classes of one run instead.

    Parameters
    ----------
    values
        Scores of each event `(event,)`, e.g. top-1 hits; NaN marks an event without a score.
    classes
        True class of each event `(event,)`, labels of any kind.
    runs, level
        As for `mean_interval`.

    Raises
    ------
    BadDataError
        If lengths differ or no event has a value.
    """
    scores, run_of, left_out = scored(values, runs)
    kept = np.asarray(classes)
    if kept.shape != (len(scores) + left_out,):
        raise BadDataError(f"There are {len(scores) + left_out} scores, but {kept.size} classes.")
    names, class_of = np.unique(kept[~np.isnan(np.asarray(values, np.float64))], return_inverse=True)
    counts = np.bincount(class_of)
    recalls = np.bincount(class_of, weights=scores) / counts
    mean, n_runs, n = float(recalls.mean()), int(run_of.max()) + 1, len(scores)
    if n_runs < 2:
        return Interval(mean, np.nan, np.nan, n, n_runs, left_out)
    runs_of_class = np.array([len(np.unique(run_of[class_of == k])) for k in range(len(names))])
    alone = runs_of_class == 1
    centre = np.where(alone, recalls[alone].mean() if alone.any() else 0.0, recalls)
    strata = np.where(alone, max(2, int(alone.sum())), runs_of_class)
    grow = np.sqrt(strata / (strata - 1))
    weights = n / (len(names) * counts)
    spread = (grow * weights)[class_of] * (scores - centre[class_of])
    error = _error(spread, run_of) * np.sqrt((n_runs - 1) / n_runs)  # the small-sample factor is in `grow`
    free = max(1, int((strata - 1)[~alone].sum() + max(0, alone.sum() - 1)))
    half = float(student.isf((1 - level) / 2, min(free, n_runs - 1))) * error
    return Interval(mean, max(0.0, mean - half), min(1.0, mean + half), n, n_runs, left_out, "t over runs")


def crossed_interval(
    people: Sequence[tuple[npt.ArrayLike, npt.ArrayLike, str]],
    level: float = LEVEL,
    bounds: tuple[float | None, float | None] = (None, None),
) -> Interval:
    """Return the mean over people of their means, with an interval for other people and other runs.

    People see the same runs, so both vary: of a table person x run the variance of the mean is
    (MS_people + MS_runs - MS_rest) / (people x runs), its degrees of freedom by Satterthwaite (Biometrics Bulletin
    1946). It is never taken for less than either alone. Where somebody lacks runs that others have, people alone
    are the unit.

    Parameters
    ----------
    people
        Of each person: values `(event,)`, runs by names that people share `(event,)`, and a name.
    level, bounds
        As for `mean_interval`.

    Raises
    ------
    BadDataError
        If there is nobody, or somebody without a value.
    """
    found = crossed_mean(people)
    if not found.free:
        return Interval(found.value, np.nan, np.nan, found.n_events, found.n_runs, found.left_out)
    half = float(student.isf((1 - level) / 2, found.free)) * found.error
    low, high = _within(found.value - half, found.value + half, bounds)
    return Interval(found.value, low, high, found.n_events, found.n_runs, found.left_out, found.how)


@dataclass(frozen=True)
class Mean:
    """A mean over people, its standard error and degrees of freedom (0: nothing tells), and what it rests on."""

    value: float
    error: float
    free: float
    n_events: int
    n_runs: int
    left_out: int
    how: str

    def p(self, against: float = 0.0) -> float:
        """Return the two-sided p-value of Student's t against a value; 1 where nothing tells."""
        if not self.free:
            return 1.0
        gap = abs(self.value - against)
        if self.error == 0.0:
            return 1.0 if gap == 0.0 else 0.0
        return float(2 * student.sf(gap / self.error, self.free))

    def p_within(self, margin: float) -> float:
        """Return the p-value of two one-sided tests: that the mean is not within plus or minus a margin.

        Small: it is as good as nought (Schuirmann, J. Pharmacokinet. Biopharm. 1987).
        """
        if not self.free:
            return 1.0
        if self.error == 0.0:
            return 0.0 if abs(self.value) < margin else 1.0
        return float(student.sf((margin - abs(self.value)) / self.error, self.free))


def crossed_mean(people: Sequence[tuple[npt.ArrayLike, npt.ArrayLike, str]]) -> Mean:
    """Return the mean over people of their means, and how sure it is; see `crossed_interval`."""
    if not people:
        raise BadDataError("There is nobody to take a mean over.")
    if len(people) == 1:
        scores, run_of, missing = scored(people[0][0], people[0][1])
        n_runs, mean = int(run_of.max()) + 1, float(scores.mean())
        error = _error(scores - mean, run_of) if n_runs > 1 else 0.0
        return Mean(mean, error, n_runs - 1.0, len(scores), n_runs, missing, "t over runs")
    cells: list[dict[object, float]] = []
    own, events, left_out = [], 0, 0
    for values, runs, _ in people:
        names = np.asarray(runs)
        given = np.asarray(values, dtype=np.float64)
        there = ~np.isnan(given)
        scores, run_of, missing = scored(given, names)
        means = np.bincount(run_of, weights=scores) / np.bincount(run_of)
        cells.append(dict(zip(np.unique(names[there]).tolist(), means.tolist(), strict=True)))
        own.append(float(scores.mean()))
        events, left_out = events + len(scores), left_out + missing
    mean = float(np.mean(own))
    shared = set(cells[0])
    crossed = len(shared) > 1 and all(set(one) == shared for one in cells)
    table = np.array([[one[run] for run in sorted(shared, key=str)] for one in cells]) if crossed else None
    error, free = _of_people(np.array(own)) if table is None else _of_both(table)
    how = "t over people" if table is None else "runs x people"
    return Mean(mean, error, free, events, len(shared), left_out, how)


def scored(values: npt.ArrayLike, runs: npt.ArrayLike) -> tuple[FloatArray, IntArray, int]:
    """Return the scores that are there, the numbers of their runs, and how many are not there."""
    scores, labels = np.asarray(values, dtype=np.float64), np.asarray(runs)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise BadDataError(f"There are scores of shape {scores.shape}, but run labels of shape {labels.shape}.")
    there = ~np.isnan(scores)
    if not there.any():
        raise BadDataError("No event has a score, so there is no mean.")
    return scores[there], number_runs(labels[there])[0], int(np.count_nonzero(~there))


def _error(residuals: FloatArray, run_of: IntArray) -> float:
    """Return the standard error of a mean from what is left of its events, runs being the units."""
    sums = np.bincount(run_of, weights=residuals)
    return float(np.sqrt(len(sums) / (len(sums) - 1) * np.square(sums).sum()) / len(residuals))


def _effective(share: float, error: float, n: int, n_runs: int, level: float) -> int:
    """Return the number of independent trials with the same standard error, for few runs fewer."""
    tail = (1 - level) / 2
    free = min(1.0, (student.isf(tail, max(1, n - 1)) / student.isf(tail, n_runs - 1)) ** 2)
    spread = share * (1 - share)
    told = n if error == 0.0 else spread / error**2
    if spread == 0.0 or error == 0.0:  # all runs alike: nothing tells how clips of a run depend on each other
        told = n_runs
    return max(1, int(min(n, told) * free))


def _of_people(means: FloatArray) -> tuple[float, float]:
    return float(means.std(ddof=1) / np.sqrt(len(means))), float(len(means) - 1)


def _of_both(table: FloatArray) -> tuple[float, float]:
    """Return standard error and degrees of freedom of the mean of a table `(person, run)`."""
    people, runs = table.shape
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    rest = table - rows[:, None] - columns + table.mean()
    ms_people = runs * rows.var(ddof=1)
    ms_runs = people * columns.var(ddof=1)
    ms_rest = float(np.square(rest).sum() / ((people - 1) * (runs - 1)))
    total = ms_people + ms_runs - ms_rest
    if total <= max(ms_people, ms_runs):
        larger = ms_people >= ms_runs
        total, free = (ms_people, people - 1.0) if larger else (ms_runs, runs - 1.0)
        return float(np.sqrt(total / (people * runs))), free
    parts = ms_people**2 / (people - 1) + ms_runs**2 / (runs - 1) + ms_rest**2 / ((people - 1) * (runs - 1))
    return float(np.sqrt(total / (people * runs))), max(1.0, float(total**2 / parts))


def _within(low: float, high: float, bounds: tuple[float | None, float | None]) -> tuple[float, float]:
    least, most = bounds
    return (low if least is None else max(least, low)), (high if most is None else min(most, high))
