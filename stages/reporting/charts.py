"""Numbers as the report prints them, and the small drawings beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from markupsafe import Markup

from eeg2vid.schemas.scores import Contrast, Score

AnyRow = TypeVar("AnyRow", Score, Contrast)

_WIDTH, _HEIGHT, _MARGIN = 180, 18, 6
_CAPITALS = {"ssim": "SSIM", "psnr": "PSNR", "mse": "MSE", "lpips": "LPIPS", "fvd": "FVD", "fid": "FID", "clip": "CLIP"}


def label(name: str) -> str:
    """Return a metric's name as people write it: `two-way` is "2-way identification", `ssim` is "SSIM"."""
    words = re.sub(r"\btwo-way(-identification)?\b", "2-way identification", name.replace("_", "-"))
    words = re.sub(r"\btop(?=\d)", "top-", words)
    parts = [_CAPITALS.get(part, part) for part in re.split(r"(?<!\d)(?<!\btop)-| ", words)]
    return " ".join(part for part in parts if part)


def number(value: float, signed: bool = False) -> str:
    """Return a value with three decimals below 10, else two: .812, 10.53, −.004."""
    text = f"{abs(value):.{3 if abs(value) < 10 else 2}f}"
    text = text.removeprefix("0") if text.startswith("0.") else text
    sign = "" if not text.strip("0.") else "−" if value < 0 else "+" if signed else ""
    return sign + text


def interval(row: Score | Contrast) -> str:
    """Return a row's 95 % interval, [.772, .851], or a dash where there is none."""
    return "–" if row.low is None or row.high is None else f"[{number(row.low)}, {number(row.high)}]"


def p_value(p: float | None) -> str:
    """Return "= .012", "< .001", or a dash where there is none."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"= {number(p)}"


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


def metric_scales(scores: Iterable[Score], intervals: bool = True) -> dict[str, Scale]:
    """Return one scale per metric, so that conditions and subjects compare by eye."""
    ends: dict[str, list[float]] = {}
    for row in scores:
        ends.setdefault(row.metric, []).extend((row.value, row.chance, *(_bounds(row) if intervals else ())))
    return {metric: scale_of(values) for metric, values in ends.items()}


def contrast_scales(contrasts: Iterable[Contrast]) -> dict[str, Scale]:
    """Return one scale per metric for differences, zero included."""
    ends: dict[str, list[float]] = {}
    for row in contrasts:
        ends.setdefault(row.metric, [0.0]).extend((row.difference, *_bounds(row)))
    return {metric: scale_of(values) for metric, values in ends.items()}


def _bounds(row: Score | Contrast) -> list[float]:
    return [bound for bound in (row.low, row.high) if bound is not None]


def grouped(rows: Iterable[AnyRow]) -> list[list[AnyRow]]:
    """Return the rows of each metric, metrics in the order of their first rows."""
    groups: dict[str, list[AnyRow]] = {}
    for row in rows:
        groups.setdefault(row.metric, []).append(row)
    return list(groups.values())
