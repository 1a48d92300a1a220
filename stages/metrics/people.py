"""One measure over people: their mean, its interval, and whether anybody, or people, show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.scores import Measure, Score, Values
from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.statistics.adjust import holm
from eeg2vid.stages.statistics.crossed import crossed_interval
from eeg2vid.stages.statistics.intervals import Bounds, Interval
from eeg2vid.stages.statistics.people import JointTest, joint_test

Asked = tuple[Measure, str]
"""A measure and a condition."""


@dataclass(frozen=True)
class EventValues:
    """What one metric of one condition gives each event `(event,)`, NaN where not asked; see `Values`.

    A quarter of the memory of the row that it comes from.
    """

    measure: Measure
    condition: str
    values: FloatArray
    wrong: FloatArray

    @classmethod
    def of(cls, row: Values) -> EventValues:
        """Return what a row holds."""
        return cls(row.measure, row.condition, _array(row.values), _array(row.wrong))


def _array(values: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


@dataclass(frozen=True)
class Person:
    """The scores of one person, and what they rest on.

    Attributes
    ----------
    scores
        Rows of the artifact.
    values
        What each measure gives each of its events.
    events
        Name and fold of each of its events.
    runs
        Run of each of its events, the same name in everybody for the same place of the study `(event,)`.
    null
        Of the scores that have an exchange, in their order `(null, permutation)`; None: none was kept.
    """

    subject: str
    scores: Sequence[Score]
    values: Sequence[EventValues]
    events: Sequence[tuple[str, str]]
    runs: NDArray
    null: FloatArray | None = None

    @cached_property
    def rows(self) -> Mapping[Asked, Score]:
        """The score of each measure and condition."""
        return {(row.measure, row.condition): row for row in self.scores}

    @cached_property
    def given(self) -> Mapping[Asked, FloatArray]:
        """The values of events `(event,)`, NaN where not asked."""
        return {(row.measure, row.condition): row.values for row in self.values}

    @cached_property
    def eased(self) -> Mapping[Asked, FloatArray]:
        """The same less what decoded clips of other runs score with each truth: an easy clip is easy for everything.

        Their mean is the score, and they vary as it does when runs change places. Values without wrong pairings stay.
        """
        found = dict(self.given)
        for row in self.values:
            key, wrong = (row.measure, row.condition), row.wrong
            if len(wrong) == len(found[key]) and (both := np.isfinite(wrong) & np.isfinite(found[key])).any():
                found[key] = np.where(both, found[key] - wrong + wrong[both].mean(), found[key])
        return found

    @cached_property
    def nulls(self) -> Mapping[Asked, tuple[str, FloatArray]]:
        """The exchange, and the score under each relabeling of runs `(permutation,)`."""
        kept = [row for row in self.scores if row.exchange]
        null = () if self.null is None else self.null
        return {(row.measure, row.condition): (row.exchange, one) for row, one in zip(kept, null, strict=False)}


@dataclass(frozen=True)
class Together:
    """One measure of one condition over people.

    Attributes
    ----------
    rows
        Of each person.
    interval
        Mean over people, and its interval over runs and people.
    chance, baseline
        Means over people.
    joint
        The test of people's mean under common relabelings of runs; None: not tested.
    p_adjusted
        Its p after Holm's correction for the measures of the condition.
    alike
        Whether all people's runs were relabeled alike: only then may what drifts with the time of the study be shared.
    """

    measure: Measure
    condition: str
    rows: tuple[Score, ...]
    interval: Interval
    chance: float
    baseline: float | None
    above_chance: float | None
    joint: JointTest | None
    p_adjusted: float | None
    alike: bool


def together(people: Sequence[Person], lower_is_better: frozenset[Measure] = frozenset()) -> list[Together]:
    """Join the scores of people, measure by measure and condition by condition, in the order of the first.

    Parameters
    ----------
    people
        Whoever was scored by one system.
    lower_is_better
        Measures of which small values are the good ones.
    """
    asked = dict.fromkeys(key for person in people for key in person.rows)
    found = [_joined(people, one, one[0] in lower_is_better) for one in asked]
    corrected: dict[Asked, float] = {}
    for condition in dict.fromkeys(one.condition for one in found):
        tested = [one for one in found if one.condition == condition and one.joint is not None]
        p = holm([one.joint.p for one in tested if one.joint is not None])
        corrected.update({(one.measure, condition): value for one, value in zip(tested, p, strict=True)})
    return [_corrected(one, corrected.get((one.measure, one.condition))) for one in found]


def _joined(people: Sequence[Person], key: Asked, lower: bool) -> Together:
    there = [person for person in people if key in person.rows]
    rows = tuple(person.rows[key] for person in there)
    interval = _interval(there, key)
    chance = float(np.mean([row.chance for row in rows]))
    least = [row.baseline for row in rows if row.baseline is not None]
    best = _best(rows)
    joint, alike = _tested(there, key, lower)
    return Together(
        *key,
        rows=rows,
        interval=interval,
        chance=chance,
        baseline=float(np.mean(least)) if least else None,
        above_chance=None if best is None or best == chance else (interval.value - chance) / (best - chance),
        joint=joint,
        p_adjusted=None,
        alike=alike,
    )


def _corrected(one: Together, p: float | None) -> Together:
    return one if p is None else replace(one, p_adjusted=p)


def _interval(people: Sequence[Person], key: Asked) -> Interval:
    """Return the mean over people, with an interval over runs and people; of one person, that person's own."""
    if len(people) == 1 or not all(key in person.given for person in people):
        row = people[0].rows[key]
        low, high = (float("nan") if one is None else one for one in (row.low, row.high))
        value = row.value if len(people) == 1 else float(np.mean([person.rows[key].value for person in people]))
        if len(people) > 1:
            low = high = float("nan")
        return Interval(value, low, high, row.n_events, row.n_runs, 0, row.interval)
    return crossed_interval(
        [(person.eased[key], person.runs, person.subject) for person in people], bounds=bounds_of(key)
    )


def bounds_of(key: Asked) -> Bounds:
    """Return the lowest and the highest possible score of what was asked; None: there is none, or no such metric."""
    metric = METRICS.get(key[0].metric)
    return metric.bounds if metric else (None, None)


def _best(rows: Sequence[Score]) -> float | None:
    """Return the best possible value, from what each person's share of the way to it says."""
    for row in rows:
        if row.above_chance not in (None, 0.0):
            assert row.above_chance is not None
            return row.chance + (row.value - row.chance) / row.above_chance
    return None


def _tested(people: Sequence[Person], key: Asked, lower: bool) -> tuple[JointTest | None, bool]:
    """Test people's mean; None where somebody has no null."""
    if not all(key in person.nulls for person in people):
        return None, False
    sign = -1.0 if lower else 1.0
    observed = np.array([sign * person.rows[key].value for person in people])
    size = min(len(person.nulls[key][1]) for person in people)
    nulls = np.array([sign * person.nulls[key][1][:size] for person in people], dtype=np.float64)
    return joint_test(observed, nulls), len({person.nulls[key][0] for person in people}) == 1
