"""The tables of `compare` as people read them: rows in words, numbers as on the report's pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from eeg2vid.schemas.scores import Contrast, Look
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.reporting.numbers import bounds, interval, level, number, plain_p
from eeg2vid.stages.reporting.titles import (
    CHANCE,
    CONDITION,
    DECODED,
    DIFFERENCE,
    INTERVAL,
    MEAN,
    MEASURE,
    P_ADJUSTED,
    PEOPLE,
    PREVALENCE,
    SUBJECT,
    VALUE,
    P,
    said,
)
from eeg2vid.stages.services.asked import EVERY, Asked
from eeg2vid.stages.services.by_subject import by_subject
from eeg2vid.stages.services.comparing import ALL, System
from eeg2vid.stages.services.comparison import Comparison
from eeg2vid.stages.services.score_lines import in_columns

Row = Mapping[str, Any]
_NUMBERS = (VALUE, MEAN, DIFFERENCE, INTERVAL, CHANCE, P, P_ADJUSTED, PREVALENCE, PEOPLE)


class Shown(NamedTuple):
    """One table: its title, its rows, which columns are sentences."""

    title: str
    rows: list[dict[str, Any]]
    wraps: tuple[str, ...] = ()


def tables_of(found: Comparison, asked: Asked, by: str, *, controls: bool) -> list[Shown]:
    """Return every table, the most useful first.

    Parameters
    ----------
    found
        What is asked for.
    by
        subject: systems beside each other, person by person; system: each over people, with interval and p.
    controls
        Decoded minus each control, too.
    """
    if by == "subject":
        tables = [side_by_side(found.systems, found.rows)]
    else:
        tables = [
            of_system(system, [row for row in found.rows if row["system"] == system.name], asked)
            for system in found.systems
        ]
    tables += differences(found.differences, asked, found.margin, each=by == "subject")
    tables += [against_controls(system, asked) for system in found.systems] if controls else []
    tables += [how_they_look(system, asked) for system in found.systems]
    if found.variance is not None:
        shares = [{name: row[name] for name in ("name", "people", "runs", "seeds", "rest")} for row in found.variance]
        tables.append(Shown("Shares of the variance of scores, run by run", _written(shares)))
    if found.papers is not None:
        tables.append(Shown("Papers", _written(found.papers), ("paper", "unfair because")))
    return [table for table in tables if table.rows]


def _written(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows with numbers as on the report's pages."""
    return [{name: number(value) if isinstance(value, float) else value for name, value in row.items()} for row in rows]


def of_people(count: int) -> str:
    """Return how many people, in words."""
    return "1 person" if count == 1 else f"{count} people"


def titled(system: System) -> str:
    """Return what stands above a system's table: its name, of how many people, its stamps."""
    stamps = f" ({', '.join(system.stamps)})" if system.stamps else ""
    return f"{system.name}, {of_people(len(system.scores))}{stamps}"


def of_system(system: System, rows: Sequence[Row], asked: Asked) -> Shown:
    """Return the scores of one system: over people, or of the one person there is."""
    several = len(system.scores) > 1
    kept = [row for row in rows if (row["subject"] == ALL) == several]
    counted = several and any(row["n_subjects"] != len(system.scores) for row in kept)
    lines = []
    for row in kept:
        line = {MEASURE: row["name"]} | ({CONDITION: said(row["condition"])} if asked.condition == EVERY else {})
        line |= {
            MEAN if several else VALUE: number(row["value"]),
            INTERVAL: bounds(row["low"], row["high"]),
            CHANCE: number(level(row["chance"], row["baseline"])),
            P: plain_p(row["p"]),
            P_ADJUSTED: plain_p(row["p_adjusted"]),
        }
        line |= {PREVALENCE: "–" if row["prevalence"] is None else number(row["prevalence"])} if several else {}
        line |= {PEOPLE: f"{row['n_subjects']} of {len(system.scores)}"} if counted else {}
        lines.append(line)
    return Shown(titled(system), in_columns(lines, _NUMBERS))


def side_by_side(systems: Sequence[System], rows: Sequence[Row]) -> Shown:
    """Return every system's value of every person."""
    names = [system.name for system in systems]
    lines = by_subject(rows, names)
    title = "By subject: " + "; ".join(map(titled, systems))
    return Shown(title, in_columns(lines, (CHANCE, *names)))


def differences(rows: Sequence[Row], asked: Asked, margin: float | None, *, each: bool) -> list[Shown]:
    """Return a table for each pair of systems: over people, and with `each` of each person."""
    found = []
    for pair in dict.fromkeys((row["system"], row["against"]) for row in rows):
        mine = [row for row in rows if (row["system"], row["against"]) == pair and (each or row["subject"] == ALL)]
        places = list(dict.fromkeys(map(_place, mine)))
        mine.sort(key=lambda row: places.index(_place(row)))
        most = max((row["n_subjects"] for row in mine), default=1)
        apart = each and any(row["subject"] != ALL for row in mine)
        lines = [_gap(row, asked, margin, apart, most) for row in mine]
        title = f"{pair[0]} minus {pair[1]}, on the events that both scored, {of_people(most)}"
        found.append(Shown(title, in_columns(lines, (*_NUMBERS, _same(margin)))))
    return found


def _place(row: Row) -> str:
    return f"{row['name']}{row['condition']}"


def _same(margin: float | None) -> str:
    return "" if margin is None else f"p, equal to {margin:g}"


def _gap(row: Row, asked: Asked, margin: float | None, apart: bool, most: int) -> dict[str, Any]:
    shown = {MEASURE: row["name"]} | ({CONDITION: said(row["condition"])} if asked.condition == EVERY else {})
    shown |= {SUBJECT: row["subject"]} if apart else {}
    shown |= {
        DIFFERENCE: number(row["difference"], signed=True),
        INTERVAL: bounds(row["low"], row["high"]),
        P: plain_p(row["p"]),
    }
    shown |= {} if margin is None else {_same(margin): plain_p(row["p_same"])}
    if row["subject"] == ALL and row["n_subjects"] != most:
        shown[MEASURE] += f" ({row['n_subjects']} of {most} people)"
    return shown


def against_controls(system: System, asked: Asked) -> Shown:
    """Return what was decoded minus each control, person by person, as the page shows it."""
    lines = []
    for person, artifact in system.scores.items():
        for row in artifact.table("contrasts", Contrast):
            named = row.model_dump() | {"name": _name(system, row), "condition": asked.condition}
            if asked.takes(named, system.definitions):
                line = {MEASURE: named["name"], f"{DECODED} minus": row.control, SUBJECT: person}
                line |= {DIFFERENCE: number(row.difference, signed=True), INTERVAL: interval(row), P: plain_p(row.p)}
                lines.append(line)
    return Shown(f"{DECODED} against each control: {titled(system)}", in_columns(lines, _NUMBERS))


def how_they_look(system: System, asked: Asked) -> Shown:
    """Return how the clips look together, which is no evidence: means over people, condition by condition."""
    rows: dict[tuple[str, str], list[Look]] = {}
    for artifact in system.scores.values():
        for row in artifact.table("looks", Look):
            named = row.model_dump() | {"name": _name(system, row)}
            if asked.takes(named, system.definitions):
                rows.setdefault((named["name"], row.condition), []).append(row)
    lines = [
        {
            MEASURE: name,
            CONDITION: said(condition),
            VALUE: number(fmean(row.value for row in found)),
            PEOPLE: str(len(found)),
            "detail": found[0].detail if len(found) == 1 else "",
        }
        for (name, condition), found in rows.items()
    ]
    return Shown(f"How the clips look, no evidence: {titled(system)}", in_columns(lines, _NUMBERS), ("detail",))


def _name(system: System, row: Contrast | Look) -> str:
    return Glossary(system.definitions).name(row)
