"""What the names of the rows mean: metrics by their definitions, conditions by their declarations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.scores import Contrast, Definition, Look, Measure, Score, Term, Values

AnyRow = TypeVar("AnyRow", Score, Contrast)
_MEAN = "mean-video"
_FULL = "Decoded from the EEG recorded while the clip was shown. The result."


@dataclass(frozen=True)
class Glossary:
    """The definitions of the metrics of some rows, by metric and variant."""

    definitions: dict[tuple[str, str], Definition]

    @classmethod
    def of(cls, rows: Iterable[Definition]) -> Glossary:
        """Return the glossary of some definitions; of several of one name, the last one."""
        return cls({(row.metric, row.variant): row for row in rows})

    def definition(self, row: Score | Contrast | Look | Values | Measure) -> Definition:
        """Return what a row's metric is; one that nobody defined goes by its name, the higher the better."""
        found = self.definitions.get((row.metric, row.variant))
        title = f"{row.metric} {row.variant}".strip()
        return found or Definition(
            metric=row.metric, variant=row.variant, form="event", direction="higher", low=None, high=None,
            title=title, definition="",
        )  # fmt: skip

    def name(self, row: Score | Contrast | Look | Values | Measure) -> str:
        """Return a measure as people write it: "concept balanced accuracy", "identification within run"."""
        words = f"{row.target} {self.definition(row).title}".strip()
        return f"{words} ({row.subset})" if row.subset else words

    def title(self, row: Score | Contrast) -> str:
        """Return the name as it begins a line."""
        return capital(self.name(row))


def capital(words: str) -> str:
    """Return words with a large first letter."""
    return words[:1].upper() + words[1:]


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: "one, two and three"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def grouped(rows: Iterable[AnyRow]) -> list[list[AnyRow]]:
    """Return the rows of each measure, measures in the order of their first rows."""
    groups: dict[Measure, list[AnyRow]] = {}
    for row in rows:
        groups.setdefault(row.measure, []).append(row)
    return list(groups.values())


def about(condition: str, terms: Iterable[Term] = ()) -> str:
    """Return what a condition shows, in a sentence for the reader of the report; a term of its name says it better."""
    if condition == FULL:
        return _FULL
    told = next((term.sentence for term in terms if term.term == condition), "")
    if told:
        return told
    return CONDITIONS[condition].sentence if condition in CONDITIONS else "A condition of this recipe."


def kind_of(condition: str) -> str:
    """Return the kind of a condition; one that nobody declared is held for a control."""
    return CONDITIONS[condition].kind if condition in CONDITIONS else "control"


def constant(condition: str, terms: Iterable[Term] = ()) -> str:
    """Return what a condition shows to every clip alike, in words; empty where clips differ.

    Where a term tells of the mean video nothing was trained here: it is the mean of the true clips.
    """
    if condition == _MEAN and any(term.term == _MEAN for term in terms):
        return "the mean of the true clips"
    return CONDITIONS[condition].constant if condition in CONDITIONS else ""


def full_first(rows: Sequence[Score]) -> list[Score]:
    """Return rows of one measure: the full condition, then clocks, then the others."""
    return sorted(rows, key=lambda row: (row.condition != FULL, kind_of(row.condition) != "clock"))
