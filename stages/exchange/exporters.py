"""From an artifact to plain files that any program reads."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.manifest import ArrayEntry, Manifest
from eeg2vid.stages.exchange.bundle import ARCHIVE, EXPORT, ExportedArray, ExportFacts, video_name
from eeg2vid.stages.exchange.tables import write_rows
from eeg2vid.stages.stimuli.mp4 import write_mp4


class Stored(Protocol):
    """A stored array, and how to read it in pieces along its first axis."""

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype: ...  # noqa: D102
    def slabs(self) -> Iterator[np.ndarray]: ...  # noqa: D102


@dataclass(frozen=True)
class Exportable:
    """One artifact as its reader gives it."""

    manifest: Manifest
    schema: Schema
    address: str
    attributes: Mapping[str, Any]
    entries: Mapping[str, ArrayEntry]
    arrays: Mapping[str, Stored]
    tables: Mapping[str, Sequence[Row]]
    copies: Mapping[str, Path]


Writer = Callable[[Exportable, Path], dict[str, str]]


def export(given: Exportable, out: Path, form: str) -> list[Path]:
    """Write an artifact's content as plain files; `export.json` comes last.

    Parameters
    ----------
    given
        The artifact.
    out
        A folder that is new or empty.
    form
        One of `FORMATS`.

    Raises
    ------
    UsageError
        If the folder holds something, or videos are wanted of what holds none.
    """
    if form not in FORMATS:
        raise UsageError(f"`format`: '{form}' is none of {', '.join(FORMATS)}.")
    if out.exists() and (not out.is_dir() or not all(is_foreign(path.name) for path in out.iterdir())):
        raise UsageError(f"`out` {out}: expected a new or empty folder, found something there.")
    write_arrays, suffix = FORMATS[form]
    out.mkdir(parents=True, exist_ok=True)
    places = write_arrays(given, out)
    for name, rows in given.tables.items():
        row_type = given.schema.row_of(name)
        assert row_type is not None  # the reader has found it in the schema
        write_rows(out / f"{name}{suffix}", rows, row_type)
    for name, source in given.copies.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, out / name)
    (out / EXPORT).write_text(_facts(given, places, suffix).model_dump_json(indent=2) + "\n", encoding="utf-8")
    return sorted(path for path in out.rglob("*") if path.is_file() and not is_foreign(path.name))


def _facts(given: Exportable, places: Mapping[str, str], suffix: str) -> ExportFacts:
    manifest = given.manifest
    return ExportFacts(
        schema_name=manifest.schema_name,
        schema_version=given.schema.version,
        address=given.address,
        unit=manifest.unit,
        digest=manifest.digest if manifest.schema_version == given.schema.version else None,
        provenance=manifest.provenance,
        protocol=manifest.protocol,
        stamps=manifest.stamps,
        attributes=dict(given.attributes),
        arrays={
            name: ExportedArray(
                file=places[name], doc=_doc(given.schema, name, entry), **_described(given, name, entry)
            )
            for name, entry in given.entries.items()
        },
        tables={name: f"{name}{suffix}" for name in given.tables},
        settings=manifest.settings,
        inputs=manifest.inputs,
        sources=manifest.sources,
        created=manifest.created,
    )


def _doc(schema: Schema, name: str, entry: ArrayEntry) -> str:
    spec = schema.spec_of(name, len(entry.shape))
    return spec.doc if spec else ""


def _described(given: Exportable, name: str, entry: ArrayEntry) -> dict[str, Any]:
    """Return an array's entry with today's names of its axes."""
    spec = given.schema.spec_of(name, len(entry.shape))
    return {**entry.model_dump(), **({"dims": spec.dims} if spec else {})}


def _npy(given: Exportable, out: Path) -> dict[str, str]:
    """Write each array into its own file, slab by slab."""
    for name, array in given.arrays.items():
        with (out / f"{name}.npy").open("wb") as file:
            _write(file, array)
    return {name: f"{name}.npy" for name in given.arrays}


def _npz(given: Exportable, out: Path) -> dict[str, str]:
    """Write all arrays into one archive, slab by slab, uncompressed as `numpy.savez` does."""
    if given.arrays:
        with zipfile.ZipFile(out / ARCHIVE, "w") as archive:
            for name, array in given.arrays.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                    _write(file, array)
    return dict.fromkeys(given.arrays, ARCHIVE)


def _write(file: IO[bytes], array: Stored) -> None:
    header = {
        "descr": np.lib.format.dtype_to_descr(array.dtype.newbyteorder("<")),
        "fortran_order": False,
        "shape": tuple(array.shape),
    }
    np.lib.format.write_array_header_2_0(file, header)  # type: ignore[no-untyped-call]
    for slab in array.slabs():
        file.write(slab.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())


def _mp4(given: Exportable, out: Path) -> dict[str, str]:
    """Write each video into its own file; what the padding hides stays away."""
    if list(given.arrays) != ["frames"]:
        raise UsageError(f"`format` mp4: {given.address} holds no videos.", "Use `format` npy.")
    attributes, rows = given.attributes, given.tables["clips"]
    names = [video_name(row) for row in rows]
    if len(set(names)) < len(names):
        raise BadDataError(f"{given.address}: two rows would be written to one file.")
    (out / "frames").mkdir()
    done = 0
    for slab in given.arrays["frames"].slabs():
        for name, video in zip(names[done : done + len(slab)], slab, strict=True):
            picture = video[:, : attributes["height"], : attributes["width"]]
            write_mp4(out / "frames" / f"{name}.mp4", picture, fps=attributes["fps"])
        done += len(slab)
    return {"frames": "frames/"}


FORMATS: dict[str, tuple[Writer, str]] = {
    "npy": (_npy, ".jsonl"),
    "npz": (_npz, ".jsonl"),
    "jsonl": (_npy, ".jsonl"),
    "csv": (_npy, ".csv"),
    "mp4": (_mp4, ".jsonl"),
}
