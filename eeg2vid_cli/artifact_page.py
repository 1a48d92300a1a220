"""One artifact on the terminal: nothing that is copied is cut, long values wrap."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from eeg2vid.cli.output import visible
from eeg2vid.stages.services.inspecting import NOT_RECORDED, leaves

_LINE = 72


def page(data: Mapping[str, Any]) -> Group:
    """Return what `describe` found, for people."""
    blocks: list[Iterable[RenderableType]] = [
        _head(data),
        *(_array(name, entry) for name, entry in data["arrays"].items()),
        *(_table(name, entry) for name, entry in data["tables"].items()),
        _weights(data),
        _named("attributes", [(key, _text(value)) for key, value in leaves(data["attributes"]).items()]),
        _settings(data),
        _named("inputs", [(_address(ref), f"digest {ref['digest'][:12]}, as {ref['role']}") for ref in data["inputs"]]),
        _named("models", [(ref["role"], f"{ref['name']}, {ref['identity']}") for ref in data["models"]]),
        _named("sources", [(file["path"], f"{file['size']} bytes") for file in data["sources"]]),
        _named("cites (BibTeX: eeg2vid cite, or --json)", [(key, one["by"]) for key, one in data["cites"].items()]),
        _again(data["command"]),
    ]
    shown = [line for block in blocks if (lines := list(block)) for line in (*lines, "")]
    return Group(*shown[:-1])


def listing(rows: Iterable[Mapping[str, Any]]) -> Group:
    """Return artifacts for people: each address on a line of its own, what it is below."""
    shown: list[RenderableType] = []
    for row in rows:
        size = "" if row["MB"] is None else f"{row['MB']} MB"
        facts = [row["schema"], size, row["stamps"], row["digest"]]
        shown += [row["artifact"], _below(" · ".join(filter(None, facts)))]
        shown += [_below(row["content"])] if row["content"] else []
    return Group(*shown)


def _address(ref: Mapping[str, str]) -> str:
    return f"{ref['stage']}/{ref['variant']}/{ref['unit']}/{ref['role']}"


def _head(data: Mapping[str, Any]) -> Iterable[RenderableType]:
    yield _address(data)
    yield data["folder"]
    version, today = data["schema_version"], data["schema_today"]
    older = "" if version == today else f" (today's is {today}: eeg2vid verify --upgrade)"
    yield f"schema {data['schema_name']} {version}{older}: {data['doc']}"
    yield f"digest {data['digest']}"
    for former in data.get("upgraded_from", ()):
        yield f"upgraded from version {former['schema_version']}, digest {former['digest']}"
    where = ", ".join(f"{key} {value}" for key, value in data["execution"].items())
    yield f"{data['provenance']} {data['created']} in {data['seconds']} s{f' on {where}' if where else ''}" + (
        f", protocol {data['protocol']}" if data["protocol"] else ""
    )
    software = [f"{name} {version}" for name, version in data["software"].items() if name != "code"]
    yield f"software {', '.join(software) or NOT_RECORDED}"
    yield data["code"]
    yield f"stamps: {', '.join(data['stamps']) or 'none'}"
    yield f"{in_bytes(data['bytes'])} on the disk as {data['container']}"
    for problem in data["problems"]:
        yield f"CANNOT BE READ: {problem}"


def in_bytes(count: int) -> str:
    """Return a size in bytes, kB or MB."""
    return f"{count} bytes" if count < 1000 else f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def _array(name: str, entry: Mapping[str, Any]) -> Iterable[RenderableType]:
    yield f"array {name}"
    axes = " x ".join(f"{dim} {size}" for dim, size in zip(entry["dims"], entry["shape"], strict=True))
    yield _below(f"{axes or 'one number'}; {entry['dtype']}; unit {entry['unit']}")
    if entry["doc"]:
        yield _below(entry["doc"])
    if (found := entry["summary"]) is not None:
        yield _below(_summary(found, entry["dims"]))


def _summary(found: Mapping[str, Any], dims: list[str]) -> str:
    names = {"min": "min", "mean": "mean", "max": "max", "sd": "SD"}
    parts = [f"{label} {_number(found[key])}" for key, label in names.items() if found[key] is not None]
    parts += [f"NaN {found['nan']}"] + ([f"infinite {found['infinite']}"] if found["infinite"] else [])
    parts += [f"zeros {100 * found['zeros']:.1f} %"] if found["zeros"] is not None else []
    if not found["values"]:
        return "no values"
    part = found["rows"] is not None and found["rows"] < found["of_rows"]
    return ", ".join(parts) + (
        f" (of the first {found['rows']} of {found['of_rows']} along {dims[0]} only: more than 2 GB)" if part else ""
    )


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _table(name: str, entry: Mapping[str, Any]) -> Iterable[RenderableType]:
    rows = entry["rows"]
    yield f"table {name}: {rows} {'row' if rows == 1 else 'rows'}"
    if entry.get("columns"):
        yield _below(_grid([(one["column"], one["type"], _values(one)) for one in entry["columns"]]))


def _values(column: Mapping[str, Any]) -> str:
    parts = []
    if column.get("lengths"):
        low, high = column["lengths"]
        parts.append(f"{low} to {high} entries" if low < high else f"{low} {'entry' if low == 1 else 'entries'}")
        parts += [", ".join(column["keys"])] if column.get("keys") else []
    elif "values" in column and ".." not in column["values"]:
        parts.append(" | ".join(_text(value) for value in column["values"]))
    elif column.get("distinct"):
        if "min" in column:
            parts.append(f"{_number(column['min'])} to {_number(column['max'])}")
        parts.append(f"{column['distinct']} distinct")
        parts += [" | ".join(column["values"])] if "values" in column else []
    if column["missing"]:
        parts.append(f"missing in {column['missing']}")
    return "; ".join(filter(None, parts))


def _weights(data: Mapping[str, Any]) -> Iterable[RenderableType]:
    folders: dict[str, list[str]] = {}
    for name in data["weights"]:
        folder, _, file = name.rpartition("/")
        folders.setdefault(folder, []).append(file)
    yield from _named("model files", [(folder, ", ".join(files)) for folder, files in folders.items()])


def _settings(data: Mapping[str, Any]) -> Iterable[RenderableType]:
    values = leaves(data["settings"])
    if not values:
        return
    origins = data["origins"]
    known = any(origin != NOT_RECORDED for origin in origins.values())
    if data["provenance"] == "imported":
        yield "settings: how the files were understood"
    else:
        yield "settings: value, origin" if known else f"settings: value (origins: {NOT_RECORDED})"
    yield _below(_grid([(key, _text(value), *([origins[key]] if known else [])) for key, value in values.items()]))


def _named(title: str, rows: list[tuple[str, str]]) -> Iterable[RenderableType]:
    if rows:
        yield title
        yield _below(_grid(rows))


def _again(command: Mapping[str, str | None]) -> Iterable[RenderableType]:
    if command["again"]:
        yield "The command that makes it again:"
        yield _continued(command["again"])
    else:
        yield f"No command is known that makes it again: {command['why']}"


def _continued(command: str) -> str:
    """Return a command in lines that a terminal of 80 columns does not break, and a shell reads as one."""
    lines = [" "]
    for word in re.findall(r"(?:'(?:[^']|'\"'\"')*'|[^\s'])+", command):
        if len(lines[-1]) + len(word) > _LINE and lines[-1].strip():
            lines.append("     ")
        lines[-1] += f" {word}"
    return " \\\n".join(lines)


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(map(str, value)) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _below(what: RenderableType) -> Padding:
    told = Text(visible(what), overflow="fold") if isinstance(what, str) else what  # else cut at the terminal's edge
    return Padding(told, (0, 0, 0, 2), expand=False)


def _grid(rows: Sequence[tuple[str, ...]]) -> Table:
    """Return columns that wrap, also within a word: what is copied is whole."""
    grid = Table.grid(padding=(0, 2))
    for _ in rows[0]:
        grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid
