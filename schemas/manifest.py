"""The manifest: what an artifact is, where it came from, and the hashes that prove it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ArrayEntry(_Part):
    """One array: logical description and the hash of its C-order little-endian bytes."""

    dims: tuple[str, ...]
    dtype: str
    shape: tuple[int, ...]
    unit: str
    sha256: str


class TableEntry(_Part):
    """One table: number of rows and the hash of its canonical JSON lines."""

    rows: int
    sha256: str


class FileEntry(_Part):
    """One file of the artifact's folder, and what proves it: its SHA-256, or the CRC32C of packed chunks.

    What is in the chunks is proved by the array's own hash.
    """

    path: str
    size: int
    sha256: str | None = None
    crc32c: str | None = None

    @property
    def proof(self) -> str:
        """Either of them: a SHA-256, or 'crc32c:' and a CRC32C."""
        return self.sha256 or f"crc32c:{self.crc32c}"

    @classmethod
    def of(cls, path: str, size: int, proof: str) -> FileEntry:
        """Return the entry of a file that a proof in that spelling proves."""
        kind, _, crc32c = proof.rpartition(":")
        return cls(path=path, size=size, crc32c=crc32c) if kind else cls(path=path, size=size, sha256=proof)


class InputRef(_Part):
    """One artifact that was read."""

    role: str
    stage: str
    variant: str
    unit: str
    digest: str

    @property
    def address(self) -> str:
        """Where it was: stage/variant/unit/role."""
        return f"{self.stage}/{self.variant}/{self.unit}/{self.role}"


class SourceFile(_Part):
    """One file outside the workspace that was read: what identifies it, and where and how it was seen."""

    name: str | None = Field(None, description="path below the data set's folder; None: of a manifest before these")
    path: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = 0
    sha256: str


class ModelRef(_Part):
    """One pretrained model that was used, and what identifies its weights."""

    role: str
    name: str
    identity: str


class PluginRef(_Part):
    """One choice of another package: whose it is, its code, and what of it a plan needs where it is not installed."""

    package: str
    version: str
    sha256: str = Field(description="of all files of its package")
    planned: dict[str, Any] = {}

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


class Former(_Part):
    """What an artifact was before it was brought to a newer form of its schema."""

    schema_version: int
    digest: str


class Manifest(_Part):
    """Written last; an artifact without a manifest is not an artifact."""

    format: Literal["eeg2vid"] = "eeg2vid"
    schema_name: str
    schema_version: int
    stage: str
    stage_version: int
    variant: str
    unit: str
    role: str
    provenance: Literal["computed", "imported"] = "computed"
    protocol: Literal["published", "corrected", "mixed"] | None = Field(
        None, description="what the defect settings of this stage and of its inputs amount to; None: there are none"
    )
    stamps: tuple[str, ...] = Field((), description="warnings inherited by all descendants: 'simulated' ..")
    settings: dict[str, Any] = {}
    origins: dict[str, str] = Field(
        {},
        exclude_if=lambda found: not found,
        description="what decided each setting's value, nested ones by dotted key: 'default', 'recipe ridge', "
        "'command line' ..; empty: not recorded",
    )
    choices: dict[str, int] = Field({}, description="version of each choice in the settings, e.g. 'network lda'")
    plugins: dict[str, PluginRef] = Field({}, description="choices of other packages, e.g. 'network lstm'")
    inputs: tuple[InputRef, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    source_root: str | None = None
    models: tuple[ModelRef, ...] = ()
    attributes: dict[str, Any] = {}
    container: Literal["zarr", "hdf5"] = "zarr"
    arrays: dict[str, ArrayEntry] = {}
    tables: dict[str, TableEntry] = {}
    weights: dict[str, str] = {}
    files: tuple[FileEntry, ...] = ()
    fingerprint: str
    digest: str
    created: str
    seconds: float = 0.0
    software: dict[str, str] = {}
    execution: dict[str, str | int] = {}
    upgraded_from: tuple[Former, ...] = Field(
        (), exclude_if=lambda found: not found, description="its older forms, the first one first"
    )

    @property
    def known_as(self) -> str:
        """The digest by which those that read it know it: that of its first form, for an upgrade changes no content."""
        return self.upgraded_from[0].digest if self.upgraded_from else self.digest
