"""Hashes: of files, of canonical JSON, of the logical content of arrays and tables."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # numpy is imported where it is used: `eeg2vid --help` stays quick
    import numpy as np

_SLAB_BYTES = 16 * 2**20
_LARGEST_SLAB_BYTES = 2**30


class ArrayLike(Protocol):
    """What is needed of an array to hash it slab by slab."""

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype: ...  # noqa: D102
    def __getitem__(self, key: Any) -> Any: ...


def canonical_json(value: Any) -> bytes:
    """Return the one JSON spelling of a value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256_json(value: Any) -> str:
    """Hash a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def sha256_file(path: Path) -> str:
    """Hash a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_CRC32C = "crc32c:"


def is_proved(path: Path, proof: str) -> bool:
    """Tell whether a file is the one that was written: by its SHA-256, or 'crc32c:' and its CRC32C.

    What is packed into chunks is hashed as values, see `array_writer.py`; its files need no second strong hash.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    if proof.startswith(_CRC32C):
        from eeg2vid.stages.store.chunks import crc32c_file

        return crc32c_file(path) == proof.removeprefix(_CRC32C)
    return sha256_file(path) == proof


def crc_proof(crc32c: str) -> str:
    """Return a CRC32C as `is_proved` takes it."""
    return f"{_CRC32C}{crc32c}"


def slabs(array: ArrayLike) -> Iterator[np.ndarray]:
    """Yield the array in C order as contiguous slabs along its first axis, which cut no stored chunk in two."""
    import numpy as np

    if not array.shape:
        yield np.ascontiguousarray(array[()])
        return
    rows = array.shape[0]
    row_bytes = max(1, math.prod(array.shape[1:]) * array.dtype.itemsize)
    chunk = min(max(1, rows), (getattr(array, "chunks", None) or (1,))[0])
    if chunk * row_bytes > _LARGEST_SLAB_BYTES:
        # every slab unpacks all chunks: an array of before, which was not cut along its first axis
        step = max(1, _LARGEST_SLAB_BYTES // row_bytes)
    else:
        step = max(1, _SLAB_BYTES // (chunk * row_bytes)) * chunk
    for start in range(0, rows, step):
        yield np.ascontiguousarray(array[start : start + step])


def sha256_array(array: ArrayLike) -> str:
    """Hash an array's values as C-order little-endian bytes, whatever its container or chunks."""
    hasher = hashlib.sha256()
    little = array.dtype.newbyteorder("<")
    for slab in slabs(array):
        hasher.update(slab.astype(little, copy=False).data.cast("B") if slab.size else b"")
    return hasher.hexdigest()


def sha256_rows(rows: Iterable[dict[str, Any]]) -> str:
    """Hash a table as canonical JSON lines."""
    hasher = hashlib.sha256()
    for row in rows:
        hasher.update(canonical_json(row) + b"\n")
    return hasher.hexdigest()
