"""Two systems on the same events: their difference, its interval, and whether it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2vid.schemas.scores import Measure
from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.people import Asked, Person, bounds_of
from eeg2vid.stages.statistics.crossed import crossed_interval, crossed_mean
from eeg2vid.stages.statistics.differences import reach
from eeg2vid.stages.statistics.equivalence import equivalence_of
from eeg2vid.stages.statistics.intervals import Interval
from eeg2vid.stages.statistics.runs import IntArray
from eeg2vid.stages.statistics.variance import variance_split


@dataclass(frozen=True)
class Versus:
    """System A minus system B on one measure of one condition.

    Attributes
    ----------
    difference
        Over the people and events that both scored.
    p
        Two-sided; of several people, runs and people both vary.
    p_same
        That they do not differ by more than the margin is claimed where this is small; None: no margin was stated.
    """

    measure: Measure
    condition: str
    difference: Interval
    p: float
    p_same: float | None
    people: int


def versus(ours: Sequence[Person], theirs: Sequence[Person], margin: float | None = None) -> list[Versus]:
    """Hold one system against another, wherever both scored the same events of the same people.

    Parameters
    ----------
    ours, theirs
        The people scored by each.
    margin
        How far apart they may be and still count as equal, in units of the measure.
    """
    other = {person.subject: person for person in theirs}
    pairs = [(person, other[person.subject]) for person in ours if person.subject in other]
    asked = dict.fromkeys(key for a, b in pairs for key in a.given if key in b.given)
    found = []
    for key in asked:
        rows = [_difference(a, b, key) for a, b in pairs if key in a.given and key in b.given]
        people = [(gap, runs, subject) for gap, runs, subject in rows if np.isfinite(gap).any()]
        if not people:
            continue
        mean = crossed_mean(people)
        same = None if margin is None or mean.n_runs < 2 else equivalence_of(mean, margin).p
        found.append(Versus(*key, crossed_interval(people, bounds=reach(bounds_of(key))), mean.p(), same, len(people)))
    return found


def _difference(a: Person, b: Person, key: Asked) -> tuple[FloatArray, IntArray, str]:
    """Return the differences of the events that both have, their runs, and whose they are."""
    place = {event: index for index, event in enumerate(b.events)}
    mine = [k for k, event in enumerate(a.events) if event in place]
    gap = a.given[key][mine] - b.given[key][[place[a.events[k]] for k in mine]]
    return gap, a.runs[mine], a.subject


def variance_over_seeds(everybody: Sequence[tuple[str, Person]], key: Asked) -> dict[str, float | None]:
    """Return the share of the variance of scores, run by run, that people, runs and seeds have.

    Parameters
    ----------
    everybody
        Every person scored by each system, with the system's name: systems are one but for their seeds.
    key
        What is asked.
    """
    values, people, runs, seeds = [], [], [], []
    for system, person in everybody:
        if key not in person.given:
            continue
        given = person.given[key]
        for run in np.unique(person.runs[np.isfinite(given)]):
            values.append(float(np.nanmean(given[person.runs == run])))
            people.append(person.subject)
            runs.append(str(run))
            seeds.append(system)
    if len(values) < 2:
        return {}
    split = variance_split(values, {"people": people, "runs": runs, "seeds": seeds})
    total = sum(one for one in split.values() if one is not None)
    return {name: None if one is None or total == 0.0 else one / total for name, one in split.items()}
