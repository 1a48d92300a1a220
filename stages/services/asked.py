"""Which scores somebody asks for, and what a measure is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.scores import Definition
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.metrics.table import METRICS
from eeg2vid.stages.reporting.glossary import about
from eeg2vid.stages.reporting.titles import DECODED, asked, said
from eeg2vid.stages.services.comparing import COLUMNS

EVERY = "all"
VIDEOS = "videos"
"""The target of what is scored as clips, as people name it."""

Row = Mapping[str, Any]
_CHANCE = {
    "analytic": "a formula",
    "pairing": "measured: what wrong pairings of runs score",
    "majority": "always naming the class that is commonest in training",
}


@dataclass(frozen=True)
class Asked:
    """Which rows: of a condition, some metrics, targets and subsets; nothing named: those that a verdict rests on.

    A metric is named as such (`ssim`: all its variants), as METRIC:VARIANT, or as tables write the measure.
    """

    condition: str = FULL
    metrics: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    subsets: tuple[str, ...] = ()
    everything: bool = False

    @classmethod
    def of(
        cls, condition: str, metrics: Sequence[str], targets: Sequence[str], subsets: Sequence[str], everything: bool
    ) -> Asked:
        """Return what somebody asks for in the words of the tables."""
        named = tuple("" if target == VIDEOS else target for target in targets)
        return cls(asked(condition), tuple(metrics), named, tuple(subsets), everything)

    def takes(self, row: Row, definitions: Mapping[tuple[str, str], Definition]) -> bool:
        """Tell whether a row is asked for."""
        if self.condition not in (EVERY, row.get("condition", self.condition)):
            return False
        if (self.targets and row["target"] not in self.targets) or (self.subsets and row["subset"] not in self.subsets):
            return False
        if self.metrics:
            return any(word in names_of(row) for word in self.metrics)
        told = definitions.get((row["metric"], row["variant"]))
        return self.everything or told is None or told.lead

    def require(self, rows: Iterable[Row]) -> None:
        """Refuse what no row has.

        Raises
        ------
        UsageError
            If there is no such metric, target, subset or condition.
        MissingInputError
            If the condition is one that was not scored here.
        """
        kept = list(rows)
        _known("metric", self.metrics, (name for row in kept for name in names_of(row)))
        _known("target", self.targets, (row["target"] for row in kept), lambda name: name or VIDEOS)
        _known("subset", self.subsets, (row["subset"] for row in kept if row["subset"]))
        there = dict.fromkeys(row["condition"] for row in kept)
        if self.condition in (EVERY, *there):
            return
        if self.condition in CONDITIONS:
            raise MissingInputError(
                f"Condition '{self.condition}' was not scored here, only {', '.join(map(said, there))}.",
                f"Run first:\n  eeg2vid run --condition {self.condition}",
            )
        near = did_you_mean(self.condition, [*there, DECODED])
        raise UsageError(f"There is no condition '{self.condition}'.{near}")


def names_of(row: Row) -> tuple[str, ...]:
    """Return what the measure of a row may be called."""
    return row["metric"], _code(row["metric"], row["variant"]), row["name"]


def _code(metric: str, variant: str) -> str:
    return f"{metric}:{variant}" if variant else metric


def _known(
    what: str, words: Sequence[str], there: Iterable[str], shown: Callable[[str], str] = lambda name: name
) -> None:
    known = list(dict.fromkeys(map(shown, there)))
    for word in map(shown, words):
        if word not in known:
            near = did_you_mean(word, known) or _listed(known)
            raise UsageError(f"No {what} '{word}' was scored here.{near}", "All of them: eeg2vid compare --all")


def _listed(known: Sequence[str]) -> str:
    if not known:
        return " There is none."
    return f" There are: {', '.join(known)}." if len(known) < 12 else ""


def explained(word: str, rows: Iterable[Row]) -> list[tuple[str, list[dict[str, str]]]]:
    """Return what a measure, a condition or the CSV's columns (`columns`) are: titles, and what is to be said of each.

    Raises
    ------
    UsageError
        If nothing goes by that name.
    """
    if word == "columns":
        return [("Columns of the CSV", [{"column": name, "holds": text} for name, text in COLUMNS.items()])]
    if asked(word) in (FULL, *CONDITIONS):
        return [(said(asked(word)), [{"about": "condition", "says": about(asked(word))}])]
    scored = list(rows)
    found = [
        (f"{one.title} ({_code(metric.name, variant)})", _facts(metric.definition(variant), one.chance, scored))
        for metric in METRICS.values()
        for variant, one in metric.variants.items()
        if word in (metric.name, _code(metric.name, variant), one.title)
        or any(word in names_of(row) and _is(row, metric.name, variant) for row in scored)
    ]
    if not found:
        known = [*METRICS, *(_code(m.name, v) for m in METRICS.values() for v in m.variants), *CONDITIONS, DECODED]
        raise UsageError(f"There is no measure or condition '{word}'.{did_you_mean(word, known)}")
    return found


def _is(row: Row, metric: str, variant: str) -> bool:
    return (row["metric"], row["variant"]) == (metric, variant)


def _facts(told: Definition, chance: str, scored: Sequence[Row]) -> list[dict[str, str]]:
    """Return what is to be said of one measure."""
    low, high = ("no bound" if end is None else f"{end:g}" for end in (told.low, told.high))
    here = sorted({row["target"] or VIDEOS for row in scored if _is(row, told.metric, told.variant)})
    said_of = {
        "definition": told.definition,
        "source": told.source or "none: its own definition",
        "better": f"{told.direction} values",
        "bounds": f"{low} to {high}",
        "chance": "none: it is never tested and never evidence" if told.look else _CHANCE[chance],
        "verdict": "rests on it" if told.lead and not told.look else "does not rest on it",
        "scored here": ", ".join(here) or "no",
    }
    return [{"about": name, "says": text} for name, text in said_of.items()]
