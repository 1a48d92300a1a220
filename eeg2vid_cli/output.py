"""One sink: data on stdout, talk on stderr; names in them are text, whatever stands in them."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from eeg2vid.cli.log import said
from eeg2vid.cli.sheet import Column, Sheet
from eeg2vid.stages.engine.visible import visible as visible

_PIPE = 100_000  # cells: a pipe has no width, and a row that stays in its line can be searched for
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


def _in_line(text: str) -> str:
    """Return the text with line ends and tabs written out too: a name in a table stays in its cell."""
    return visible(text).replace("\n", "\\u000a").replace("\t", "\\u0009")


class _Quiet:
    """Whether --quiet was given; of the process, for reporters may speak from threads of their own."""

    on = False


@contextlib.contextmanager
def quietly(wanted: bool) -> Iterator[None]:
    """Within it, `emit` prints ids and `talk` says nothing, if that is wanted."""
    before, _Quiet.on = _Quiet.on, wanted
    try:
        yield
    finally:
        _Quiet.on = before


def is_quiet() -> bool:
    """Tell whether --quiet was given."""
    return _Quiet.on


def talk() -> Console:
    """Return the console for people: stderr, and silence under --quiet."""
    return TextConsole(stderr=True, highlight=False, soft_wrap=True, quiet=_Quiet.on)


def complain() -> Console:
    """Return the console for what must be said also under --quiet: errors, and what makes a result wrong."""
    return TextConsole(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Print a remark; one that holds "Warning:" tells of a wrong result and is printed under --quiet, too."""
    (complain() if "Warning:" in text else talk()).print(text)


def emit(data: Any, human: Any, *, as_json: bool, ids: Iterable[object] = ()) -> None:
    """Print a command's result: JSON for programs, else something for people; under --quiet the ids, one a line."""
    if _Quiet.on:
        sys.stdout.writelines(f"{_in_line(str(one))}\n" for one in ids)
    elif as_json:
        text = json.dumps(data, indent=2, ensure_ascii=False)
        text = _HALVES.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
        sys.stdout.write(text + "\n")
    else:
        width = None if sys.stdout.isatty() else _PIPE
        console = TextConsole(highlight=False, width=width)
        with contextlib.nullcontext() if width is None else console.capture() as captured:
            console.print(human, overflow="ignore", crop=False)  # a word that is too wide runs over, whole
        if captured is not None:
            sys.stdout.write(re.sub(r" +$", "", captured.get(), flags=re.MULTILINE))  # cells of a table are filled up


def emit_ids(ids: Iterable[object]) -> None:
    """Print under --quiet what a command made or is about, one a line; else nothing."""
    if _Quiet.on:
        emit(None, None, as_json=False, ids=ids)


def table(
    rows: Sequence[Mapping[str, Any]],
    title: str | None = None,
    columns: Sequence[str] | None = None,
    wraps: Container[str] = (),
) -> Sheet:
    """Return rows as a plain table; numbers right-aligned, three decimals.

    Parameters
    ----------
    rows
        What stands in each column, by its name.
    title
        A line above.
    columns
        Which columns, in this order; None: those of the first row.
    wraps
        Columns of sentences, which may go on in the next line. All others hold names and numbers: in a narrow terminal
        they move to a line below, but are never cut.
    """
    shown = list(columns or (rows[0].keys() if rows else ()))
    return Sheet(None if title is None else _in_line(title), [_column(name, rows, name in wraps) for name in shown])


def _column(name: str, rows: Sequence[Mapping[str, Any]], wraps: bool) -> Column:
    values = [row.get(name) for row in rows]
    numeric = bool(rows) and all(isinstance(value, int | float | None) for value in values)
    return Column(_in_line(name.replace("_", " ")), [_cell(value) for value in values], numeric, wraps)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.0e}" if 0 < abs(value) < 0.001 else f"{value:.3f}"
    return _in_line(str(value))
