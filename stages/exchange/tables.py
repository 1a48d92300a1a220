"""Tables as JSON lines or CSV, and back to rows."""

from __future__ import annotations

import csv
import json
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted

SUFFIXES = (".jsonl", ".csv")
_NESTED = (tuple, list, dict)


def write_rows(path: Path, rows: Sequence[Row], row_type: type[Row]) -> None:
    """Write a table; the suffix chooses the form. In CSV an absent value is an empty cell, a list or table is JSON."""
    dumped = [row.model_dump(mode="json") for row in rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            file.writelines(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in dumped)
            return
        dumped = [{name: _cell(value) for name, value in row.items()} for row in dumped]
        # the csv module leaves a lone carriage return unquoted, and reads it as the end of a line
        bare = any("\r" in value for row in dumped for value in row.values() if isinstance(value, str))
        quoting: typing.Literal[0, 1] = csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL
        writer = csv.DictWriter(file, list(row_type.model_fields), lineterminator="\n", quoting=quoting)
        writer.writeheader()
        writer.writerows(dumped)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def read_rows(path: Path, row_type: type[Row]) -> list[Row]:
    """Read a table of JSON lines or CSV.

    Raises
    ------
    BadDataError
        Naming the line and the field that are wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = _csv_rows(file, path, row_type) if path.suffix.lower() == ".csv" else _json_rows(file, path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadDataError(f"{path}: the table cannot be read ({error}).") from error
    rows = []
    for number, data in found:
        try:
            rows.append(row_type.model_validate(data))
        except ValidationError as error:
            problem = error.errors()[0]
            field = ".".join(map(str, problem["loc"])) or "row"
            raise BadDataError(f"{path}, line {number}: {field}: {problem['msg']}.") from error
    return rows


def _json_rows(file: typing.TextIO, path: Path) -> list[tuple[int, Any]]:
    rows = []
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                rows.append((number, json.loads(line)))
            except (ValueError, RecursionError) as error:
                raise BadDataError(f"{path}, line {number}: not JSON ({error}).") from error
    return rows


def _csv_rows(file: typing.TextIO, path: Path, row_type: type[Row]) -> list[tuple[int, Any]]:
    reader = csv.DictReader(file)
    nullable = {name for name, info in row_type.model_fields.items() if _may_be_none(info.annotation)}
    nested = {name for name, info in row_type.model_fields.items() if typing.get_origin(info.annotation) in _NESTED}
    optional = {name for name, info in row_type.model_fields.items() if not info.is_required()}
    rows = []
    for data in reader:
        if None in data or None in data.values():
            expected = f"expected {counted(len(reader.fieldnames or ()), 'cell')}"
            raise BadDataError(f"{path}, line {reader.line_num}: {expected}, found another number.")
        cells: dict[str, Any] = {
            name: None if value == "" and name in nullable else value for name, value in data.items()
        }
        for name in nested & optional & cells.keys():
            if cells[name] == "":  # a field may leave out what is empty
                del cells[name]
        for name in nested & cells.keys():
            try:
                cells[name] = json.loads(cells[name])
            except (ValueError, RecursionError) as error:
                raise BadDataError(f"{path}, line {reader.line_num}: {name}: not JSON ({error}).") from error
        rows.append((reader.line_num, cells))
    return rows


def _may_be_none(annotation: Any) -> bool:
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return union and type(None) in typing.get_args(annotation)
