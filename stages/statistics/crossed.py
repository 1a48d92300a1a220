"""Intervals of a mean over people who saw the same clips: people and runs both vary.

A claim about people and clips that were not in the study must allow for both. People and runs are crossed, so what a
run has in common lies in everybody's mean, and people are no independent observations of it (Clark, J. Verb. Learn.
Verb. Behav. 1973; Owen and Eckles, Ann. Appl. Stat. 2012).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.intervals import LEVEL, OVER_RUNS, Bounds, Interval, t_interval
from eeg2vid.stages.statistics.means import RunMean, run_mean
from eeg2vid.stages.statistics.runs import FloatArray, IntArray

PEOPLE_AND_RUNS = "t over people and runs"


def crossed_interval(
    values_by_person: Sequence[tuple[npt.ArrayLike, npt.ArrayLike, str]],
    level: float = LEVEL,
    bounds: Bounds = (None, None),
) -> Interval:
    r"""Return the mean over people of their means over events, with an interval for new people and new runs.

    With mean squares of people, runs and what is left (of two-way analysis of variance without replication),

    .. math:: \mathrm{Var}(\bar x) = (MS_P + MS_R - MS_{PR}) / (P R)

    but never less than people alone or runs alone give; degrees of freedom by Satterthwaite (Biometrics 1946). Runs of
    different length and runs that some people lack weigh by their events. Where no two people share a run, people
    alone vary. One person: `mean_interval`.

    Parameters
    ----------
    values_by_person
        Scores `(event,)` with NaN where there is none, label of each event's run `(event,)`, and name, of each person.
        Equal labels are the same run, seen by several people.
    level, bounds
        As for `mean_interval`.

    Raises
    ------
    BadDataError
        If there is nobody, a person occurs twice, lengths differ, or a person has no value.
    """
    mean = crossed_mean(values_by_person)
    return t_interval(mean, level, bounds, PEOPLE_AND_RUNS if len(values_by_person) > 1 else OVER_RUNS)


def crossed_mean(values_by_person: Sequence[tuple[npt.ArrayLike, npt.ArrayLike, str]]) -> RunMean:
    """Return the mean of `crossed_interval` and how well it is known; of one person, `run_mean`."""
    if len({person for _, _, person in values_by_person}) != len(values_by_person) or not values_by_person:
        names = [person for _, _, person in values_by_person]
        raise BadDataError(f"Expected people, each once, found {names}.")
    if len(values_by_person) == 1:
        return run_mean(*values_by_person[0][:2])
    return _Cells.of(values_by_person).mean()


@dataclass(frozen=True)
class _Cells:
    """What each (person, run) adds to the mean and to the deviation from it, cell by cell."""

    person: IntArray
    run: IntArray
    weight: FloatArray
    deviation: FloatArray
    value: float
    n_events: int
    left_out: int

    @classmethod
    def of(cls, values_by_person: Sequence[tuple[npt.ArrayLike, npt.ArrayLike, str]]) -> _Cells:
        scores, labels, persons, left_out = [], [], [], 0
        for number, (values, runs, person) in enumerate(values_by_person):
            own, names = np.asarray(values, dtype=np.float64), np.asarray(runs)
            if own.ndim != 1 or own.shape != names.shape:
                raise BadDataError(f"{person} has {own.size} scores, but {names.size} run labels.")
            there = ~np.isnan(own)
            if not there.any():
                raise BadDataError(f"No event of {person} has a score, so there is no mean.")
            scores.append(own[there])
            labels.append(names[there])
            persons.append(np.full(int(there.sum()), number))
            left_out += int(np.count_nonzero(~there))
        x, person_of = np.concatenate(scores), np.concatenate(persons)
        run_of = np.unique(np.concatenate(labels), return_inverse=True)[1]
        weights = 1.0 / (len(scores) * np.bincount(person_of)[person_of])
        value = float(weights @ x)
        n_runs = int(run_of.max()) + 1
        cell, place = np.unique(person_of * n_runs + run_of, return_inverse=True)
        return cls(
            cell // n_runs,
            cell % n_runs,
            np.bincount(place, weights=weights).astype(np.float64),
            np.bincount(place, weights=weights * (x - value)).astype(np.float64),
            value,
            len(x),
            left_out,
        )

    def mean(self) -> RunMean:
        """Return the mean with its error."""
        of_people, people_share, n_people = self._margin(self.person)
        of_runs, run_share, n_runs = self._margin(self.run)
        people = n_people / (n_people - 1) * float(of_people @ of_people)
        df_rest = len(self.weight) - n_people - n_runs + 1
        if n_runs < 2 or df_rest < 1:  # nobody shares a run: what runs add is in people's means
            variance, df = people, n_people - 1.0
        else:
            runs = n_runs / (n_runs - 1) * float(of_runs @ of_runs)
            left = self.deviation - of_people[self.person] * people_share - of_runs[self.run] * run_share
            rest = len(self.weight) / df_rest * float(left @ left)
            variance, df = _combine(people, runs, rest, n_people - 1, n_runs - 1, df_rest)
        return RunMean(self.value, math.sqrt(variance), df, 0.0, self.n_events, self.n_events, n_runs, self.left_out)

    def _margin(self, which: IntArray) -> tuple[FloatArray, FloatArray, int]:
        """Return the deviation of each person (or run), the share of each cell in it, and their number."""
        total = np.bincount(which, weights=self.weight)
        return np.bincount(which, weights=self.deviation).astype(np.float64), self.weight / total[which], len(total)


def _combine(
    people: float, runs: float, rest: float, df_people: int, df_runs: int, df_rest: int
) -> tuple[float, float]:
    """Return the variance of the mean and its degrees of freedom."""
    both = people + runs - rest
    if both > max(people, runs):
        return both, both**2 / (people**2 / df_people + runs**2 / df_runs + rest**2 / df_rest)
    return max((people, float(df_people)), (runs, float(df_runs)))
