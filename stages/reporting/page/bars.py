"""The small drawings beside the numbers: a value with its interval and chance level, a dot for every subject."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup

from eeg2vid.schemas.scores import Contrast, Measure, Score
from eeg2vid.stages.reporting.numbers import level_of

_WIDTH, _HEIGHT, _MARGIN = 180, 18, 6


@dataclass(frozen=True)
class Scale:
    """The values at the left and right end of a drawing."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value lies, px; values outside lie at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return round(_MARGIN + min(1.0, max(0.0, share)) * (_WIDTH - 2 * _MARGIN), 1)


def scale_of(values: Iterable[float]) -> Scale:
    """Return a scale that holds all values; one value alone lies in its middle."""
    kept = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(kept), max(kept)
    room = (high - low) * 0.02 or abs(low) * 0.1 or 1.0
    return Scale(low - room, high + room)


def _drawing(inner: str) -> Markup:
    return Markup(
        f'<svg class="bar" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" aria-hidden="true">'
        f'<path class="axis" d="M{_MARGIN} 9H{_WIDTH - _MARGIN}"/>{inner}</svg>'
    )


def interval_bar(scale: Scale, value: float, low: float | None, high: float | None, tick: float) -> Markup:
    """Draw a dot at the value, a line over its interval if it has one, and an upright tick at chance (or at zero)."""
    line = ""
    if low is not None and high is not None:
        line = f'<path class="range" d="M{scale.place(low)} 9H{scale.place(high)}"/>'
    return _drawing(
        f'<path class="tick" d="M{scale.place(tick)} 2V16"/>{line}'
        f'<circle class="dot" cx="{scale.place(value)}" cy="9" r="4"/>'
    )


def strip(scale: Scale, values: Sequence[float], tick: float) -> Markup:
    """Draw a dot for every subject, an upright tick at chance and a bar at the median."""
    dots = "".join(f'<circle class="dot many" cx="{scale.place(value)}" cy="9" r="3.5"/>' for value in values)
    middle = scale.place(median(values))
    return _drawing(
        f'<path class="tick" d="M{scale.place(tick)} 2V16"/>{dots}<path class="middle" d="M{middle} 3V15"/>'
    )


def metric_scales(scores: Iterable[Score], intervals: bool = True) -> dict[Measure, Scale]:
    """Return one scale per measure, so that conditions and subjects compare by eye."""
    ends: dict[Measure, list[float]] = {}
    for row in scores:
        ends.setdefault(row.measure, []).extend((row.value, level_of(row), *(_bounds(row) if intervals else ())))
    return {measure: scale_of(values) for measure, values in ends.items()}


def contrast_scales(contrasts: Iterable[Contrast]) -> dict[Measure, Scale]:
    """Return one scale per measure for differences, zero included."""
    ends: dict[Measure, list[float]] = {}
    for row in contrasts:
        ends.setdefault(row.measure, [0.0]).extend((row.difference, *_bounds(row)))
    return {measure: scale_of(values) for measure, values in ends.items()}


def _bounds(row: Score | Contrast) -> list[float]:
    return [bound for bound in (row.low, row.high) if bound is not None]
