"""The tests of one metric of one subject: what counts as evidence, and what survives correction."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from eeg2vid.schemas.scores import Contrast, Score
from eeg2vid.stages.reporting.charts import grouped, interval, label, number, p_value

ALPHA = 0.05
SHUFFLED = "shuffled-runs"
_LOWER_IS_BETTER = ("mse", "rmse", "mae", "lpips", "fvd", "fid")


@dataclass(frozen=True)
class Evidence:
    """The tests of one metric of one subject, and the other conditions."""

    score: Score
    contrasts: dict[str, Contrast]
    controls: dict[str, Score]

    def gain(self, control: str) -> float:
        """Return how much better `full` is than a control, positive where it is better."""
        contrast = self.contrasts.get(control)
        difference = self.score.value - self.controls[control].value if contrast is None else contrast.difference
        return -difference if lower_is_better(self.score.metric) else difference

    @property
    def tests(self) -> list[float]:
        """The p-values for being better than chance and than shuffled runs; 1 where the control is better."""
        contrast = self.contrasts.get(SHUFFLED)
        against = [] if contrast is None else [contrast.p if self.gain(SHUFFLED) > 0 else 1.0]
        return [*([] if self.score.p is None else [self.score.p]), *against]

    @property
    def status(self) -> str:
        """Return "yes" (all tests pass), "mixed" (some), "worse", "no", or "untested"."""
        passed = [p < ALPHA for p in self.tests]
        if not passed:
            return "untested"
        if any(passed):
            return "yes" if all(passed) else "mixed"
        contrast = self.contrasts.get(SHUFFLED)
        return "worse" if contrast is not None and contrast.p < ALPHA and self.gain(SHUFFLED) < 0 else "no"

    @property
    def numbers(self) -> str:
        """Return value, chance and tests in one clause."""
        row, contrast = self.score, self.contrasts.get(SHUFFLED)
        text = f"{label(row.metric)} {with_interval(row.value, row)}, chance {number(row.chance)}"
        text += "" if row.p is None else f", p {p_value(row.p)}"
        return text if contrast is None else f"{text}; {difference_from(contrast)}"


def difference_from(row: Contrast) -> str:
    """Return a contrast in words."""
    return f"difference from {row.control} {with_interval(row.difference, row, signed=True)}, p {p_value(row.p)}"


def with_interval(value: float, row: Score | Contrast, signed: bool = False) -> str:
    """Return a value and its interval, if it has one, in words."""
    return number(value, signed) if row.low is None else f"{number(value, signed)} {interval(row)}"


def lower_is_better(metric: str) -> bool:
    """Return whether a small value of the metric is a good one."""
    return re.split(r"[-_ ]", metric)[0].lower() in _LOWER_IS_BETTER


def is_lenient(row: Score) -> bool:
    """Return whether a row is an N-way score that takes any of three labels for right: its chance is 3 / (N + 2)."""
    ways = re.search(r"(\d+)-way", row.metric)
    return ways is not None and abs(row.chance - 3 / (int(ways[1]) + 2)) < 1e-6


def evidence_of(scores: Sequence[Score], contrasts: Sequence[Contrast], kind: str) -> list[Evidence]:
    """Gather the rows of every metric of one subject that has a `full` row of this kind."""
    found = []
    for rows in grouped(row for row in scores if row.kind == kind):
        conditions = {row.condition: row for row in rows}
        if "full" in conditions:
            against = {row.control: row for row in contrasts if row.metric == rows[0].metric}
            found.append(Evidence(conditions.pop("full"), against, conditions))
    return found


def survivors(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the metrics that pass after Holm's correction for the number of metrics tested."""
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
