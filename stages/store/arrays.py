"""Arrays on disk: Zarr v3 (checksummed chunks, sharded above 64 MB) or HDF5, behind one interface."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eeg2vid.schemas.base import ArraySpec
from eeg2vid.schemas.errors import BadDataError

if TYPE_CHECKING:
    import numpy as np
    import zarr

Container = Literal["zarr", "hdf5"]
ZARR, HDF5 = "data.zarr", "data.h5"
_CHUNK_BYTES = 4 * 2**20
_SHARD_BYTES = 64 * 2**20


@dataclass(frozen=True)
class StoredArray:
    """One stored array: reads like a numpy array, loads only what is asked for."""

    source: Any
    dims: tuple[str, ...]
    where: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return tuple(int(size) for size in self.source.shape)

    @property
    def dtype(self) -> np.dtype:
        """Type of the values."""
        import numpy as np

        return np.dtype(self.source.dtype)

    @property
    def chunks(self) -> tuple[int, ...] | None:
        """Sizes of what is stored in one piece."""
        chunks: tuple[int, ...] | None = self.source.chunks
        return chunks

    def __getitem__(self, selection: Any) -> np.ndarray:
        """Return a selection; damage on the disk becomes a sentence.

        Raises
        ------
        BadDataError
            If a stored piece fails its checksum or is gone.
        """
        import numpy as np

        try:
            return np.asarray(self.source[selection])
        except (IndexError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise BadDataError(
                f"{self.where}: stored values cannot be read, a file is damaged ({error}).",
                "`eeg2vid verify` lists the damaged files; make the artifact again with --force.",
            ) from error


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
    """Create one Zarr array in an artifact's store and return it for writing."""
    import numpy as np
    import zarr
    from zarr.codecs import ZstdCodec

    axis = spec.dims.index(spec.chunked) if spec.chunked else 0
    chunks, shards = chunking(shape, np.dtype(dtype).itemsize, axis)
    group = zarr.open_group(folder / ZARR, mode="a", zarr_format=3)
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
        config={"write_empty_chunks": True},  # so that a missing chunk is damage, never zeros: see complete.py
    )


def join(target: zarr.Array, slabs: Iterable[np.ndarray]) -> None:
    """Fill an array with slabs along its first axis, writing whole shards: none is read back to be rewritten."""
    import numpy as np

    step = (target.shards or target.chunks)[0]
    start, waiting, rows = 0, [], 0
    for slab in slabs:
        waiting.append(np.asarray(slab))
        rows += len(slab)
        if rows >= step:
            whole = np.concatenate(waiting)
            ready = rows - rows % step
            target[start : start + ready] = whole[:ready]
            start, waiting, rows = start + ready, [whole[ready:]], rows - ready
    if rows:
        target[start : start + rows] = np.concatenate(waiting)


def to_hdf5(folder: Path) -> None:
    """Replace an artifact's Zarr store by an HDF5 file with the same arrays, slab by slab."""
    import shutil

    import h5py

    from eeg2vid.stages.store.digest import slabs

    stored = open_arrays(folder)
    with h5py.File(folder / HDF5, "w", libver="v110") as file:
        for name, array in stored.items():
            packed: dict[str, Any] = {}
            if math.prod(array.shape):
                chunks = tuple(min(c, s) for c, s in zip(array.chunks or array.shape, array.shape, strict=True))
                packed = {"chunks": chunks, "compression": "gzip", "compression_opts": 1}
                packed |= {"shuffle": True, "fletcher32": True}
            dataset = file.create_dataset(name, shape=array.shape, dtype=array.dtype, **packed)
            for label, dim in zip(array.dims, dataset.dims, strict=True):
                dim.label = label
            start = 0
            for slab in slabs(array):
                dataset[start : start + len(slab)] = slab
                start += len(slab)
    shutil.rmtree(folder / ZARR, ignore_errors=True)


def open_arrays(folder: Path) -> dict[str, StoredArray]:
    """Open every array of an artifact, whichever container holds them.

    Raises
    ------
    BadDataError
        If the container's metadata is damaged.
    """
    try:
        if (folder / HDF5).is_file():
            return _open_hdf5(folder / HDF5)
        return _open_zarr(folder / ZARR) if (folder / ZARR).is_dir() else {}
    except Exception as error:
        raise BadDataError(f"{folder}: the stored arrays' metadata is damaged ({error}).") from error


def _open_zarr(store: Path) -> dict[str, StoredArray]:
    import zarr

    from eeg2vid.stages.store.complete import CompleteStore

    group = zarr.open_group(CompleteStore(store, read_only=True), mode="r", zarr_format=3)
    found = {}
    for name, array in sorted(group.arrays()):
        names: Any = getattr(array.metadata, "dimension_names", None) or ()
        found[name] = StoredArray(array, tuple(str(dim) for dim in names), f"{store}/{name}")
    return found


def _open_hdf5(path: Path) -> dict[str, StoredArray]:
    import h5py

    file = h5py.File(path, "r", locking=False)  # committed files never change: no lock is needed
    return {
        name: StoredArray(dataset, tuple(dim.label for dim in dataset.dims), f"{path}:{name}")
        for name, dataset in sorted(file.items())
    }
