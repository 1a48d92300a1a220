"""One chunk of an array: lz4 behind a byte shuffle, a CRC32C behind that; and chunks in one file, a shard.

This is Zarr v3 (codecs `bytes`, `blosc`, `crc32c`, `sharding_indexed` with its index at the end), which any Zarr
reads. Here chunks are packed and unpacked without what the library does around each of them: see RESULTS.md.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import google_crc32c
import numpy as np
from numcodecs import blosc
from numpy.typing import NDArray

blosc.set_nthreads(1)  # chunks are small: threads of its own cost more than they give

_CHECKSUM = struct.Struct("<I")
_UNPACKED = struct.Struct("<I")  # at the fifth byte of Blosc's head: how many bytes were packed
NOWHERE = 2**64 - 1  # where the index of a shard has no chunk
Index = NDArray[np.uint64]  # (chunk, 2): where a chunk begins, and how many bytes it has


class DamagedChunkError(ValueError):
    """A checksum does not fit."""


def codecs_of(dtype: np.dtype) -> list[dict[str, Any]]:
    """Return how `pack` packs values of a type, as the metadata of a Zarr v3 array says it."""
    shuffle = "shuffle" if dtype.itemsize > 1 else "bitshuffle"
    packed = {"typesize": dtype.itemsize, "cname": "lz4", "clevel": 5, "shuffle": shuffle, "blocksize": 0}
    endian = {"configuration": {"endian": "little"}} if dtype.itemsize > 1 else {}
    return [{"name": "bytes", **endian}, {"name": "blosc", "configuration": packed}, {"name": "crc32c"}]


def pack(values: NDArray[Any]) -> bytes:
    """Return a chunk as it is stored; values contiguous and little-endian."""
    shuffle = blosc.SHUFFLE if values.dtype.itemsize > 1 else blosc.BITSHUFFLE  # pictures: a tenth smaller
    body: bytes = blosc.compress(values, b"lz4", 5, shuffle)
    return body + _CHECKSUM.pack(google_crc32c.value(body))


def unpack(stored: NDArray[np.uint8], into: NDArray[Any]) -> None:
    """Unpack a stored chunk into a contiguous array.

    Raises
    ------
    DamagedChunkError
        If the bytes are not those that were written.
    """
    body, told = stored[: -_CHECKSUM.size], stored.data
    if len(stored) < blosc.MAX_OVERHEAD + _CHECKSUM.size or google_crc32c.value(body) != _last(told):
        raise DamagedChunkError("a chunk's checksum does not fit")
    if _UNPACKED.unpack_from(told, 4)[0] != into.nbytes:
        raise DamagedChunkError("a chunk is not as large as it should be")
    blosc.decompress(body, into)


def _last(told: memoryview) -> int:
    return int(_CHECKSUM.unpack(told[-_CHECKSUM.size :])[0])


class ChunkReader:
    """Reads chunks of open files into memory that is its own and is used again."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def read(self, descriptor: int, start: int, size: int, into: NDArray[Any]) -> NDArray[np.uint8]:
        """Unpack `size` bytes at `start` of an open file into a contiguous array; return them until the next reading.

        Raises
        ------
        DamagedChunkError
            If they are not those that were written.
        """
        if size > len(self._memory):
            self._memory = np.empty(size, np.uint8)
        stored = self._memory[:size]
        if os.preadv(descriptor, [stored.data], start) != size:
            raise DamagedChunkError("a file ends within a chunk")
        unpack(stored, into)
        return stored


@dataclass
class ShardWriter:
    """Chunks one after another in a file, and where each lies at the end; what is written is checksummed."""

    file: IO[bytes]
    crc32c: int = 0
    size: int = 0
    _places: dict[int, tuple[int, int]] = field(default_factory=dict)

    def raw(self, data: bytes) -> None:
        """Write what is no chunk."""
        self.file.write(data)
        self.crc32c = google_crc32c.extend(self.crc32c, data)
        self.size += len(data)

    def chunk(self, number: int, values: NDArray[Any]) -> None:
        """Write the chunk that is `number`-th of the shard."""
        stored = pack(values)
        self._places[number] = (self.size, len(stored))
        self.raw(stored)

    def finish(self, chunks: int) -> None:
        """Write the index of a shard of so many chunks; those that were not written lie beyond the array's end."""
        index = np.full((chunks, 2), NOWHERE, "<u8")
        for number, place in self._places.items():
            index[number] = place
        body = index.tobytes()
        self.raw(body + _CHECKSUM.pack(google_crc32c.value(body)))


def read_index(descriptor: int, size: int, chunks: int) -> tuple[Index, bytes]:
    """Return the index of an open shard file of `size` bytes that holds `chunks` chunks, and its bytes.

    Raises
    ------
    DamagedChunkError
        If it is not as it was written.
    """
    length = 16 * chunks
    stored = os.pread(descriptor, length + _CHECKSUM.size, max(0, size - length - _CHECKSUM.size))
    body = stored[:length]
    if len(stored) != length + _CHECKSUM.size or google_crc32c.value(body) != _CHECKSUM.unpack(stored[length:])[0]:
        raise DamagedChunkError("the index of a shard does not fit its checksum")
    return np.frombuffer(body, "<u8").reshape(chunks, 2), stored


def crc32c_file(path: Path) -> str:
    """Return the CRC32C of a file, eight hexadecimal digits."""
    crc = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(1 << 20):
            crc = google_crc32c.extend(crc, block)
    return f"{crc:08x}"


def mark_of(values: NDArray[Any]) -> tuple[int, ...]:
    """Return what tells arrays apart, the CRC32C of each row: no proof, and quick."""
    return tuple(google_crc32c.value(np.ascontiguousarray(row)) for row in values)
