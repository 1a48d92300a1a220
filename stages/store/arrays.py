"""Arrays on disk: Zarr v3 (checksummed chunks, files of up to 64 MB) or HDF5, behind one interface."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eeg2vid.schemas.errors import BadDataError

if TYPE_CHECKING:
    import numpy as np

Container = Literal["zarr", "hdf5"]
ZARR, HDF5 = "data.zarr", "data.h5"
_HELD_BYTES = 16 * 2**20


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
    from eeg2vid.stages.store.zarr_array import ZarrArray
    from eeg2vid.stages.store.zarr_layout import METADATA, read_metadata

    found = {}
    for folder in sorted(path for path in store.iterdir() if path.is_dir()):
        known = read_metadata((folder / METADATA).read_bytes())
        where = f"{store}/{folder.name}"
        found[folder.name] = (
            StoredArray(ZarrArray(folder, known[0]), known[1], where) if known else _open_of_before(store, folder.name)
        )
    return found


def _open_of_before(store: Path, name: str) -> StoredArray:
    """Open an array packed in another way, as earlier builds did (Zstandard), through Zarr."""
    import zarr

    from eeg2vid.stages.store.complete import CompleteStore

    array: Any = zarr.open_group(CompleteStore(store, read_only=True), mode="r", zarr_format=3)[name]
    names = getattr(array.metadata, "dimension_names", None) or ()
    return StoredArray(array, tuple(str(dim) for dim in names), f"{store}/{name}")


def _open_hdf5(path: Path) -> dict[str, StoredArray]:
    import h5py

    # committed files never change: no lock is needed; chunks read in part are kept for what is read next
    file = h5py.File(path, "r", locking=False, rdcc_nbytes=_HELD_BYTES)
    return {
        name: StoredArray(dataset, tuple(dim.label for dim in dataset.dims), f"{path}:{name}")
        for name, dataset in sorted(file.items())
    }
