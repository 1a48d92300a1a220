"""Exported folders: plain files with an `export.json` that says what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.catalogue import VERSIONS, upgraded
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.manifest import InputRef, SourceFile
from eeg2vid.schemas.words import counted
from eeg2vid.stages.exchange.cards import CARD
from eeg2vid.stages.exchange.content import Content
from eeg2vid.stages.exchange.foreign import ForeignArray, ForeignVideos, Slabs, refuse_giant_rows
from eeg2vid.stages.exchange.sources import declared_array, foreign_files, read_array, require_inside
from eeg2vid.stages.exchange.tables import SUFFIXES, read_rows

EXPORT = "export.json"
ARCHIVE = "arrays.npz"
FOLDERS = ("models", "media")


class ExportedArray(BaseModel):
    """One array of an exported folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    dims: tuple[str, ...]
    dtype: str
    shape: tuple[int, ...]
    unit: str
    doc: str = ""
    sha256: str = Field("", description="of the artifact's C-order little-endian bytes")


class ExportFacts(BaseModel):
    """The `export.json` of an exported folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["eeg2vid-export"] = "eeg2vid-export"
    version: Literal[1] = 1
    schema_name: str
    schema_version: int
    address: str = ""
    unit: str = ""
    digest: str | None = None
    provenance: str = ""
    protocol: Literal["published", "corrected", "mixed"] | None = None
    stamps: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}
    arrays: dict[str, ExportedArray] = {}
    tables: dict[str, str] = Field({}, description="table name to file name")
    settings: dict[str, Any] = {}
    inputs: tuple[InputRef, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    created: str = ""


def read_bundle(schema: Schema, folder: Path) -> Content:
    """Return the content of an exported folder; its files may have been edited or replaced.

    Raises
    ------
    BadDataError
        If it is of another schema, or files are missing, damaged or lead out of the folder.
    """
    facts = _facts(folder)
    stored = VERSIONS.get((facts.schema_name, facts.schema_version))
    if stored is None or facts.schema_name != schema.name:
        found = f"{facts.schema_name} version {facts.schema_version}"
        raise BadDataError(f"{folder / EXPORT}: expected schema {schema.name} version {schema.version}, found {found}.")
    tables, used = _tables(stored, folder, facts)
    arrays: dict[str, Slabs] = {}
    for name, entry in facts.arrays.items():
        spec = stored.spec_of(name, len(entry.shape))
        if spec is None or entry.dims != spec.dims:
            wanted = f"dims {spec.dims}" if spec else "another array"
            raise BadDataError(f"{folder / EXPORT}: array '{name}' {entry.dims}: the schema has {wanted}.")
        arrays[name], files = _array(stored, folder, facts, name, tables)
        used += files
    attributes = dict(facts.attributes)
    if stored is not schema:
        tables, attributes, arrays = _upgraded(schema, stored, tables, attributes, arrays)
    copies = _copies(folder)
    return Content(
        arrays=arrays,
        tables=tables,
        attributes=attributes,
        copies=copies,
        files=[folder / EXPORT, *dict.fromkeys(used), *copies.values()],
        facts={"exported": facts.address, "unit": facts.unit},
        stamps=facts.stamps,
        protocol=facts.protocol,
        digest=facts.digest,
    )


def _upgraded(
    schema: Schema, stored: Schema, tables: dict[str, list[Row]], attributes: dict[str, Any], arrays: dict[str, Slabs]
) -> tuple[dict[str, list[Row]], dict[str, Any], dict[str, Slabs]]:
    """Bring what an older eeg2vid exported to today's form."""
    plain = {name: [row.model_dump(mode="json") for row in rows] for name, rows in tables.items()}
    full = stored.attributes.model_validate(attributes).model_dump(mode="json")
    found, facts, names = upgraded(schema.name, stored.version, plain, full, arrays)
    rows = {name: [schema.parse_row(name, row) for row in lines] for name, lines in found.items()}
    return rows, facts, {name: arrays[old] for name, old in names.items()}


def _facts(folder: Path) -> ExportFacts:
    path = require_inside(folder, folder / EXPORT)
    try:
        return ExportFacts.model_validate_json(path.read_bytes())
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"])) or "file"
        raise BadDataError(f"{path}: {field}: {problem['msg']}.") from error


def _tables(schema: Schema, folder: Path, facts: ExportFacts) -> tuple[dict[str, list[Row]], list[Path]]:
    found: dict[str, list[Row]] = {}
    files: list[Path] = []
    own = {name: schema.row_of(name) for name in facts.tables} if schema.family else {}
    for name, row_type in {**schema.tables, **{name: row for name, row in own.items() if row}}.items():
        candidates = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
        present = [path for path in candidates if path.name == facts.tables.get(name, path.name) and path.is_file()]
        if len(present) != 1:
            raise BadDataError(f"{folder}: expected table '{name}' as {' or '.join(p.name for p in candidates)}.")
        files.append(require_inside(folder, present[0]))
        found[name] = read_rows(present[0], row_type)
    return found, files


def _array(
    schema: Schema, folder: Path, facts: ExportFacts, name: str, tables: dict[str, list[Row]]
) -> tuple[Slabs, list[Path]]:
    """Open an array: `<name>.npy`, in `arrays.npz`, or videos in `<name>/`. File names are ours, not the JSON's."""
    entry = facts.arrays[name]
    if entry.file == f"{name}/":
        rows = tables[schema.index[entry.dims[0]]]
        files = foreign_files(require_inside(folder, folder / name))
        by_stem = {path.stem: path for path in files}
        missing = [video_name(row) for row in rows if video_name(row) not in by_stem]
        if missing:
            raise BadDataError(f"{folder / name}: the video '{missing[0]}' is missing.")
        ordered = tuple(by_stem[video_name(row)] for row in rows)
        size = (int(facts.attributes.get("width", 0)), int(facts.attributes.get("height", 0)))
        size = (size[0] + size[0] % 2, size[1] + size[1] % 2)  # H.264 wants even sides
        videos = ForeignVideos(ordered, entry.shape[1], float(facts.attributes.get("fps", 0) or 1), size)
        refuse_giant_rows(videos.shape[1:], np.dtype(videos.dtype), str(folder / EXPORT))
        return videos, files
    archived = entry.file == ARCHIVE
    path = require_inside(folder, folder / (ARCHIVE if archived else f"{name}.npy"))
    key = name if archived else None
    declared = declared_array(path, key)
    if len(declared.shape) != len(entry.dims):
        raise BadDataError(
            f"{path}: expected {counted(len(entry.dims), 'axis')} {entry.dims}, found shape {declared.shape}."
        )
    refuse_giant_rows(declared.shape[1:], declared.dtype, str(path))
    array = read_array(path, key)
    turned = tuple(range(1, array.ndim))
    return ForeignArray((array,), np.arange(len(array)), turned, (), array.dtype.name), [path]


def _copies(folder: Path) -> dict[str, Path]:
    """Return models, their card and media by their path in the artifact."""
    found: dict[str, Path] = {}
    for kind in FOLDERS:
        for path in sorted((folder / kind).rglob("*")):
            require_inside(folder, path)
            if path.is_file() and not is_foreign(path.name):
                found[path.relative_to(folder).as_posix()] = path
    if found and (folder / CARD).is_file():
        found[CARD] = require_inside(folder, folder / CARD)
    return found


def video_name(row: Row) -> str:
    """Return the file name, without suffix, of a row's video.

    Raises
    ------
    BadDataError
        If the id is no plain name.
    """
    name = str(getattr(row, "event", "") or getattr(row, "clip", ""))
    if not name or Path(name).name != name or name.startswith(".") or "\\" in name:
        raise BadDataError(f"'{name}' cannot be a file name.")
    return name
