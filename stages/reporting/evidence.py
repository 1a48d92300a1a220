"""The tests of one measure of one subject: what counts as evidence, and what survives correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eeg2vid.schemas.conditions import FULL, SHUFFLED_RUNS
from eeg2vid.schemas.scores import RUNS_UNKNOWN, Contrast, Definition, Kind, Score
from eeg2vid.stages.metrics.people import Person
from eeg2vid.stages.reporting.glossary import Glossary, grouped, kind_of

ALPHA = 0.05
Status = Literal["yes", "mixed", "worse", "no", "untested"]


@dataclass(frozen=True)
class Evidence:
    """The tests of one measure of one subject, and the other conditions.

    Attributes
    ----------
    score
        The row of the full condition.
    definition, name
        What the metric is; the measure as people write it.
    contrasts, others
        By condition.
    spread
        Standard deviation of the score under relabelings of runs; None: not kept.
    """

    score: Score
    definition: Definition
    name: str
    contrasts: dict[str, Contrast]
    others: dict[str, Score]
    spread: float | None = None

    @property
    def lower_is_better(self) -> bool:
        """Whether a small value is a good one."""
        return self.definition.direction == "lower"

    @property
    def controls(self) -> list[str]:
        """What `full` should beat: neither ceilings, parts left out nor clocks; shuffled runs are a test themselves."""
        return [name for name in self.others if name != SHUFFLED_RUNS and kind_of(name) == "control"]

    @property
    def clocks(self) -> list[Score]:
        """What nothing but the time scores."""
        return [row for name, row in self.others.items() if kind_of(name) == "clock"]

    def gain(self, control: str) -> float:
        """Return how much better `full` is than a control, positive where it is better."""
        contrast = self.contrasts.get(control)
        difference = self.score.value - self.others[control].value if contrast is None else contrast.difference
        return -difference if self.lower_is_better else difference

    def beats(self, control: str) -> bool:
        """Return whether `full` is shown to be better than a control."""
        contrast = self.contrasts.get(control)
        return contrast is not None and contrast.p < ALPHA and self.gain(control) > 0

    def reached_by(self, other: Score) -> bool:
        """Return whether another condition is no worse than `full`."""
        own = self.score.value
        return other.value <= own if self.lower_is_better else other.value >= own

    @property
    def tests(self) -> list[float]:
        """The p-values for being better than chance and than shuffled runs; 1 where it is not even on their far side.

        Of labels the first says it all: their hits are few and skewed, and a contrast would only lose power.
        """
        contrast = None if self.score.kind == "classification" else self.contrasts.get(SHUFFLED_RUNS)
        against = [] if contrast is None else [contrast.p if self.gain(SHUFFLED_RUNS) > 0 else 1.0]
        return [*([] if self.score.p is None else [self.score.p if self.beyond else 1.0]), *against]

    @property
    def beyond(self) -> bool:
        """Whether the value is beyond what knowing nothing scores, and beyond always naming the majority."""
        row, least = self.score, [self.score.chance]
        least += [] if row.baseline is None else [row.baseline]
        return row.value < min(least) if self.lower_is_better else row.value > max(least)

    @property
    def tells_clips(self) -> bool:
        """Whether it tells clips apart, not only what the clips of a run share."""
        runs_known = RUNS_UNKNOWN not in self.score.note
        return self.definition.apart or (runs_known and self.score.n_events == self.score.n_runs)

    @property
    def status(self) -> Status:
        """Whether all tests pass, some, none, or none while the shuffled runs are better."""
        passed = [p < ALPHA for p in self.tests]
        if not passed:
            return "untested"
        if any(passed):
            return "yes" if all(passed) else "mixed"
        contrast = self.contrasts.get(SHUFFLED_RUNS)
        return "worse" if contrast is not None and contrast.p < ALPHA and self.gain(SHUFFLED_RUNS) < 0 else "no"


def evidence_of(
    scores: Sequence[Score],
    contrasts: Sequence[Contrast],
    kind: Kind,
    glossary: Glossary,
    person: Person | None = None,
) -> list[Evidence]:
    """Gather the rows of every measure of one subject that has a `full` row of this kind."""
    found = []
    for rows in grouped(row for row in scores if row.kind == kind):
        conditions = {row.condition: row for row in rows}
        if FULL in conditions:
            full = conditions.pop(FULL)
            against = {row.control: row for row in contrasts if row.measure == full.measure and row.condition == FULL}
            null = None if person is None else person.nulls.get((full.measure, FULL))
            spread = None if null is None else float(null[1].std())
            found.append(Evidence(full, glossary.definition(full), glossary.name(full), against, conditions, spread))
    return found


def survivors(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the measures that pass after Holm's correction for the number of measures tested."""
    ordered = sorted((max(item.tests), k) for k, item in enumerate(evidence) if item.tests)
    kept = set()
    for rank, (p, k) in enumerate(ordered):
        if p * (len(ordered) - rank) >= ALPHA:
            break
        kept.add(k)
    return [item for k, item in enumerate(evidence) if k in kept]


def at_least(hits: int, n: int) -> float:
    """Return the chance that `hits` or more of `n` tests pass by chance alone."""
    return sum(math.comb(n, k) * ALPHA**k * (1 - ALPHA) ** (n - k) for k in range(hits, n + 1))
