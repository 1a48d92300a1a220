"""A stored array that is read when it is asked for, and only what is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.store.arrays import StoredArray

_STRETCH = 16 * 2**20  # bytes read at a time where rows are gone through


class LazyArray:
    """One array of an artifact. Slices and lists read what they name; `numpy.asarray` reads all.

    Indexing is numpy's. Iterating goes through the first axis, a stretch in memory at a time.

    Attributes
    ----------
    name, dims, unit, doc
        As the schema has them.
    """

    def __init__(self, name: str, stored: StoredArray, dims: tuple[str, ...], unit: str, doc: str) -> None:
        self.name, self.dims, self.unit, self.doc = name, dims, unit, doc
        self._stored = stored

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return self._stored.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the values."""
        return self._stored.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        import math

        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in memory, were all of it read."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        """Return a selection in memory, as numpy would of the whole array.

        Raises
        ------
        IndexError
            If it reaches beyond the array, or is no index.
        BadDataError
            If a stored piece fails its checksum or is gone.
        """
        bounds, within = _bounded(index, self.shape)
        return self._stored[bounds][within]

    def __iter__(self) -> Iterator[np.ndarray]:
        step = max(1, _STRETCH // max(1, self.nbytes // max(1, len(self))))
        for start in range(0, len(self), step):
            yield from self._stored[slice(start, start + step)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return all of it.

        Raises
        ------
        ValueError
            If a copy is forbidden: what is read is always one.
        """
        import numpy as np

        if copy is False:
            raise ValueError(f"Array '{self.name}' lies on the disk: it cannot be had without a copy.")
        return np.asarray(self._stored[...], dtype=dtype)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{dim} {size}" for dim, size in zip(self.dims, self.shape, strict=True))
        return f"<{self.name}: {self.dtype} ({sizes}), unit {self.unit}, {self.nbytes / 1e6:.1f} MB, not read>"


def _bounded(index: Any, shape: tuple[int, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return what must be read for an index, at most one list and it first, and the index into that."""
    import numpy as np

    given = list(index) if isinstance(index, tuple) else [index]
    if any(one is None for one in given):
        raise IndexError("No new axes while reading: add them to what was read.")
    masks = [np.asarray(one) for one in given if isinstance(one, list | np.ndarray)]
    if any(mask.dtype == bool and mask.ndim > 1 for mask in masks):
        raise IndexError("A mask over several axes: give one for each axis, or read the array first.")
    places = [k for k, one in enumerate(given) if one is Ellipsis]
    if len(places) > 1 or len(given) - len(places) > len(shape):
        raise IndexError(f"{len(given)} indices for an array of {len(shape)} axes.")
    at = places[0] if places else len(given)
    given[at : at + len(places)] = [slice(None)] * (len(shape) - len(given) + len(places))
    pairs = [_on_axis(one, size, axis) for axis, (one, size) in enumerate(zip(given, shape, strict=True))]
    return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)


def _on_axis(one: Any, size: int, axis: int) -> tuple[Any, Any]:
    """Return what is read of an axis, and the index into it."""
    import numpy as np

    if isinstance(one, slice):
        asked = range(size)[one]
        if not asked:
            return slice(0, 0), slice(None)
        low, high = min(asked[0], asked[-1]), max(asked[0], asked[-1]) + 1
        step = one.step or 1
        return slice(low, high), slice(None, None, step) if step != 1 else slice(None)
    wanted = np.asarray(one if np.size(one) else np.zeros(np.shape(one), np.int64))
    if wanted.dtype == bool and wanted.shape != (size,):
        raise IndexError(f"A mask {wanted.shape} for axis {axis} of {size} entries.")
    wanted = np.flatnonzero(wanted) if wanted.dtype == bool else wanted
    if wanted.dtype.kind not in "iu":
        raise IndexError(f"Axis {axis}: {one!r} is no whole number, slice, list or mask.")
    if wanted.size and not -size <= wanted.min() <= wanted.max() < size:
        raise IndexError(f"Axis {axis} has {size} entries; {wanted.min()} to {wanted.max()} were asked for.")
    wanted = np.where(wanted < 0, wanted + size, wanted).astype(np.int64)
    if not wanted.ndim:
        place = int(wanted)
        return slice(place, place + 1), 0
    if axis == 0 and wanted.size:
        rows, within = np.unique(wanted, return_inverse=True)
        return rows, within.reshape(wanted.shape)
    low = int(wanted.min()) if wanted.size else 0
    return slice(low, int(wanted.max()) + 1 if wanted.size else 0), wanted - low
