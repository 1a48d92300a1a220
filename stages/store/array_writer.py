"""Writing one array, slab by slab: packed, hashed and checked for NaN while it is in memory, never read back."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.base import ArraySpec
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.store.chunks import ShardWriter
from eeg2vid.stages.store.files import link_or_copy
from eeg2vid.stages.store.part_rows import PartRows
from eeg2vid.stages.store.zarr_layout import METADATA, Layout, layout_of


class ArrayWriter:
    """One array of an artifact being written along the axis that its schema cuts.

    Parameters
    ----------
    folder
        The array's own, new.
    spec
        What the schema says of it.
    shape, dtype
        Of the whole; stored little-endian.
    layout
        How it is cut; None: as usual.
    """

    def __init__(
        self, folder: Path, spec: ArraySpec, shape: tuple[int, ...], dtype: str, layout: Layout | None = None
    ) -> None:
        self.folder = folder
        self.axis = spec.dims.index(spec.chunked) if spec.chunked else 0
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.layout: Layout = layout or layout_of(shape, self.dtype, self.axis)
        self.dims, self.unit = spec.dims, spec.unit
        self.proofs: dict[str, str] = {}  # CRC32C of each file, below the folder
        self.finite = True
        self._hash = hashlib.sha256()
        self._waiting: list[NDArray[Any]] = []
        self._waits = 0
        self._filled = 0
        self._shard: ShardWriter | None = None
        self._shard_name = ""
        folder.mkdir(parents=True)
        (folder / METADATA).write_bytes(self.layout.metadata(spec.dims, {"unit": spec.unit, "doc": spec.doc}))

    def append(self, slab: NDArray[Any]) -> None:
        """Write the next values along the axis.

        Raises
        ------
        ValueError
            If the slab does not fit the array.
        """
        values = np.asarray(slab, dtype=self.dtype)
        shape, axis = self.layout.shape, self.axis
        room = shape[axis] - self._filled - self._waits
        if values.ndim != len(shape) or values.shape[axis] > room or _but(values.shape, axis) != _but(shape, axis):
            raise ValueError(f"a slab {values.shape} does not fit into {shape} at {self._filled + self._waits}")
        self._look(values)
        step = self.layout.chunks[axis]
        if self._waiting:
            missing = step - self._waits
            self._waiting.append(_along(values, axis, 0, missing))
            self._waits += self._waiting[-1].shape[axis]
            values = _along(values, axis, missing, None)
            if self._waits < step and self._filled + self._waits < shape[axis]:
                return
            self._write(np.concatenate(self._waiting, axis=axis))
            self._waiting, self._waits = [], 0
        ready = values.shape[axis] - values.shape[axis] % step
        if self._filled + values.shape[axis] == shape[axis]:
            ready = values.shape[axis]
        for first in range(0, ready, step):
            self._write(_along(values, axis, first, min(first + step, ready)))
        if ready < values.shape[axis]:
            self._waiting = [_along(values, axis, ready, None).copy()]
            self._waits = values.shape[axis] - ready

    def extend(self, slabs: Iterable[NDArray[Any]]) -> None:
        """Write one slab after another."""
        for slab in slabs:
            self.append(slab)

    def take(self, part: PartRows) -> None:
        """Write the rows that a part holds next; a file that can be a shard as it is gets a second name.

        Raises
        ------
        DamagedChunkError
            If the part is damaged.
        """
        layout = self.layout
        if (
            self._waits
            or layout.shards is None
            or (part.shape[0], part.layout.chunks) != (layout.files[0], layout.chunks)
        ):
            self.extend(part.slabs())
            return
        name, _ = layout.place((self._filled // layout.chunks[0], *[0] * (len(part.shape) - 1)))
        link_or_copy(part.path, self.folder / name)
        self.proofs[name] = part.crc32c
        for slab in part.slabs():
            self._look(slab)
        self._filled += part.shape[0]

    def finish(self) -> str:
        """Return the hash of the values in C order.

        Raises
        ------
        BadDataError
            If less was written than was to be.
        """
        if self._filled < self.layout.shape[self.axis]:
            raise BadDataError(
                f"{self.folder}: values are missing, {self._filled + self._waits} of "
                f"{self.layout.shape[self.axis]} along '{self.dims[self.axis]}' were written."
            )
        if not self.axis:
            return self._hash.hexdigest()
        from eeg2vid.stages.store.digest import sha256_array
        from eeg2vid.stages.store.zarr_array import ZarrArray

        return sha256_array(ZarrArray(self.folder, self.layout))  # C order is not the order of writing

    def _look(self, values: NDArray[Any]) -> None:
        """Hash the values where they come in C order, and see whether they are finite."""
        if values.dtype.kind == "f" and self.finite:
            self.finite = bool(np.isfinite(values).all())
        if not self.axis and values.size:
            self._hash.update(np.ascontiguousarray(values).data.cast("B"))

    def _write(self, block: NDArray[Any]) -> None:
        """Write the chunks of one step along the axis."""
        sizes, axis = self.layout.chunks, self.axis
        at = self._filled // sizes[axis]
        for first in range(0, block.shape[0] if axis else 1, sizes[0] if axis else 1):
            values = block[first : first + sizes[0]] if axis else block
            if not values.size:
                continue
            chunk = [0] * block.ndim
            chunk[axis] = at
            if axis:
                chunk[0] = first // sizes[0]
            if values.shape != sizes:  # the last one: Zarr stores it in full size
                whole = np.zeros(sizes, self.dtype)
                whole[tuple(slice(size) for size in values.shape)] = values
                values = whole
            self._store(tuple(chunk), np.ascontiguousarray(values))
        self._filled += block.shape[axis]
        if self._filled == self.layout.shape[axis]:
            self._close()

    def _store(self, chunk: tuple[int, ...], values: NDArray[Any]) -> None:
        name, number = self.layout.place(chunk)
        if name != self._shard_name:
            self._close()
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._shard, self._shard_name = ShardWriter(path.open("wb")), name
        assert self._shard is not None
        self._shard.chunk(number, values)

    def _close(self) -> None:
        if self._shard is None:
            return
        with self._shard.file:
            if self.layout.shards:
                self._shard.finish(math.prod(self.layout.per_file))
        self.proofs[self._shard_name] = f"{self._shard.crc32c:08x}"
        self._shard, self._shard_name = None, ""


def _but(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]


def _along(values: NDArray[Any], axis: int, first: int, last: int | None) -> NDArray[Any]:
    return values[(slice(None),) * axis + (slice(first, last),)]
