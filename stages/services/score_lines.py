"""The scores of one unit as people look for them first: what was decoded, beside chance and the best control.

Numbers are written as on the report's pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.scores import Definition, Score
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.numbers import interval, level_of, number, plain_p
from eeg2vid.stages.reporting.titles import CHANCE, CONTROL, DECODED, INTERVAL, MEASURE, P
from eeg2vid.stages.store.reader import Artifact


def score_lines(scores: Artifact, _: object = None) -> list[dict[str, Any]]:
    """Return a row for each measure that a verdict rests on; controls and the others are in `--json` and `compare`."""
    glossary = Glossary.of(scores.table("definitions", Definition))
    rows = scores.table("scores", Score)
    found = []
    for row in rows:
        told = glossary.definition(row)
        if row.condition != FULL or not told.lead:
            continue
        found.append(
            {
                MEASURE: glossary.name(row),
                DECODED: number(row.value),
                INTERVAL: interval(row),
                CHANCE: number(level_of(row)),
                P: plain_p(row.p),
                CONTROL: _best_control(row, rows, lower=told.direction == "lower"),
            }
        )
    return in_columns(found, (DECODED, INTERVAL, CHANCE, P))


def in_columns(rows: list[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return rows in which the texts of some columns end in one line, as numbers do."""
    wide = {name: max((len(row[name]) for row in rows if name in row), default=0) for name in names}
    return [{name: text.rjust(wide[name]) if name in wide else text for name, text in row.items()} for row in rows]


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
