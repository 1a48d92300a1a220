"""The scores of one unit as people look for them first: what was decoded, beside chance and the best control."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.scores import Definition, Measure, Score
from eeg2vid.stages.store.reader import Artifact


def score_lines(scores: Artifact) -> list[dict[str, Any]]:
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
                "decoded": row.value,
                "95 %": "–" if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}",
                "chance": row.chance if row.baseline is None else max(row.chance, row.baseline),
                "p": row.p,
                "best control": _best_control(row, rows, lower=lower),
            }
        )
    return found


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
    return f"{best.condition} {best.value:.3f}"
