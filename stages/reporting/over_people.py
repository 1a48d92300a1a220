"""People tested together: every measure in one test, and of whom it shows something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eeg2vid.schemas.conditions import FULL
from eeg2vid.stages.metrics.people import Asked, Person, Together, together
from eeg2vid.stages.reporting.evidence import ALPHA, Evidence
from eeg2vid.stages.reporting.findings import ClockedTogether, Whose
from eeg2vid.stages.reporting.glossary import Glossary

Joint = Mapping[Asked, Together]
"""Measures and conditions over people, in one test each."""


def over_people(everybody: Sequence[Person | None], glossary: Glossary) -> Joint:
    """Join people's rows; nothing where there is one, or where somebody's nulls were not kept."""
    people = [one for one in everybody if one is not None and one.nulls]
    if len(people) < max(2, len(everybody)):
        return {}
    rows = (row for person in people for row in person.scores)
    lower = frozenset(row.measure for row in rows if glossary.definition(row).direction == "lower")
    return {(one.measure, one.condition): one for one in together(people, lower)}


def whose(over: Together, lower_is_better: bool) -> Whose:
    """Tell of whom a measure is shown: people, somebody, nobody; what the majority reaches is nothing.

    Of people: without the strongest, too, and in a share of the population whose bound is above nought.
    """
    if over.joint is None:
        return ""
    least = [over.chance] + ([] if over.baseline is None else [over.baseline])
    value = over.interval.value
    beyond = value < min(least) if lower_is_better else value > max(least)
    if not beyond or over.joint.p >= ALPHA:
        return "nobody"
    return "people" if over.joint.of_people(ALPHA) else "somebody"


def share_of(over: Together) -> str:
    """Return the share of people in which a measure is shown at least, in words; empty where none is."""
    found = None if over.joint is None else over.joint.prevalence
    return "" if found is None or found.bound is None else f"more than {found.bound:.0%} of people"


def of_all(items: Sequence[Evidence], joint: Joint) -> Together | None:
    """Return a measure over people, if it was tested in one test."""
    found = joint.get((items[0].score.measure, FULL))
    return found if found is not None and found.joint is not None else None


def clocked_together(items: Sequence[Evidence], joint: Joint) -> list[ClockedTogether]:
    """Return the clocks that beat chance over people, in one test each."""
    own, found = joint[items[0].score.measure, FULL], []
    for clock in clocks_of(items):
        vote = joint.get((items[0].score.measure, clock))
        if vote is None or vote.joint is None or vote.joint.p >= ALPHA:
            continue
        gap = own.interval.value - vote.interval.value
        level = gap >= 0 if items[0].lower_is_better else gap <= 0
        found.append(ClockedTogether(items[0].name, clock, own, vote, level))
    return found


def clocks_of(items: Sequence[Evidence]) -> list[str]:
    """Return the clocks that stand beside a measure."""
    return list(dict.fromkeys(row.condition for item in items for row in item.clocks))
