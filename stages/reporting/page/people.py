"""The index's line of each subject: the numbers that a reader looks for first, and the sample of clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.scores import Measure, Score
from eeg2vid.stages.reporting.findings import Tone
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.numbers import interval, level_of, number, plain_p
from eeg2vid.stages.reporting.page.sample import Sample, sample_of
from eeg2vid.stages.reporting.page.views import SubjectView
from eeg2vid.stages.reporting.rules import BALANCED


@dataclass(frozen=True)
class Person:
    """One subject on the index: its page, its verdict, and value, interval, chance and p of each headline measure."""

    label: str
    href: str
    tone: Tone
    headline: str
    cells: tuple[tuple[str, str, str, str], ...]


def headline_measures(scores: Iterable[Score], glossary: Glossary) -> list[Score]:
    """Return a row of each measure that stands for a subject, of those on which a verdict rests.

    Of videos the first, and the first that tells clips of one run apart; of labels the first balanced accuracy; of
    values the first, where there is nothing else.
    """
    rows = [row for row in scores if row.condition == FULL and glossary.definition(row).lead]
    videos, labels, values = ([row for row in rows if row.kind == k] for k in ("video", "classification", "value"))
    apart = [row for row in videos if glossary.definition(row).apart]
    balanced = [row for row in labels if row.metric == BALANCED] or labels
    found = {row.measure: row for row in (*videos[:1], *apart[:1], *balanced[:1])}
    return list(found.values()) or values[:1]


def person_line(view: SubjectView, measures: Sequence[Measure], tone: Tone, headline: str) -> Person:
    """Return a subject's line."""
    own = {row.measure: row for row in view.scores if row.condition == FULL}
    cells = tuple(_cells(own.get(measure)) for measure in measures)
    return Person(view.label, view.page, tone, headline, cells)


def _cells(row: Score | None) -> tuple[str, str, str, str]:
    if row is None:
        return ("–", "–", "–", "–")
    return (number(row.value), interval(row), number(level_of(row)), plain_p(row.p))


def sample_of_view(view: SubjectView, glossary: Glossary) -> Sample:
    """Take a subject's sample by its first headline measure that has a value for every event."""
    person = view.person
    for row in headline_measures(view.scores, glossary):
        values = None if person is None else person.given.get((row.measure, FULL))
        if person is None or values is None:
            continue
        of_event = dict(zip(person.events, values.tolist(), strict=True))
        mine = [of_event.get((shown.event, shown.fold), float("nan")) for shown in view.shown]
        lower = glossary.definition(row).direction == "lower"
        return sample_of(len(view.shown), glossary.name(row), mine, lower_is_better=lower)
    return sample_of(len(view.shown))
