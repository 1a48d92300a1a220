"""Systems beside each other, person by person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from eeg2vid.stages.reporting.numbers import level, number
from eeg2vid.stages.reporting.titles import CHANCE, CONDITION, MEAN, MEASURE, PEOPLE, SD, SUBJECT, said
from eeg2vid.stages.services.comparing import ALL

Row = Mapping[str, Any]
Key = tuple[str, str, str, str, str]


def by_subject(rows: Sequence[Row], systems: Sequence[str]) -> list[dict[str, Any]]:
    """Return a line for each measure and person with every system's value, chance once; mean and SD below.

    Parameters
    ----------
    rows
        Scores, as `rows_of` gives them; those over people are left out.
    systems
        In the order of the columns.
    """
    alone = [row for row in rows if row["subject"] != ALL]
    people = list(dict.fromkeys(row["subject"] for row in alone))
    cells: dict[Key, dict[tuple[str, str], Row]] = {}
    for row in alone:
        cells.setdefault(_key(row), {})[row["subject"], row["system"]] = row
    several = len({key[-1] for key in cells}) > 1
    return [line for block in cells.values() for line in _block(block, people, systems, several)]


def levels(rows: Sequence[Row]) -> str:
    """Return the chance level of some rows, or from where to where it goes where it was measured for each."""
    found = [level(row["chance"], row["baseline"]) for row in rows]
    low, high = (number(end) for end in (min(found), max(found)))
    return low if low == high else f"{low} to {high}"


def _key(row: Row) -> Key:
    return row["target"], row["metric"], row["variant"], row["subset"], row["condition"]


def _block(
    cells: Mapping[tuple[str, str], Row], people: Sequence[str], systems: Sequence[str], several: bool
) -> list[dict[str, Any]]:
    """Return the lines of one measure under one condition."""
    first = next(iter(cells.values()))
    name = {MEASURE: first["name"]} | ({CONDITION: said(first["condition"])} if several else {})
    again = dict.fromkeys(name, "")
    lines: list[dict[str, Any]] = []
    for subject in people:
        own = {system: cells[subject, system] for system in systems if (subject, system) in cells}
        if own:
            shown = {system: number(own[system]["value"]) if system in own else "–" for system in systems}
            lines.append({**(again if lines else name), SUBJECT: subject, CHANCE: levels(list(own.values())), **shown})
    if len(people) > 1:
        values = {system: [row["value"] for (_, one), row in cells.items() if one == system] for system in systems}
        lines.append({**again, SUBJECT: MEAN, CHANCE: "", **_each(values, fmean, 1)})
        lines.append({**again, SUBJECT: SD, CHANCE: "", **_each(values, stdev, 2)})
        counts = {system: len(found) for system, found in values.items()}
        if set(counts.values()) != {len(people)}:
            told = {system: f"{n} of {len(people)}" for system, n in counts.items()}
            lines.append({**again, SUBJECT: PEOPLE, CHANCE: "", **told})
    return lines


def _each(values: Mapping[str, list[float]], of: Callable[[list[float]], float], least: int) -> dict[str, str]:
    return {system: number(of(found)) if len(found) >= least else "–" for system, found in values.items()}
