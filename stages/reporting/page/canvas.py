"""Charts with axes: where a value lies, what stands at the axes, lines through points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from eeg2vid.stages.reporting.numbers import number

WIDTH, HEIGHT = 300, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 8, 20
_MOST = 120  # points of a line: more cannot be told apart
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Canvas:
    """A chart over the given ranges of x and y; `ends` are the values written at the y axis."""

    x: tuple[float, float]
    y: tuple[float, float]
    ends: tuple[float, ...]

    @classmethod
    def around(cls, xs: Iterable[float], ys: Iterable[float]) -> Canvas:
        """Return the canvas that holds all finite values; there is at least one."""
        values = [value for value in ys if math.isfinite(value)]
        return cls(_range(xs, 0.0), _range(values, 0.06), tuple(dict.fromkeys([min(values), max(values)])))

    def across(self, value: float) -> float:
        """Return where x lies, px."""
        return round(_LEFT + _share(value, self.x) * (WIDTH - _LEFT - _RIGHT), 1)

    def up(self, value: float) -> float:
        """Return where y lies, px."""
        return round(HEIGHT - _BOTTOM - _share(value, self.y) * (HEIGHT - _TOP - _BOTTOM), 1)

    def line(self, kind: str, points: Points) -> str:
        """Draw a line through the points whose y is finite; a single one is a dot."""
        kept = [(x, y) for x, y in points if math.isfinite(y)]
        if len(kept) == 1:
            return f'<circle class="{kind}" cx="{self.across(kept[0][0])}" cy="{self.up(kept[0][1])}" r="2.5"/>'
        step = math.ceil(len(kept) / _MOST) or 1
        thinned = [*kept[:-1:step], *kept[-1:]]
        path = " ".join(f"{self.across(x)},{self.up(y)}" for x, y in thinned)
        return f'<polyline class="{kind}" points="{path}"/>' if path else ""

    def level(self, kind: str, y: float) -> str:
        """Draw a line across the chart."""
        return f'<path class="{kind}" d="M{_LEFT} {self.up(y)}H{WIDTH - _RIGHT}"/>'

    def upright(self, kind: str, x: float) -> str:
        """Draw a line from top to bottom."""
        return f'<path class="{kind}" d="M{self.across(x)} {_TOP}V{HEIGHT - _BOTTOM}"/>'

    def drawn(self, inner: str, ticks: Iterable[tuple[float, str]], about: str) -> Markup:
        """Return the chart with the ends of its y axis and the given ticks on its x axis.

        Parameters
        ----------
        about
            What it shows, for those who do not see it.
        """
        base = HEIGHT - _BOTTOM
        marks = "".join(
            f'<text class="tick" x="{self.across(x)}" y="{HEIGHT - 5}" text-anchor="middle">{escape(word)}</text>'
            for x, word in ticks
        )
        ends = "".join(
            f'<text class="tick" x="{_LEFT - 5}" y="{self.up(y) + 4}" text-anchor="end">{number(y)}</text>'
            for y in self.ends
        )
        return Markup(
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
            f'aria-label="{escape(about)}"><path class="axis" d="M{_LEFT} {_TOP}V{base}H{WIDTH - _RIGHT}"/>'
            f"{marks}{ends}{inner}</svg>"
        )


def _share(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _range(values: Iterable[float], room: float) -> tuple[float, float]:
    kept = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(kept), max(kept)
    if low == high:
        return low - 0.5, high + 0.5
    return low - room * (high - low), high + room * (high - low)
