"""Rows of an array that one part of a unit's work made, in one file: `zarr.json`, chunks, index."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.store.chunks import ChunkReader, ShardWriter, read_index
from eeg2vid.stages.store.zarr_layout import Layout, layout_of, read_metadata

SUFFIX = ".rows"
_LENGTH = struct.Struct("<Q")


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
    """Rows that a part wrote, read slab by slab.

    Raises
    ------
    ValueError
        If it is no such file; by what is read, also if it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
            read = read_metadata(file.read(length))
        if read is None:
            raise ValueError(f"{path} does not hold rows")
        self._layout: Layout = read[0]
        self.shape, self.dtype = self._layout.shape, np.dtype(self._layout.dtype)

    def slabs(self) -> Iterator[NDArray[Any]]:
        """Yield the rows in order, some at a time."""
        step, reader = self._layout.chunks[0], ChunkReader()
        if not _chunks(self._layout):
            yield np.empty(self.shape, self.dtype)
            return
        with self.path.open("rb", buffering=0) as file:
            index = read_index(file.fileno(), os.fstat(file.fileno()).st_size, _chunks(self._layout))
            for number, (start, size) in enumerate(index.tolist()):
                rows = min(step, self.shape[0] - number * step)
                values = np.empty((rows, *self.shape[1:]), self.dtype)
                reader.read(file.fileno(), start, size, values)
                yield values


def _chunks(layout: Layout) -> int:
    return -(-layout.shape[0] // layout.chunks[0]) if math.prod(layout.shape) else 0
