"""Rows of an array that one part of a unit's work made, in one file: `zarr.json`, chunks, index."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.store.chunks import ChunkReader, DamagedChunkError, ShardWriter, read_index
from eeg2vid.stages.store.zarr_layout import Layout, layout_of, read_metadata

SUFFIX = ".rows"
_LENGTH = struct.Struct("<Q")
_LARGEST_HEAD = 2**20  # so much is read of a damaged file at most


def write_rows(path: Path, values: NDArray[Any]) -> str:
    """Write rows; return the CRC32C of the file."""
    dtype = values.dtype.newbyteorder("<")
    layout = layout_of(values.shape, dtype)
    head = layout.metadata(("",) * values.ndim, {})
    with path.open("wb") as file:
        writer = ShardWriter(file)
        writer.raw(_LENGTH.pack(len(head)) + head)
        step = layout.chunks[0]
        for number, first in enumerate(range(0, len(values) if values.size else 0, step)):
            writer.chunk(number, np.ascontiguousarray(values[first : first + step], dtype=dtype))
        writer.finish(_chunks(layout))
    return f"{writer.crc32c:08x}"


class PartRows:
    """Rows that a part wrote, read slab by slab; the file is a shard that an array of Zarr v3 may hold as it is.

    Parameters
    ----------
    path
        The file.
    crc32c
        Of the file, as `write_rows` returned it.

    Raises
    ------
    DamagedChunkError
        If it is no such file.
    """

    def __init__(self, path: Path, crc32c: str) -> None:
        self.path, self.crc32c = path, crc32c
        with path.open("rb") as file:
            self._head = file.read(_LENGTH.size)
            self._head += file.read(_LENGTH.unpack(self._head.ljust(_LENGTH.size))[0] % _LARGEST_HEAD)
        try:
            read = read_metadata(self._head[_LENGTH.size :])
        except ValueError as error:
            raise DamagedChunkError(f"{path} does not hold rows") from error
        if read is None:
            raise DamagedChunkError(f"{path} does not hold rows")
        self.layout: Layout = read[0]
        self.shape, self.dtype = self.layout.shape, np.dtype(self.layout.dtype)

    def slabs(self) -> Iterator[NDArray[Any]]:
        """Yield the rows in order, some at a time; every byte of the file is read once.

        Raises
        ------
        DamagedChunkError
            At the first chunk that is not what was written, at the end if anything else is not.
        """
        step, reader, n = self.layout.chunks[0], ChunkReader(), _chunks(self.layout)
        with self.path.open("rb", buffering=0) as file:
            index, tail = read_index(file.fileno(), os.fstat(file.fileno()).st_size, n)
            crc = google_crc32c.value(self._head)
            for number, (start, size) in enumerate(index.tolist()):
                rows = min(step, self.shape[0] - number * step)
                values = np.empty((rows, *self.shape[1:]), self.dtype)
                crc = google_crc32c.extend(crc, reader.read(file.fileno(), start, size, values))
                yield values
        if f"{google_crc32c.extend(crc, tail):08x}" != self.crc32c:
            raise DamagedChunkError(f"{self.path} is not what was written")
        if not n:
            yield np.empty(self.shape, self.dtype)


def _chunks(layout: Layout) -> int:
    return -(-layout.shape[0] // layout.chunks[0]) if math.prod(layout.shape) else 0
