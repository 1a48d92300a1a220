"""Reading an array that `array_writer.py` wrote: only the chunks asked for, each once."""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.words import counted
from eeg2vid.stages.store.chunks import ChunkReader, Index, read_index
from eeg2vid.stages.store.zarr_layout import Layout

_HELD_BYTES = 16 * 2**20  # of chunks read in part, kept for what is read next
Box = tuple[tuple[int, int], ...]  # (first, stop) along each axis


class ZarrArray:
    """One array in a folder; indexed like a numpy array by integers, slices and one list along the first axis."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder = folder
        self.layout = layout
        self.shape, self.chunks, self.dtype = layout.shape, layout.chunks, np.dtype(layout.dtype)
        self._held: OrderedDict[tuple[int, ...], NDArray[Any]] = OrderedDict()
        self._indices: dict[tuple[int, ...], Index] = {}
        self._lock = threading.Lock()

    def __getitem__(self, selection: Any) -> NDArray[Any]:
        """Return a selection in memory.

        Raises
        ------
        IndexError
            If it reaches beyond the array.
        OSError
            If a file is gone.
        DamagedChunkError
            If a file is damaged.
        """
        axes = _by_axis(selection, len(self.shape))
        if isinstance(axes[0], np.ndarray):
            return self._rows(axes[0], tuple(axes[1:]))
        box = tuple(_bounds(axis, size) for axis, size in zip(axes, self.shape, strict=True))
        found = self._box(box)
        rest = tuple(_within(axis, first) for axis, (first, _) in zip(axes, box, strict=True))
        return found if all(one == slice(None) for one in rest) else found[rest]

    def _rows(self, rows: NDArray[Any], others: tuple[Any, ...]) -> NDArray[Any]:
        """Return rows in the order asked for, unpacking each chunk once."""
        wanted = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        if rows.dtype == bool and rows.shape != self.shape[:1]:
            raise IndexError(f"a mask of {len(rows)} for {counted(self.shape[0], 'row')}")
        if wanted.size and not -self.shape[0] <= wanted.min() <= wanted.max() < self.shape[0]:
            raise IndexError(f"rows {wanted.min()} to {wanted.max()} of {self.shape[0]}")
        wanted = wanted % max(1, self.shape[0])
        probe = np.empty((0, *self.shape[1:]), self.dtype)[(slice(None), *others)]
        found = np.empty((len(wanted), *probe.shape[1:]), self.dtype)
        pieces = wanted // self.chunks[0]
        order = np.argsort(pieces, kind="stable")
        edges = np.flatnonzero(np.diff(pieces[order])) + 1
        for places in np.split(order, edges) if order.size else []:
            first = int(wanted[places].min())
            block = self[(slice(first, int(wanted[places].max()) + 1), *others)]
            found[places] = block[wanted[places] - first]
        return found

    def _box(self, box: Box) -> NDArray[Any]:
        """Return a block of the array."""
        found = np.empty(tuple(max(0, stop - first) for first, stop in box), self.dtype)
        if not found.size:
            return found
        spans = [range(a // c, (b - 1) // c + 1) for (a, b), c in zip(box, self.chunks, strict=True)]
        with _Files(self) as files:
            for chunk in itertools.product(*spans):
                inside, within = [], []  # of what is asked for; of the chunk
                for at, size, (first, stop) in zip(chunk, self.chunks, box, strict=True):
                    low, high = max(first, at * size), min(stop, (at + 1) * size)
                    inside.append(slice(low - first, high - first))
                    within.append(slice(low - at * size, high - at * size))
                target = found[tuple(inside)]
                if target.shape == self.chunks and target.flags.c_contiguous:
                    files.read(chunk, target)
                else:
                    target[...] = self._part(files, chunk)[tuple(within)]
        return found

    def _part(self, files: _Files, chunk: tuple[int, ...]) -> NDArray[Any]:
        """Return a chunk that is asked for in part; the rest of it may be asked for next."""
        with self._lock:
            if chunk in self._held:
                self._held.move_to_end(chunk)
                return self._held[chunk]
        values = np.empty(self.chunks, self.dtype)
        files.read(chunk, values)
        if values.nbytes <= _HELD_BYTES:
            with self._lock:
                self._held[chunk] = values
                while len(self._held) * values.nbytes > _HELD_BYTES:
                    self._held.popitem(last=False)
        return values

    def index(self, descriptor: int) -> Index:
        """Return the index of an open shard; kept while the file is the same."""
        stat = os.fstat(descriptor)
        state = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if state not in self._indices:
            self._indices[state] = read_index(descriptor, stat.st_size, math.prod(self.layout.per_file))[0]
        return self._indices[state]


class _Files:
    """The files of one reading: the one that is read stays open until another is."""

    def __init__(self, array: ZarrArray) -> None:
        self._array, self._reader = array, ChunkReader()
        self._name = ""
        self._descriptor = -1

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, chunk: tuple[int, ...], into: NDArray[Any]) -> None:
        """Unpack a chunk into contiguous memory."""
        name, number = self._array.layout.place(chunk)
        if name != self._name:
            self._close()
            path = self._array.folder / name
            try:
                self._descriptor = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                raise FileNotFoundError(f"{path} is missing") from None
            self._name = name
        if self._array.layout.shards is None:
            start, size = 0, os.fstat(self._descriptor).st_size
        else:
            start, size = self._array.index(self._descriptor)[number].tolist()
        self._reader.read(self._descriptor, start, size, into)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._name = -1, ""


def _by_axis(selection: Any, rank: int) -> list[Any]:
    """Return one integer, slice or array per axis."""
    given = list(selection) if isinstance(selection, tuple) else [selection]
    places = [k for k, one in enumerate(given) if one is Ellipsis]
    if places:
        given[places[0] : places[0] + 1] = [slice(None)] * (rank - len(given) + 1)
    given += [slice(None)] * (rank - len(given))
    if len(given) != rank or len(places) > 1:
        raise IndexError(f"{len(given)} indices for an array of {counted(rank, 'axis')}")
    for k, one in enumerate(given):
        if not isinstance(one, slice | int | np.integer):
            array = np.asarray(one if np.ndim(one) else [one])
            if k or array.ndim != 1 or (array.size and array.dtype.kind not in "iub"):
                raise IndexError("only integers, slices, and a list along the first axis")
            given[k] = array
    return given


def _bounds(axis: Any, size: int) -> tuple[int, int]:
    """Return the first index along an axis that is asked for, and the one after the last."""
    if isinstance(axis, slice):
        asked = range(size)[axis]
        return (min(asked[0], asked[-1]), max(asked[0], asked[-1]) + 1) if asked else (0, 0)
    place = range(size)[axis]
    return place, place + 1


def _within(axis: Any, first: int) -> Any:
    """Return what an index says of a block that begins at `first` and ends with what is asked for."""
    if isinstance(axis, slice):
        return slice(None, None, axis.step) if axis.step not in (None, 1) else slice(None)
    return 0
