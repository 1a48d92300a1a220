"""A table that fits: what does not stand beside goes below, and no name is ever cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_GAP = 2
_INDENT = 4
_LEAST = 30  # cells of a sentence that stands beside others
_NAME = 12  # cells of names of which some are longer


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    head, cells
        What is printed: one line each.
    right
        Numbers end in one line.
    wraps
        A sentence: it may go on in the next line, between words. Everything else is a name or a number and never does.
    """

    head: str
    cells: Sequence[str]
    right: bool = False
    wraps: bool = False

    @property
    def natural(self) -> int:
        """Cells that it takes in one line."""
        return max(cell_len(text) for text in (self.head, *self.cells))

    @property
    def least(self) -> int:
        """Cells that it must have to stand beside others."""
        if not self.wraps:
            return self.natural
        words = (cell_len(word) for text in (self.head, *self.cells) for word in text.split(" "))
        return min(self.natural, max(_LEAST, *words))


Placed = list[tuple[Column, int]]
"""Columns that stand beside each other, with their widths."""


@dataclass(frozen=True)
class Sheet:
    """Columns of equal length, as wide as the terminal allows.

    Where all columns fit beside each other, sentences get what is left. Where they do not, the widest column of names
    gets less: after a name that is longer the row goes on in the next line, in its columns. Where even that is too
    much, a row, and the heading like it, has several lines: names and numbers flow into them, sentences follow below.
    What is wider than the terminal runs over it, whole.
    """

    title: str | None
    columns: Sequence[Column]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the title and the lines."""
        if self.title:
            yield _whole(self.title, "italic")
        if not self.columns:
            return
        placed = self._placed(options.max_width)
        for line in _lines(placed, None):
            yield _whole(line, "bold")
        for row in range(len(self.columns[0].cells)):
            for line in _lines(placed, row):
                yield _whole(line)

    def _placed(self, width: int) -> list[Placed]:
        """Return which columns stand in which line of a row, and how wide they are."""
        spare = width - _taken(column.least for column in self.columns)
        if spare < 0:
            return _narrowed(self.columns, width) or _stacked(self.columns, width)
        line: Placed = []
        for column in self.columns:
            more = min(spare, column.natural - column.least)
            spare -= more
            line.append((column, column.least + more))
        return [line]


def _taken(widths: Iterable[int]) -> int:
    """Return the cells that columns and the gaps between them take."""
    return sum(found := list(widths)) + _GAP * (len(found) - 1)


def _narrowed(columns: Sequence[Column], width: int) -> list[Placed]:
    """Take what is too much from the widest column of names; nothing if little would be left of it."""
    names = [column for column in columns if not column.wraps and not column.right]
    if not names:
        return []
    widest = max(names, key=lambda column: column.natural)
    left = width - _taken(0 if column is widest else column.least for column in columns)
    if left < max(_NAME, cell_len(widest.head)):
        return []
    return [[(column, left if column is widest else column.least) for column in columns]]


def _stacked(columns: Sequence[Column], width: int) -> list[Placed]:
    """Let names and numbers flow into lines, and give each sentence its own."""
    long = [column for column in columns if column.wraps and column.natural > _LEAST]
    short = [column for column in columns if column not in long]
    below: list[Placed] = [[(column, max(column.least, width - _INDENT))] for column in long]
    if short and _taken(column.natural for column in short) > width and (narrowed := _narrowed(short, width)):
        return narrowed + below
    lines: list[Placed] = [[]]
    for column in short:
        if lines[-1] and _taken([*(w for _, w in lines[-1]), column.natural]) > width - _INDENT * (len(lines) > 1):
            lines.append([])
        lines[-1].append((column, column.natural))
    return [line for line in lines + below if line]


def _lines(placed: Sequence[Placed], row: int | None) -> Iterator[str]:
    """Yield the lines of one row, or of the heading; one below the first that is empty is left out."""
    for k, line in enumerate(placed):
        indent = " " * (_INDENT if k else 0)
        cells = [(column.head if row is None else column.cells[row], column, width) for column, width in line]
        parts = [_wrapped(text, width) if column.wraps else [text] for text, column, width in cells]
        for depth in range(max(map(len, parts))):
            shown = [
                (part[depth] if depth < len(part) else "", column.right, width)
                for part, (_, column, width) in zip(parts, cells, strict=True)
            ]
            for text in _joined(shown):
                if text or k == 0:
                    yield indent + text


def _joined(cells: Sequence[tuple[str, bool, int]]) -> list[str]:
    """Put cells beside each other, in one line, or in several around a cell that is too wide.

    Nothing is added after the last that says something.
    """
    last = max((k for k, (text, _, _) in enumerate(cells) if text), default=-1)
    whole = _taken(width for _, _, width in cells)
    lines, at = [""], 0
    for text, right, width in cells[: last + 1]:
        wide = cell_len(text)
        start = at + (width - wide if right else 0)
        if wide > width:
            start = max(0, min(start, whole - wide))
        if text and lines[-1] and cell_len(lines[-1]) + _GAP > start:
            lines.append("")
        if text:
            lines[-1] += " " * (start - cell_len(lines[-1])) + text
        at += width + _GAP
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """Break a sentence between words; a word that is wider has its line for itself."""
    lines = [""]
    for k, word in enumerate(text.split(" ")):
        longer = f"{lines[-1]} {word}" if k else word
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _whole(line: str, style: str = "") -> Text:
    return Text(line, style=style, no_wrap=True, overflow="ignore")
