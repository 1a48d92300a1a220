"""Scores as a table for a paper: Markdown, or LaTeX with booktabs; chance first, then a row for each system."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eeg2vid.stages.reporting.numbers import bounds, number
from eeg2vid.stages.reporting.titles import CHANCE, CONDITION, SUBJECT, said
from eeg2vid.stages.services.by_subject import levels
from eeg2vid.stages.services.compare_lines import of_people
from eeg2vid.stages.services.comparing import ALL, System

Row = Mapping[str, Any]
_ALPHA = 0.05
_POWER = re.compile(r"10\^(-?\d+)")
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "−": "$-$", "–": "--", "µ": r"$\mu$",
}  # fmt: skip


@dataclass(frozen=True)
class PaperTable:
    """A table in words: headings, rows, how many columns from the left are names, and what must be said of it."""

    heads: list[str]
    rows: list[list[str]]
    names: int
    caption: str

    def markdown(self) -> str:
        """Return it as a Markdown table with its caption below."""
        marks = ["---"] * self.names + ["---:"] * (len(self.heads) - self.names)
        lines = [[_cell(text) for text in self.heads], marks, *([_cell(text) for text in row] for row in self.rows)]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines) + f"\n\n{self.caption}\n"

    def latex(self) -> str:
        r"""Return it as a LaTeX table; the document needs `\usepackage{booktabs}`."""
        body = [_row(row) for row in self.rows]
        lines = [
            "% needs \\usepackage{booktabs}",
            "\\begin{table}",
            "\\centering",
            f"\\caption{{{tex(self.caption)}}}",
            f"\\begin{{tabular}}{{{'l' * self.names}{'r' * (len(self.heads) - self.names)}}}",
            "\\toprule",
            _row(self.heads),
            "\\midrule",
            *body[:1],
            "\\midrule",
            *body[1:],
            "\\bottomrule",
            "\\end{tabular}",
            "\\end{table}",
        ]
        return "\n".join(lines) + "\n"


def tex(text: str) -> str:
    """Return text as LaTeX prints it."""
    parts = _POWER.split(text.replace("\n", " "))
    found = "".join(
        f"$10^{{{part}}}$" if k % 2 else "".join(_TEX.get(s, s) for s in part) for k, part in enumerate(parts)
    )
    return f"{{}}{found}" if found.startswith(("[", "*")) else found  # else an option of the line break before it


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(tex, cells)) + r" \\"


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("*", "\\*").replace("_", "\\_")


def paper_table(systems: Sequence[System], rows: Sequence[Row], *, each: bool) -> PaperTable:
    """Return scores as a table for a paper.

    Parameters
    ----------
    systems
        In the order of the rows.
    rows
        Scores that were asked for, of people and over them.
    each
        A row for each person, too.
    """
    several = {system.name: len(system.scores) > 1 for system in systems}
    kept = [row for row in rows if each or (row["subject"] == ALL) == several[row["system"]]]
    measures = dict.fromkeys(row["name"] for row in kept)
    conditions = len({row["condition"] for row in kept}) > 1
    heads = ["system", *([CONDITION] if conditions else []), *([SUBJECT] if each else [])]
    by_name = {name: [row for row in kept if row["name"] == name] for name in measures}
    found = [[CHANCE, *[""] * (len(heads) - 1), *(levels(some) for some in by_name.values())]]
    lines: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in kept:
        lines.setdefault((row["system"], row["condition"], row["subject"]), {})[row["name"]] = row
    counts = {system.name: len(system.scores) for system in systems}
    for (system, condition, subject), own in lines.items():
        names = [system, *([said(condition)] if conditions else []), *([_whose(subject)] if each else [])]
        found.append([*names, *(_score(own.get(name), counts[system]) for name in measures)])
    return PaperTable([*heads, *measures], found, len(heads), _caption(systems))


def _whose(subject: str) -> str:
    return "mean" if subject == ALL else subject


def _score(row: Row | None, people: int) -> str:
    """Return a value with its interval; an asterisk where it is significant, and how many people where not all."""
    if row is None:
        return "–"
    shown = number(row["value"]) + ("*" if row["p_adjusted"] is not None and row["p_adjusted"] < _ALPHA else "")
    shown += "" if row["low"] is None else f" {bounds(row['low'], row['high'])}"
    few = row["subject"] == ALL and row["n_subjects"] != people
    return f"{shown} ({row['n_subjects']} of {people} people)" if few else shown


def _caption(systems: Sequence[System]) -> str:
    people = "; ".join(f"{system.name}: {of_people(len(system.scores))}" for system in systems)
    stamps = sorted({stamp for system in systems for stamp in system.stamps})
    told = f" Stamps: {', '.join(stamps)}." if stamps else ""
    return f"Values with 95 % intervals; {people}. * p < .05 after correction for the tests of one row.{told}"
