"""Reading artifacts: validated when opened, arrays lazy, tables as rows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.catalogue import SCHEMAS, VERSIONS, upgraded
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UnreadableError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.manifest import ArrayEntry, FileEntry, Manifest
from eeg2vid.schemas.upgrades import Facts, Tables
from eeg2vid.schemas.words import counted
from eeg2vid.stages.store import arrays
from eeg2vid.stages.store.digest import is_proved, sha256_array, sha256_file, sha256_json, sha256_rows
from eeg2vid.stages.store.layout import MANIFEST, Address

if TYPE_CHECKING:
    import numpy as np

R = TypeVar("R", bound=Row)

_REMAKE = "Make it again with --force, or restore it from a copy."
_OTHER_VERSION = "Install the eeg2vid that wrote it, or make the artifact again with --force."


def load_manifest(folder: Path) -> Manifest:
    """Read and check a manifest: its own hash, its format, the schema's version.

    Raises
    ------
    MissingInputError
        If there is none.
    UnreadableError
        If it was edited or damaged, if another version of eeg2vid wrote it, or if its schema is unknown here.
    """
    path = folder / MANIFEST
    data = _read_manifest(path)
    try:
        manifest = Manifest.model_validate(data)
    except ValidationError as error:
        raise UnreadableError(
            f"{path}: not a manifest of this version ({error.errors()[0]['msg']}).",
            _OTHER_VERSION,
            found="of another version of eeg2vid",
        ) from error
    if (manifest.schema_name, manifest.schema_version) not in VERSIONS:
        versions = [str(version) for name, version in VERSIONS if name == manifest.schema_name]
        known = f"version {' and '.join(versions)}" if versions else f"only {', '.join(SCHEMAS)}"
        raise UnreadableError(
            f"{path}: schema '{manifest.schema_name}' version {manifest.schema_version}; this eeg2vid knows {known}.",
            _OTHER_VERSION,
            found=f"of version {manifest.schema_version}" if versions else f"of unknown schema {manifest.schema_name}",
        )
    return manifest


def _read_manifest(path: Path) -> dict[str, Any]:
    """Return what a manifest says, as it was written."""
    try:
        stored = path.read_bytes()
        data = json.loads(stored)
        if not isinstance(data, dict) or not data:
            raise ValueError("it says nothing")
        claimed = data.pop("manifest_sha256", None)
        whole = _is_as_written(stored, claimed) or sha256_json(data) == claimed
    except FileNotFoundError:
        raise MissingInputError(f"{path.parent}: there is no artifact here.") from None
    except OSError as error:
        raise UnreadableError(f"{path}: the manifest cannot be read ({error.strerror}).", _REMAKE) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise UnreadableError(f"{path}: the manifest is damaged ({error}).", _REMAKE) from error
    if not whole:
        raise UnreadableError(f"{path}: the manifest does not match its own hash; it was edited or damaged.", _REMAKE)
    return data


def _is_as_written(stored: bytes, claimed: Any) -> bool:
    """Tell whether the bytes without the hash have that hash: quicker than to spell what they say once more."""
    without = stored.replace(f'"manifest_sha256":"{claimed}",'.encode(), b"", 1)
    return hashlib.sha256(without).hexdigest() == claimed


class Artifact:
    """One committed artifact, opened for reading; of whatever version it is, it reads as if written today."""

    def __init__(self, folder: Path, address: Address) -> None:
        self.folder = folder
        self.address = address
        self.manifest = load_manifest(folder)
        self.schema: Schema = SCHEMAS[self.manifest.schema_name]
        self._stored = VERSIONS[self.manifest.schema_name, self.manifest.schema_version]

    @cached_property
    def _upgraded(self) -> tuple[Tables, Facts, dict[str, str]]:
        """Tables, attributes and stored array names of an older version, in today's form."""
        tables = {
            name: [row.model_dump(mode="json") for row in self._rows(name, self._stored)] for name in self._tables
        }
        facts = self._stored.attributes.model_validate(self.manifest.attributes).model_dump(mode="json")
        version = self.manifest.schema_version
        return upgraded(self.schema.name, version, tables, facts, self.manifest.arrays)

    @property
    def _tables(self) -> list[str]:
        return list(self.manifest.tables)

    @property
    def is_old(self) -> bool:
        """Tell whether it was written in an older form."""
        return self._stored is not self.schema

    @property
    def names(self) -> dict[str, str]:
        """The stored name of each array by today's."""
        return self._upgraded[2] if self.is_old else {name: name for name in self.manifest.arrays}

    @property
    def row_types(self) -> dict[str, type[Row]]:
        """The row model of each table, by today's name."""
        names = self._upgraded[0] if self.is_old else self.manifest.tables
        found = {name: self.schema.row_of(name) for name in names}
        return {name: row for name, row in found.items() if row is not None}

    @property
    def entries(self) -> dict[str, ArrayEntry]:
        """What the manifest says of each array, by today's name."""
        return {name: self.manifest.arrays[stored] for name, stored in self.names.items()}

    @property
    def digest(self) -> str:
        """Hash of the logical content."""
        return self.manifest.digest

    @cached_property
    def arrays(self) -> dict[str, arrays.StoredArray]:
        """Stored arrays by name, checked against the manifest.

        Raises
        ------
        BadDataError
            If a file is gone, or an array is not what the manifest says.
        """
        _check_stored(self.folder, self.manifest)
        found = arrays.open_arrays(self.folder)
        for name, entry in self.manifest.arrays.items():
            array = found.get(name)
            if array is None or tuple(array.shape) != entry.shape or str(array.dtype) != entry.dtype:
                have = "nothing" if array is None else f"{array.dtype} {tuple(array.shape)}"
                raise BadDataError(
                    f"{self.folder}: array '{name}' should be {entry.dtype} {entry.shape}, found {have}.", _REMAKE
                )
        return {
            name: replace(found[stored], where=f"{self.address}, array '{stored}'")
            for name, stored in self.names.items()
        }

    def has(self, name: str) -> bool:
        """Tell whether an optional array is there."""
        return name in self.names

    def read(self, name: str, selection: Any = ...) -> np.ndarray:
        """Return an array, or a part of it, in memory.

        Raises
        ------
        BadDataError
            If a stored file is damaged.
        """
        return self.arrays[name][selection]

    def lazy(self, name: str) -> Any:
        """Return a `StoredArray` that is read piece by piece.

        Raises
        ------
        BadDataError
            If a stored file is damaged; also later, by the pieces read.
        """
        return self.arrays[name]

    def table(self, name: str, row_type: type[R]) -> list[R]:
        """Return a table as validated rows.

        Raises
        ------
        BadDataError
            If the file does not match the manifest.
        """
        if self.is_old:
            return [row_type.model_validate(row) for row in self._upgraded[0][name]]
        return [row_type.model_validate(row) for row in self._lines(name)]

    def _rows(self, name: str, schema: Schema) -> list[Row]:
        return [schema.parse_row(name, row) for row in self._lines(name)]

    def _lines(self, name: str) -> list[dict[str, Any]]:
        """Return a stored table as it stands, after checking it against the manifest."""
        path = self.folder / f"{name}.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines]
        except (OSError, ValueError) as error:
            raise BadDataError(f"{path}: the table cannot be read ({error}).", _REMAKE) from error
        entry = self.manifest.tables[name]
        if len(rows) != entry.rows or sha256_rows(rows) != entry.sha256:
            raise BadDataError(f"{path}: the table does not match the manifest; it was edited or damaged.", _REMAKE)
        return rows

    def attributes(self) -> Any:
        """Return the artifact's typed attributes."""
        facts = self._upgraded[1] if self.is_old else self.manifest.attributes
        return self.schema.attributes.model_validate(facts)

    def model(self, path: str) -> Path:
        """Return the folder of one trained model after checking its files' hashes.

        Raises
        ------
        BadDataError
            If a file is missing or damaged.
        """
        folder = self.folder / "models" / path
        for name, expected in self.manifest.weights.items():
            if name.startswith(f"models/{path}/"):
                _check_file(self.folder / name, expected)
        return folder


def _check_stored(folder: Path, manifest: Manifest) -> None:
    """Refuse a store that lacks files: to Zarr a chunk that is not there is a chunk of zeros.

    Chunks carry checksums of their own, the metadata do not. Damaged metadata can make the HDF5 library end the
    process: such a file is opened only if its bytes are those that were written. Hashing it costs less than unpacking.
    """
    for entry in manifest.files:
        if entry.path.startswith("data."):
            path = folder / entry.path
            _check_size(path, entry)
            if path.name in ("zarr.json", arrays.HDF5) and _sha256_of(path, *_state(path)) != entry.sha256:
                raise BadDataError(f"{path}: does not match the manifest; it was edited or damaged.", _REMAKE)


def check_sizes(folder: Path, manifest: Manifest) -> None:
    """Refuse an artifact whose arrays or weights lack a file or part of one, without reading any: by their sizes.

    Raises
    ------
    BadDataError
        It names the first such file.
    """
    for entry in manifest.files:
        if entry.path.startswith(("data.", "models/")):
            _check_size(folder / entry.path, entry)


def _check_size(path: Path, entry: FileEntry) -> None:
    size = path.stat().st_size if path.is_file() else None
    if size != entry.size:
        have = "it is missing" if size is None else f"found {size}"
        raise BadDataError(f"{path}: should hold {counted(entry.size, 'byte')}, {have}.", _REMAKE)


def _state(path: Path) -> tuple[int, ...]:
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


@lru_cache(maxsize=4096)
def _sha256_of(path: Path, *_: int) -> str:
    """Return the hash of a file in a state: computed once per process."""
    return sha256_file(path)


def _check_file(path: Path, expected: str) -> None:
    if not path.is_file() or sha256_file(path) != expected:
        raise BadDataError(f"{path}: the weights file is missing or damaged.", _REMAKE)


def open_artifact(workspace: Path, address: Address) -> Artifact:
    """Open the artifact at an address."""
    return Artifact(address.folder(workspace), address)


def damage(artifact_folder: Path) -> list[str]:
    """Compare every file of an artifact with its manifest; return what differs, one line each."""
    try:
        manifest = load_manifest(artifact_folder)
    except (BadDataError, MissingInputError) as error:
        return [error.message]
    listed = {entry.path: entry for entry in manifest.files}
    present = {
        path.relative_to(artifact_folder).as_posix(): path
        for path in artifact_folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }
    found = [f"{name}: missing" for name in listed.keys() - present.keys()]
    found += [
        f"{name}: not in the manifest" for name in present.keys() - listed.keys() if not is_foreign(present[name].name)
    ]
    found += [trouble for name in listed.keys() & present.keys() if (trouble := _trouble(present[name], listed[name]))]
    if not found and any(entry.crc32c for entry in manifest.files):
        found = _other_values(artifact_folder, manifest)
    return sorted(found)


def _other_values(folder: Path, manifest: Manifest) -> list[str]:
    """Return the arrays whose values are not those that were hashed while their chunks were packed."""
    found = []
    for name, array in arrays.open_arrays(folder).items():
        entry = manifest.arrays.get(name)
        try:
            same = entry is not None and sha256_array(array) == entry.sha256
        except BadDataError as error:
            found.append(error.message)
        else:
            found += [] if same else [f"array '{name}': values differ from the manifest"]
    return found


def _trouble(path: Path, entry: FileEntry) -> str | None:
    try:
        same = path.stat().st_size == entry.size and is_proved(path, entry.proof)
    except OSError as error:
        return f"{entry.path}: cannot be read ({error.strerror})"
    return None if same else f"{entry.path}: content differs from the manifest"
