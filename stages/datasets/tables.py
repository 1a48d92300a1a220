"""Read TSV and CSV tables that people wrote: every complaint names the file and the row."""

from __future__ import annotations

import csv
import difflib
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from eeg2vid.schemas.errors import BadDataError

ABSENT = {"", "n/a"}  # how BIDS tables say that a value is missing
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
LABEL_LENGTH = 80


@dataclass(frozen=True)
class TableRow:
    """One row: its texts by column, and where it stands."""

    path: Path
    number: int  # line in the file; the heading is line 1. Of a marker: its place among the recording's, from 1
    values: dict[str, str]
    noun: str = "row"

    @property
    def place(self) -> str:
        """Return `row 7`, `marker 7`."""
        return f"{self.noun} {self.number}"

    def fail(self, sentence: str, hint: str | None = None) -> NoReturn:
        """Raise a BadDataError that names the file and the row."""
        raise BadDataError(f"{self.path}, {self.place}: {sentence}", hint)

    def text(self, column: str) -> str | None:
        """Return a text, None where the column or the value is absent."""
        value = self.values.get(column, "")
        return None if value.casefold() in ABSENT else value

    def label(self, column: str) -> str | None:
        """Return a text that must be usable as a label."""
        value = self.text(column)
        if value is not None and (not _LABEL.fullmatch(value) or len(value) > LABEL_LENGTH):
            self.fail(
                f"{column} {value!r} is not a label.",
                "Labels are letters, digits and . _ + -, start with a letter or digit, at most 80 characters.",
            )
        return value

    def number_of(self, column: str, low: float, high: float = math.inf) -> float | None:
        """Return a finite number within bounds, None where it is absent."""
        value = self.text(column)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{column}: expected a number, found {value!r}.")
        if not math.isfinite(number) or not low <= number <= high:
            span = f"at least {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"
            self.fail(f"{column}: expected a number of {span}, found {value}.")
        return number

    def whole(self, column: str, low: int, high: float = math.inf) -> int | None:
        """Return a whole number within bounds, None where it is absent."""
        number = self.number_of(column, low, high)
        if number is not None and number != int(number):
            self.fail(f"{column}: expected a whole number, found {self.values[column]}.")
        return None if number is None else int(number)


@dataclass(frozen=True)
class Table:
    """A table with its columns and rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


def read_table(
    path: Path, *, required: Collection[str], known: Collection[str], may_have_no_rows: bool = False
) -> Table:
    """Read a UTF-8 table with a heading; `.tsv` splits at tabs, `.csv` at commas or semicolons.

    A `.tsv` has no quoting, as BIDS has none: a quotation mark in it is a character like any other, and a row is a
    line. In a `.csv`, fields may be quoted (RFC 4180).

    Parameters
    ----------
    path
        The file.
    required
        Columns that must be there.
    known
        Columns that mean something; used to guess what a misspelt one was meant to be.
    may_have_no_rows
        Whether a heading alone is a table: nothing happened.

    Raises
    ------
    BadDataError
        If the file cannot be read, has no rows, lacks a column, names one twice, or a row has more or
        fewer fields than the heading; a `.csv` also if a quotation mark is never closed.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = file.readline()
            file.seek(0)
            semicolons = heading.count(";") > heading.count(",")
            delimiter = "\t" if path.suffix.casefold() == ".tsv" else ";" if semicolons else ","
            lines = list(_fields(file, delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadDataError(f"{path} cannot be read as a table ({error}).") from error
    if not lines:
        raise BadDataError(f"{path} is empty: expected a heading with {', '.join(required)}.")
    columns = tuple(name.strip() for name in lines[0][1])
    twice = {name for name in columns if columns.count(name) > 1}
    if twice:
        raise BadDataError(f"{path}: the column {min(twice)!r} is there twice.")
    for name in required:
        if name not in columns:
            near = difflib.get_close_matches(name, set(columns) - set(known), n=1)
            hint = f"Was {near[0]!r} meant to be {name!r}?" if near else None
            if f'"{name}"' in columns:
                hint = "A .tsv has no quoting: write it without quotation marks around its fields, or as .csv."
            raise BadDataError(f"{path}: the column {name!r} is missing; found {', '.join(columns) or 'none'}.", hint)
    rows = []
    for number, fields in lines[1:]:
        if len(fields) != len(columns):
            raise BadDataError(f"{path}, row {number}: expected {len(columns)} fields, found {len(fields)}.")
        rows.append(TableRow(path, number, dict(zip(columns, (f.strip() for f in fields), strict=True))))
    if not rows and not may_have_no_rows:
        raise BadDataError(f"{path} has a heading but no rows.")
    return Table(path, columns, tuple(rows))


def find_table(root: Path, stem: str) -> Path | None:
    """Return `<stem>.tsv` or `<stem>.csv` of a folder, None if it has neither.

    Raises
    ------
    BadDataError
        If it has both.
    """
    found = [p for name in (f"{stem}.tsv", f"{stem}.csv") if (p := root / name).is_file()]
    if len(found) > 1:
        raise BadDataError(f"{root} holds both {stem}.tsv and {stem}.csv.", "Keep one of them.")
    return found[0] if found else None


def to_label(text: str, length: int = LABEL_LENGTH) -> str:
    """Return `text` as a label: what labels may not hold becomes a hyphen, the start is a letter or digit."""
    label = re.sub(r"[^A-Za-z0-9._+-]+", "-", text).lstrip("._+-")
    return label[:length].rstrip("-") or "x"


def _fields(file: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of every line that is not blank."""
    if delimiter == "\t":
        reader = csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(file, delimiter=delimiter, strict=True)  # else an open quote takes in all that follows
    for fields in reader:
        if any(field.strip() for field in fields):
            yield reader.line_num, fields
