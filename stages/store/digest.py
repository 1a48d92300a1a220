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
_WIDE_SLAB_BYTES = 1024 * 2**20  # where each slab decodes every chunk: few, large ones


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


def slabs(array: ArrayLike) -> Iterator[np.ndarray]:
    """Yield the array in C order as contiguous slabs along its first axis."""
    import numpy as np

    chunks = getattr(array, "chunks", None)
    uncut = chunks is not None and len(chunks) > 0 and chunks[0] >= array.shape[0]
    slab_bytes = _WIDE_SLAB_BYTES if uncut else _SLAB_BYTES
    rows = array.shape[0] if array.shape else 1
    row_bytes = max(1, math.prod(array.shape[1:]) * array.dtype.itemsize)
    step = max(1, slab_bytes // row_bytes)
    for start in range(0, rows, step):
        yield np.ascontiguousarray(array[start : start + step] if array.shape else array[()])


def sha256_array(array: ArrayLike) -> str:
    """Hash an array's values as C-order little-endian bytes, whatever its container or chunks."""
    return scan_array(array)[0]


def scan_array(array: ArrayLike) -> tuple[str, bool]:
    """Return an array's hash and whether all its values are finite, reading it once."""
    import numpy as np

    hasher = hashlib.sha256()
    little = array.dtype.newbyteorder("<")
    finite = True
    for slab in slabs(array):
        finite = finite and (slab.dtype.kind != "f" or bool(np.isfinite(slab).all()))
        hasher.update(slab.astype(little, copy=False).data.cast("B") if slab.size else b"")
    return hasher.hexdigest(), finite


def sha256_rows(rows: Iterable[dict[str, Any]]) -> str:
    """Hash a table as canonical JSON lines."""
    hasher = hashlib.sha256()
    for row in rows:
        hasher.update(canonical_json(row) + b"\n")
    return hasher.hexdigest()
