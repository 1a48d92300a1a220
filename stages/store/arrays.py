"""Arrays on disk: Zarr v3, checksummed chunks, sharded above 64 MB."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.base import ArraySpec
from eeg2vid.schemas.errors import BadDataError

if TYPE_CHECKING:
    import numpy as np
    import zarr

FOLDER = "data.zarr"
_CHUNK_BYTES = 4 * 2**20
_SHARD_BYTES = 64 * 2**20


def chunking(shape: tuple[int, ...], itemsize: int, axis: int = 0) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """Return (chunks, shards): cut along one axis, about 4 MB a chunk, 64 MB a shard."""
    others = math.prod(size for k, size in enumerate(shape) if k != axis)
    step_bytes = max(1, others * itemsize)
    steps = min(max(1, shape[axis]), max(1, _CHUNK_BYTES // step_bytes))

    def cut(length: int) -> tuple[int, ...]:
        return tuple(length if k == axis else max(1, size) for k, size in enumerate(shape))

    if shape[axis] * step_bytes <= _SHARD_BYTES:
        return cut(steps), None
    return cut(steps), cut(steps * max(1, _SHARD_BYTES // (steps * step_bytes)))


def create(folder: Path, name: str, spec: ArraySpec, shape: tuple[int, ...], dtype: str) -> zarr.Array:
    """Create one array in an artifact's store and return it for writing."""
    import numpy as np
    import zarr
    from zarr.codecs import ZstdCodec

    axis = spec.dims.index(spec.chunked) if spec.chunked else 0
    chunks, shards = chunking(shape, np.dtype(dtype).itemsize, axis)
    group = zarr.open_group(folder / FOLDER, mode="a", zarr_format=3)
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=chunks,
        shards=shards,
        dimension_names=list(spec.dims),
        attributes={"unit": spec.unit, "doc": spec.doc},
        compressors=ZstdCodec(level=1, checksum=True),  # the checksum finds flipped bytes on read
        fill_value=0,
    )


def open_arrays(folder: Path) -> dict[str, zarr.Array]:
    """Open every array of an artifact's store for reading.

    Raises
    ------
    BadDataError
        If the store's metadata is damaged.
    """
    if not (folder / FOLDER).is_dir():
        return {}
    import zarr

    try:
        group = zarr.open_group(folder / FOLDER, mode="r", zarr_format=3)
        return {name: _as_array(array) for name, array in sorted(group.arrays())}
    except Exception as error:
        raise BadDataError(f"{folder / FOLDER}: the Zarr metadata is damaged ({error}).") from error


def _as_array(array: Any) -> zarr.Array:
    return array


def dims_of(array: zarr.Array) -> tuple[str, ...]:
    """Return the dimension names of a stored array."""
    names = getattr(array.metadata, "dimension_names", None) or ()
    return tuple(str(name) for name in names)


class CheckedArray:
    """A stored array that is read piece by piece; a damaged file becomes a sentence."""

    def __init__(self, array: zarr.Array, where: str) -> None:
        self._array = array
        self._where = where
        self.shape = tuple(array.shape)
        self.dtype = array.dtype

    def __getitem__(self, selection: Any) -> np.ndarray:
        return read(self._array, selection, self._where)


def read(array: zarr.Array, selection: Any, where: str) -> np.ndarray:
    """Read a selection, turning a failed checksum into a sentence."""
    import numpy as np

    try:
        return np.asarray(array[selection])
    except Exception as error:
        hint = "Run `eeg2vid verify` to list the damaged files, then the command that makes this artifact with --force."
        raise BadDataError(f"{where}: stored values cannot be read, a file is damaged ({error}).", hint) from error
