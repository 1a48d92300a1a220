"""TOML as lines: values and tables written out, and the line on which a value stands."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TABLE = re.compile(r"^\s*\[([^\[\]]+)\]\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def toml_value(value: Any) -> str:
    """Return a value as TOML writes it, on one line; None is the word "none", which settings take for it.

    Raises
    ------
    TypeError
        If it is no value that settings have.
    """
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(one) for one in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{toml_key([key])} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    raise TypeError(f"{type(value).__name__} is no value of TOML")


def toml_key(parts: Sequence[str]) -> str:
    """Return a dotted key; parts that are no bare words are quoted."""
    return ".".join(part if _BARE.fullmatch(part) else toml_value(part) for part in parts)


def line_of(path: Path, key: Sequence[str]) -> int | None:
    """Return the line, from 1, on which a file says a value or a table that the value lies in; None: nowhere.

    Parameters
    ----------
    path
        A TOML file.
    key
        Table and key, part by part: ('preprocess', 'default', 'tmin_s').
    """
    best: tuple[int, int] | None = None
    for number, said in _keys_of(path):
        if said == tuple(key[: len(said)]) and (best is None or len(said) > best[0]):
            best = len(said), number
    return best[1] if best else None


def tables_at(path: Path, key: Sequence[str]) -> int | None:
    """Return the line on which a table begins, or its first value stands; None: nowhere."""
    lines = [number for number, said in _keys_of(path, tables=True) if said[: len(key)] == tuple(key)]
    return lines[0] if lines else None


def _keys_of(path: Path, *, tables: bool = False) -> list[tuple[int, tuple[str, ...]]]:
    """Return the lines of a file on which keys are said, with their tables; also those of tables, if wanted."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    return [(number, said) for number, said, table in _scanned(text) if tables or not table]


@lru_cache(maxsize=4)
def _scanned(text: str) -> list[tuple[int, tuple[str, ...], bool]]:
    found: list[tuple[int, tuple[str, ...], bool]] = []
    table: tuple[str, ...] = ()
    lines = text.splitlines()
    for place, line in enumerate(lines):
        head, key = _TABLE.match(line), _KEY.match(line)
        if not (head or key) or _inside_a_value(lines[:place]):
            continue
        if head:
            table = _parts(head[1])
            found.append((place + 1, table, True))
        elif key:
            found.append((place + 1, (*table, *_parts(key[1])), False))
    return found


def _inside_a_value(before: Sequence[str]) -> bool:
    """Tell whether what stands before a line breaks off within a text or list of several lines."""
    text = "\n".join(before)
    if '"""' not in text and "'''" not in text and text.count("[") == text.count("]"):
        return False
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return True
    return False


def _parts(key: str) -> tuple[str, ...]:
    """Split a dotted key as TOML does."""
    try:
        inner: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts = []
    while isinstance(inner, dict):
        ((part, inner),) = inner.items()
        parts.append(part)
    return tuple(parts)
