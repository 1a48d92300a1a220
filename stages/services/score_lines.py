"""The scores of one unit as people look for them first: what was decoded, beside chance and the best control.

Numbers are written as on the report's pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.scores import Definition, Measure, Score
from eeg2vid.stages.reporting.numbers import interval, number, p_value
from eeg2vid.stages.store.reader import Artifact


def score_lines(scores: Artifact, _: object = None) -> list[dict[str, Any]]:
    """Return a row for each measure that a verdict rests on; controls and the others are in `--json` and `compare`."""
    definitions = {(row.metric, row.variant): row for row in scores.table("definitions", Definition)}
    rows = scores.table("scores", Score)
    found = []
    for row in rows:
        told = definitions.get((row.metric, row.variant))
        if row.condition != FULL or (told is not None and not told.lead):
            continue
        lower = told is not None and told.direction == "lower"
        found.append(
            {
                "score": measure_name(row, definitions),
                "decoded": number(row.value),
                "95 %": interval(row),
                "chance": number(row.chance if row.baseline is None else max(row.chance, row.baseline)),
                "p": plain_p(row.p),
                "best control": _best_control(row, rows, lower=lower),
            }
        )
    return in_columns(found, ("decoded", "95 %", "chance", "p"))


def plain_p(p: float | None) -> str:
    """Return a p-value as it stands in a column: .012, < .001."""
    return p_value(p).removeprefix("= ")


def in_columns(rows: list[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return rows in which the texts of some columns end in one line, as numbers do."""
    wide = {name: max((len(row[name]) for row in rows if name in row), default=0) for name in names}
    return [{name: text.rjust(wide[name]) if name in wide else text for name, text in row.items()} for row in rows]


def measure_name(row: Score | Measure, definitions: Mapping[tuple[str, str], Definition]) -> str:
    """Return a measure as people write it: "concept balanced accuracy", "identification within run"."""
    told = definitions.get((row.metric, row.variant))
    title = told.title if told is not None else f"{row.metric} {row.variant}".strip()
    words = f"{row.target} {title}".strip()
    return f"{words} ({row.subset})" if row.subset else words


def _best_control(full: Score, rows: list[Score], *, lower: bool) -> str:
    """Return the control that knows less than the system and scores best, with its score."""
    controls = [
        row
        for row in rows
        if row.measure == full.measure
        and row.condition in CONDITIONS
        and CONDITIONS[row.condition].kind in ("control", "clock")
    ]
    if not controls:
        return "–"
    best = (min if lower else max)(controls, key=lambda row: row.value)
    return f"{best.condition} {number(best.value)}"
