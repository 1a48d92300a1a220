"""Writing artifacts: everything in a work folder, the manifest last, one rename to commit."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.base import Attributes, Schema
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.manifest import ArrayEntry, FileEntry, Manifest, TableEntry
from eeg2vid.stages.store import arrays
from eeg2vid.stages.store.digest import canonical_json, scan_array, sha256_file, sha256_json, sha256_rows
from eeg2vid.stages.store.layout import MANIFEST

if TYPE_CHECKING:
    import numpy as np
    import zarr


class ArtifactWriter:
    """Collects one artifact's content; nothing is visible before `commit`."""

    def __init__(self, target: Path, schema: Schema, fingerprint: str) -> None:
        self.target = target
        self.schema = schema
        self.work = target.with_name(f"{target.name}.work-{fingerprint[:8]}")
        self._attributes: Attributes | None = None
        self._tables: dict[str, list[dict[str, Any]]] = {}
        for left in target.parent.glob(f"{target.name}.work-*"):  # by a process that died: the caller holds the lock
            shutil.rmtree(left)
        self.work.mkdir(parents=True)

    def create(self, name: str, shape: Sequence[int], dtype: str) -> zarr.Array:
        """Create an array to be filled slab by slab; dims and unit come from the schema."""
        return arrays.create(self.work, name, self.schema.arrays[name], tuple(int(n) for n in shape), dtype)

    def array(self, name: str, values: np.ndarray) -> None:
        """Write a whole array."""
        stored = self.create(name, values.shape, str(values.dtype))
        if values.size:
            stored[...] = values

    def table(self, name: str, rows: Iterable[Row]) -> None:
        """Write a whole table."""
        wanted = self.schema.tables[name]
        self._tables[name] = [wanted.model_validate(row.model_dump()).model_dump(mode="json") for row in rows]
        lines = b"".join(canonical_json(row) + b"\n" for row in self._tables[name])
        (self.work / f"{name}.jsonl").write_bytes(lines)

    def attributes(self, attributes: Attributes) -> None:
        """Set the artifact's attributes."""
        self._attributes = attributes

    def model_folder(self, path: str) -> Path:
        """Return a new folder for one trained model."""
        folder = self.work / "models" / path
        folder.mkdir(parents=True)
        return folder

    def media(self, path: str) -> Path:
        """Return where a media file (mp4, html, png) goes; media are outside the digest."""
        target = self.work / "media" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def commit(self, manifest: dict[str, Any]) -> Manifest:
        """Validate, write the manifest last, and rename the work folder into place.

        Parameters
        ----------
        manifest
            Fields of the manifest that the store cannot know (provenance, settings, inputs).

        Raises
        ------
        BadDataError
            If the content does not fit the schema or holds NaN or infinity.
        """
        attributes = (self._attributes or self.schema.attributes()).model_dump(mode="json")
        stored = arrays.open_arrays(self.work)
        entries = {name: _array_entry(name, array, self.schema) for name, array in stored.items()}
        self._validate(entries)
        content: dict[str, Any] = {
            "schema": [self.schema.name, self.schema.version],
            "attributes": attributes,
            "arrays": {name: entry.model_dump(mode="json") for name, (entry, _) in entries.items()},
            "tables": {
                name: TableEntry(rows=len(rows), sha256=sha256_rows(rows)).model_dump()
                for name, rows in self._tables.items()
            },
            "weights": {
                path.relative_to(self.work).as_posix(): sha256_file(path)
                for path in sorted((self.work / "models").rglob("*"))
                if path.is_file()
            },
        }
        complete = Manifest(
            schema_name=self.schema.name,
            schema_version=self.schema.version,
            attributes=attributes,
            arrays=content["arrays"],
            tables=content["tables"],
            weights=content["weights"],
            digest=sha256_json(content),
            files=tuple(_file_entries(self.work)),
            **manifest,
        )
        body = complete.model_dump(mode="json")
        body["manifest_sha256"] = sha256_json(body)
        _write_synced(self.work / MANIFEST, canonical_json(body))
        _replace_folder(self.work, self.target)
        return complete

    def discard(self) -> None:
        """Remove the work folder."""
        shutil.rmtree(self.work, ignore_errors=True)

    def _validate(self, entries: dict[str, tuple[ArrayEntry, bool]]) -> None:
        found = {name: (entry.dims, entry.dtype, entry.shape) for name, (entry, _) in entries.items()}
        problems = self.schema.problems(found, {name: len(rows) for name, rows in self._tables.items()})
        problems += [f"array '{name}' holds NaN or infinity" for name, (_, finite) in entries.items() if not finite]
        if problems:
            raise BadDataError(f"{self.target.name} does not fit schema '{self.schema.name}': {'; '.join(problems)}.")


def _array_entry(name: str, array: zarr.Array, schema: Schema) -> tuple[ArrayEntry, bool]:
    """Return an array's entry and whether all its values are finite."""
    spec = schema.arrays.get(name)
    digest, finite = scan_array(array)
    entry = ArrayEntry(
        dims=arrays.dims_of(array),
        dtype=str(array.dtype),
        shape=tuple(array.shape),
        unit=spec.unit if spec else "",
        sha256=digest,
    )
    return entry, finite


def _file_entries(folder: Path) -> Iterable[FileEntry]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            yield FileEntry(path=name, size=path.stat().st_size, sha256=sha256_file(path))


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _replace_folder(work: Path, target: Path) -> None:
    """Put `work` in the place of `target`; an old one is renamed aside first, then removed."""
    old = target.with_name(f"{target.name}.old-{work.name.rsplit('-', 1)[-1]}")
    if old.exists():
        shutil.rmtree(old)
    if target.exists():
        target.rename(old)
    work.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def is_interrupted(target: Path) -> bool:
    """Tell whether a replacement is under way, or died."""
    return any(target.parent.glob(f"{target.name}.old-*"))


def restore(target: Path) -> None:
    """Finish a replacement that died between its two renames: bring the old artifact back.

    The caller holds the unit's lock: a living process may be between the two.
    """
    for old in target.parent.glob(f"{target.name}.old-*"):
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target)
