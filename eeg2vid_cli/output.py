"""One sink: data on stdout, talk on stderr; names in them are text, whatever stands in them."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eeg2vid.cli.log import said

# what turns round what follows, or breaks the line
_STEERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
_HALVES = re.compile("[\ud800-\udfff]")  # of signs, in file names that are no text: no encoding has them


class TextConsole(Console):
    """A console to which every string is text: `[C3]`, `:cat:` and control characters in a name are shown as such."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return the text without reading markup or emoji codes in it."""
        return super().render_str(visible(text), **options | {"markup": False, "emoji": False})

    def print(self, *things: Any, sep: str = " ", end: str = "\n", **options: Any) -> None:
        """Print; what is said to people goes to the command's log, too."""
        if self.stderr and things and all(isinstance(thing, str | Text) for thing in things):
            said(sep.join(visible(str(thing)) for thing in things), end)
        super().print(*things, sep=sep, end=end, **options)


def visible(text: str) -> str:
    """Return the text with control characters written out, so that a name cannot steer the terminal."""
    return "".join(f"\\u{ord(sign):04x}" if _steers(sign) else sign for sign in text)


def _steers(sign: str) -> bool:
    """Tell whether a sign does something to a terminal, or (half of one, as in a name that is no text) stops it."""
    return sign in _STEERING or (unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t")


def _in_line(text: str) -> str:
    """Return the text with line ends written out too: a name in a table stays in its cell."""
    return visible(text).replace("\n", "\\u000a")


def talk() -> Console:
    """Return the console for people: stderr."""
    return TextConsole(stderr=True, highlight=False, soft_wrap=True)


def emit(data: Any, human: Any, *, as_json: bool) -> None:
    """Print a command's result: JSON for programs, else something for people."""
    if as_json:
        text = json.dumps(data, indent=2, ensure_ascii=False)
        text = _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
        sys.stdout.write(text + "\n")
    else:
        width = None if sys.stdout.isatty() else 160  # a pipe has no width: do not fold tables at 80
        TextConsole(highlight=False, width=width).print(human)


def table(rows: Sequence[Mapping[str, Any]], title: str | None = None, columns: Sequence[str] | None = None) -> Table:
    """Return rows as a plain table; numbers right-aligned, three decimals."""
    shown = list(columns or (rows[0].keys() if rows else ()))
    result = Table(title=title, box=None, pad_edge=False, title_justify="left", header_style="bold")
    for name in shown:
        numeric = bool(rows) and all(isinstance(row.get(name), int | float | None) for row in rows)
        result.add_column(_in_line(name.replace("_", " ")), justify="right" if numeric else "left", no_wrap=numeric)
    for row in rows:
        result.add_row(*(_cell(row.get(name)) for name in shown))
    return result


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.0e}" if 0 < abs(value) < 0.001 else f"{value:.3f}"
    return _in_line(str(value))
