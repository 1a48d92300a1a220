"""One sink: data on stdout, talk on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def talk() -> Console:
    """Return the console for people: stderr."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def emit(data: Any, human: Any, *, as_json: bool) -> None:
    """Print a command's result: JSON for programs, else something for people."""
    if as_json:
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    else:
        width = None if sys.stdout.isatty() else 160  # a pipe has no width: do not fold tables at 80
        Console(highlight=False, width=width).print(human)


def table(rows: Sequence[Mapping[str, Any]], title: str | None = None, columns: Sequence[str] | None = None) -> Table:
    """Return rows as a plain table; numbers right-aligned, three decimals."""
    shown = list(columns or (rows[0].keys() if rows else ()))
    result = Table(title=title, box=None, pad_edge=False, title_justify="left", header_style="bold")
    for name in shown:
        numeric = bool(rows) and all(isinstance(row.get(name), int | float | None) for row in rows)
        result.add_column(name.replace("_", " "), justify="right" if numeric else "left", no_wrap=numeric)
    for row in rows:
        result.add_row(*(_cell(row.get(name)) for name in shown))
    return result


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.0e}" if 0 < abs(value) < 0.001 else f"{value:.3f}"
    return str(value)
