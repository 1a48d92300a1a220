"""What a sweep shows: each score over the values of the setting that was varied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.scores import Measure, Score
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.numbers import level_of, number
from eeg2vid.stages.reporting.page.canvas import Canvas


@dataclass(frozen=True)
class Point:
    """One score at one value of the setting; several subjects: their median and range."""

    x: float
    word: str
    value: float
    low: float | None
    high: float | None
    chance: float


@dataclass(frozen=True)
class Series:
    """One measure over the values of the setting."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class SweepPlot:
    """One sweep.

    Attributes
    ----------
    setting
        What was varied, with its unit.
    subjects
        How many: of several, medians and ranges are drawn, of one its interval.
    """

    setting: str
    subjects: int
    series: tuple[Series, ...]


def sweep_plot(
    settings: Sequence[str], found: Sequence[tuple[Sequence[object], Sequence[Score]]], glossary: Glossary
) -> SweepPlot:
    """Gather a sweep from the score rows at each point, of one subject or of several; only `full` is drawn.

    Points lie at the value of the first setting, where all of those are numbers and differ; else side by side.

    Parameters
    ----------
    settings
        What was varied.
    found
        The values of these settings at each point, and the rows.
    """
    firsts = [values[0] for values, _ in found]
    numbers = [float(first) for first in firsts if isinstance(first, int | float) and not isinstance(first, bool)]
    numeric = len(set(numbers)) == len(found)
    places = numbers if numeric else [float(k) for k in range(len(found))]
    measures: dict[Measure, tuple[str, list[Point]]] = {}
    for place, (values, rows) in zip(places, found, strict=True):
        of_measure: dict[Measure, list[Score]] = {}
        for row in rows:
            if row.condition == FULL:
                of_measure.setdefault(row.measure, []).append(row)
        word = f"{place:g}".replace("-", "−") if numeric else " ".join(str(value) for value in values)
        for measure, members in of_measure.items():
            points = measures.setdefault(measure, (glossary.title(members[0]), []))[1]
            points.append(_point(place, word, members))
    series = tuple(Series(name, tuple(sorted(points, key=lambda one: one.x))) for name, points in measures.values())
    subjects = {row.subject for _, rows in found for row in rows}
    return SweepPlot(settings[0] if numeric else ", ".join(settings), len(subjects), series)


def _point(place: float, word: str, rows: Sequence[Score]) -> Point:
    values, chance = [row.value for row in rows], median(level_of(row) for row in rows)
    if len(rows) == 1:
        return Point(place, word, values[0], rows[0].low, rows[0].high, chance)
    return Point(place, word, median(values), min(values), max(values), chance)


def draw_sweep(series: Series, setting: str) -> Markup:
    """Draw one measure: a line through the values, their intervals, and the chance level."""
    xs = [point.x for point in series.points]
    canvas = Canvas.around(_padded(xs), [y for point in series.points for y in _ends(point)])
    inner = canvas.line("chance", [(point.x, point.chance) for point in series.points])
    for point in series.points:
        if point.low is not None and point.high is not None:
            x = canvas.across(point.x)
            inner += f'<path class="range" d="M{x} {canvas.up(point.low)}V{canvas.up(point.high)}"/>'
        inner += f'<circle class="dot" cx="{canvas.across(point.x)}" cy="{canvas.up(point.value)}" r="3"/>'
    inner += canvas.line("validation", [(point.x, point.value) for point in series.points])
    told = ", ".join(f"{point.word}: {number(point.value)}" for point in series.points)
    about = f"{series.name} over {setting}: {told}; chance {number(median(point.chance for point in series.points))}"
    return canvas.drawn(inner, [(point.x, point.word) for point in series.points], about)


def _ends(point: Point) -> list[float]:
    return [point.value, point.chance, *(end for end in (point.low, point.high) if end is not None)]


def _padded(xs: Iterable[float]) -> list[float]:
    values = list(xs)
    room = 0.06 * (max(values) - min(values)) or 0.5
    return [min(values) - room, max(values) + room]
