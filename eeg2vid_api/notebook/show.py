"""Tables of rows as plain text and as HTML; names in them are text, whatever stands in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from eeg2vid.stages.engine.visible import visible

Rows = Sequence[Mapping[str, Any]]
MOST = 60
"""Rows that are shown."""


def text_table(rows: Rows, head: str = "", total: int | None = None) -> str:
    """Return rows as aligned text; numbers to the right; of many rows the first. `total`: of how many they are."""
    shown = [{name: _cell(value) for name, value in row.items()} for row in rows[:MOST]]
    columns = list(shown[0]) if shown else []
    widths = {name: max(len(name), *(len(row[name]) for row in shown)) for name in columns}
    right = {name: all(isinstance(row[name], int | float) for row in rows[:MOST]) for name in columns}

    def line(cells: Mapping[str, str]) -> str:
        parts = [
            cells[name].rjust(widths[name]) if right[name] else cells[name].ljust(widths[name]) for name in columns
        ]
        return "  ".join(parts).rstrip()

    lines = [head] if head else []
    lines += [line({name: name for name in columns}), *map(line, shown)] if columns else []
    return "\n".join([*lines, *_more(rows, total)])


def html_table(rows: Rows, head: str = "", total: int | None = None) -> str:
    """Return rows as an HTML table; of many rows the first. `total`: of how many they are."""
    columns = list(rows[0]) if rows else []
    titles = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(row[name]))}</td>" for name in columns) + "</tr>" for row in rows[:MOST]
    )
    table = f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>" if columns else ""
    above = f"<p>{escape(visible(head))}</p>" if head else ""
    return above + table + "".join(f"<p>{escape(text)}</p>" for text in _more(rows, total))


def _more(rows: Rows, total: int | None) -> list[str]:
    left = (len(rows) if total is None else total) - min(len(rows), MOST)
    return [f"... and {left} more"] if left else []


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = visible(str(value)).replace("\n", "\\u000a").replace("\t", "\\u0009")
    return text if len(text) <= 100 else f"{text[:97]}..."
