"""Writing artifacts: everything in a folder beside, the manifest last, one rename to commit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.base import Attributes, Schema
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import BadDataError, MissingInputError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.manifest import ArrayEntry, FileEntry, Former, Manifest, TableEntry
from eeg2vid.stages.store import arrays
from eeg2vid.stages.store.digest import canonical_json, crc_proof, sha256_file, sha256_json, sha256_rows
from eeg2vid.stages.store.files import link_or_copy, swap_in, sync_tree, write_synced
from eeg2vid.stages.store.layout import MANIFEST
from eeg2vid.stages.store.work import PartFile, Work

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.store.array_writer import ArrayWriter
    from eeg2vid.stages.store.zarr_layout import Layout


Tables = Mapping[str, Sequence[Mapping[str, Any]]]
Derive = Callable[[Manifest, Tables], str]


class ArtifactWriter:
    """Collects one artifact's content in a folder beside its place; nothing is visible before `commit`.

    Parameters
    ----------
    target
        The artifact's place.
    schema
        What it must look like.
    folder
        Where to collect; on the same file system, this process's alone.
    """

    def __init__(self, target: Path, schema: Schema, folder: Path) -> None:
        self.target = target
        self.schema = schema
        self.work = folder
        self._attributes: Attributes | None = None
        self._tables: dict[str, list[dict[str, Any]]] = {}
        self._arrays: dict[str, ArrayWriter] = {}
        self._derived: dict[str, Derive] = {}
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def create(self, name: str, shape: Sequence[int], dtype: str, layout: Layout | None = None) -> ArrayWriter:
        """Create an array to be filled slab by slab; dims, unit and the axis come from the schema.

        Raises
        ------
        BadDataError
            If the schema has no such array.
        """
        from eeg2vid.stages.store.array_writer import ArrayWriter
        from eeg2vid.stages.store.zarr_layout import GROUP, METADATA

        spec = self.schema.spec_of(name, len(shape))
        if spec is None:
            raise BadDataError(f"{self.target.name}: schema '{self.schema.name}' has no array '{name}'.")
        group = self.work / arrays.ZARR
        group.mkdir(exist_ok=True)
        (group / METADATA).write_bytes(GROUP)
        self._arrays[name] = ArrayWriter(group / name, spec, tuple(int(n) for n in shape), dtype, layout)
        return self._arrays[name]

    def array(self, name: str, values: np.ndarray) -> None:
        """Write a whole array."""
        self.create(name, values.shape, str(values.dtype)).append(values)

    def table(self, name: str, rows: Iterable[Row]) -> None:
        """Write a whole table."""
        parsed = [self.schema.parse_row(name, row.model_dump()) for row in rows]
        self._tables[name] = [row.model_dump(mode="json") for row in parsed]
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

    def derived(self, name: str, make: Derive) -> None:
        """Have a text file written beside what it tells of: made of manifest and tables, outside the digest."""
        self._derived[name] = make

    def take_parts(self, work: Work, role: str) -> None:
        """Join what the parts of the work hold of a role: arrays and tables end to end, files by name."""
        import json

        from eeg2vid.stages.store.part_rows import SUFFIX

        for name, listed in work.listed(role, "arrays").items():
            self._join(name.removesuffix(SUFFIX), work, listed)
        for name, files in work.part_files(role, "tables").items():
            table = name.removesuffix(".jsonl")
            rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
            self.table(table, [self.schema.parse_row(table, row) for row in rows])
        for kind in ("models", "media"):
            for name, files in work.part_files(role, kind).items():
                for file in files:
                    link_or_copy(file, self.work / kind / name)

    def _join(self, name: str, work: Work, files: Sequence[PartFile]) -> None:
        """Join what parts hold of an array.

        Raises
        ------
        DamagedPartError
            If a part was damaged on the disk.
        """
        from eeg2vid.stages.store.chunks import DamagedChunkError
        from eeg2vid.stages.store.part_rows import PartRows
        from eeg2vid.stages.store.zarr_layout import layout_of_parts

        parts: list[PartRows] = []
        for file in files:
            try:
                parts.append(PartRows(file.path, file.proof.rpartition(":")[2]))
            except (FileNotFoundError, DamagedChunkError) as error:
                raise work.dropped(file) from error
        shape = (sum(part.shape[0] for part in parts), *parts[0].shape[1:])
        layout = layout_of_parts(shape, [part.layout for part in parts])
        whole = self.create(name, shape, str(parts[0].dtype), layout)
        for file, part in zip(files, parts, strict=True):
            try:
                whole.take(part)
            except (FileNotFoundError, DamagedChunkError) as error:
                raise work.dropped(file) from error

    def commit(self, manifest: dict[str, Any], container: arrays.Container = "zarr") -> Manifest:
        """Validate, write the manifest last, and rename the work folder into place.

        Parameters
        ----------
        manifest
            Fields of the manifest that the store cannot know (provenance, settings, inputs).
        container
            How the arrays are kept; no part of the digest.

        Raises
        ------
        BadDataError
            If the content does not fit the schema or holds NaN or infinity.
        """
        attributes = (self._attributes or self.schema.attributes()).model_dump(mode="json")
        entries = {name: _array_entry(array) for name, array in sorted(self._arrays.items())}
        self._validate(entries)
        if container == "hdf5" and entries:
            arrays.to_hdf5(self.work)
        content: dict[str, Any] = {
            "schema": [self.schema.name, self.schema.version],
            "attributes": attributes,
            "arrays": {name: entry.model_dump(mode="json") for name, entry in entries.items()},
            "tables": {
                name: TableEntry(rows=len(rows), sha256=sha256_rows(rows)).model_dump()
                for name, rows in self._tables.items()
            },
            "weights": {
                path.relative_to(self.work).as_posix(): sha256_file(path)
                for path in sorted((self.work / "models").rglob("*"))
                if path.is_file() and not is_foreign(path.name)
            },
        }
        digest = sha256_json(content)
        facts = {
            "container": container,
            "schema_name": self.schema.name,
            "schema_version": self.schema.version,
            "attributes": attributes,
            "arrays": content["arrays"],
            "tables": content["tables"],
            "weights": content["weights"],
            "digest": digest,
            "upgraded_from": _formers(self.target, digest),
            **manifest,
        }
        for name, make in self._derived.items():
            (self.work / name).write_text(make(Manifest(**facts), self._tables), encoding="utf-8")
        proofs = sync_tree(self.work, self._proofs() | content["weights"])
        files = (FileEntry.of(name, (self.work / name).stat().st_size, proof) for name, proof in proofs.items())
        complete = Manifest(files=tuple(files), **facts)
        body = complete.model_dump(mode="json")
        body["manifest_sha256"] = sha256_json(body)
        write_synced(self.work / MANIFEST, canonical_json(body))
        swap_in(self.work, self.target)
        return complete

    def discard(self) -> None:
        """Remove the work folder."""
        shutil.rmtree(self.work, ignore_errors=True)

    def _proofs(self) -> dict[str, str]:
        """Return what proves each file of the arrays, as it was written."""
        return {
            f"{arrays.ZARR}/{name}/{file}": crc_proof(crc32c)
            for name, array in self._arrays.items()
            for file, crc32c in array.proofs.items()
        }

    def _validate(self, entries: dict[str, ArrayEntry]) -> None:
        found = {name: (entry.dims, entry.dtype, entry.shape) for name, entry in entries.items()}
        problems = self.schema.problems(found, {name: len(rows) for name, rows in self._tables.items()})
        problems += [f"array '{name}' holds NaN or infinity" for name, one in self._arrays.items() if not one.finite]
        if problems:
            raise BadDataError(f"{self.target.name} does not fit schema '{self.schema.name}': {'; '.join(problems)}.")


def _formers(target: Path, digest: str) -> tuple[Former, ...]:
    """Return the older forms of what lies at a place if it is made again with equal content: its readers know those."""
    from eeg2vid.stages.store.reader import load_manifest

    try:
        before = load_manifest(target)
    except (BadDataError, MissingInputError):
        return ()
    return before.upgraded_from if before.digest == digest else ()


def _array_entry(array: ArrayWriter) -> ArrayEntry:
    """Return what the manifest says of an array."""
    return ArrayEntry(
        dims=array.dims,
        dtype=array.layout.dtype,
        shape=array.layout.shape,
        unit=array.unit,
        sha256=array.finish(),
    )
