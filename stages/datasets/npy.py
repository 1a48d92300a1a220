"""Open `.npy` files without ever executing what is in them, and say what is wrong when they are damaged."""

from __future__ import annotations

import math
import mmap
from pathlib import Path
from typing import IO, Any

import numpy as np

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted


def open_npy(path: Path, *, ndim: int | None, kinds: str = "f", itemsizes: tuple[int, ...] = (4, 8)) -> np.ndarray:
    """Return the array of a `.npy` file, memory-mapped and read-only.

    Parameters
    ----------
    path
        The file.
    ndim
        The number of dimensions it must have; None: any.
    kinds
        The NumPy dtype kinds accepted, such as `"f"` or `"iuf"`.
    itemsizes
        The sizes of one element accepted, bytes.

    Raises
    ------
    BadDataError
        If the file is missing, empty, truncated, over-long, not in npy format, holds Python objects
        (pickle is never read), or has another dtype or number of dimensions.
    """
    shape, dtype = checked_header(path)
    if dtype.kind not in kinds or dtype.itemsize not in itemsizes:
        wanted = " or ".join(sorted({f"{_kind_name(k)}{8 * n}" for k in kinds for n in itemsizes}))
        raise BadDataError(f"{path}: expected an array of {wanted}, found {dtype}.")
    if ndim is not None and len(shape) != ndim:
        raise BadDataError(f"{path}: expected an array of {ndim} dimensions, found {len(shape)}: {shape}.")
    if math.prod(shape) == 0:
        raise BadDataError(f"{path}: the array of shape {shape} holds no numbers.")
    array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def let_go(array: np.ndarray) -> None:
    """Hand back the memory that a mapped array took while it was read; it can be read again, from the file."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)


def checked_header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and type that a file's header announces, after comparing them with the size of the file.

    Raises
    ------
    BadDataError
        If the file is missing, empty, truncated, over-long, not in npy format, or holds Python objects.
    """
    if not path.is_file():
        raise BadDataError(f"{path} is missing.")
    size = path.stat().st_size
    if size == 0:
        raise BadDataError(f"{path} is empty (0 bytes).", "Copy it again from the source.")
    try:
        with path.open("rb") as file:
            shape, dtype, start = read_header(file)
    except (ValueError, OSError, EOFError) as error:
        raise BadDataError(f"{path} is not a readable npy file ({str(error).rstrip('.')}).") from error
    if dtype.hasobject:
        raise BadDataError(
            f"{path} holds Python objects (dtype {dtype}), which are never loaded.",
            "Save it again as a plain array: numpy.save(path, array.astype('float32'), allow_pickle=False).",
        )
    expected = start + math.prod(shape) * dtype.itemsize
    if size != expected:
        what = "truncated" if size < expected else "longer than its header says"
        raise BadDataError(
            f"{path} is {what}: {dtype} {shape} takes {counted(expected, 'byte')}, found {size}.",
            "Copy it again from the source.",
        )
    return shape, dtype


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return the shape and type that an npy file declares, and where its numbers begin; no number is read.

    Raises
    ------
    ValueError
        If it is no npy file, or of a version for structured types.
    """
    version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"npy format version {version} is not supported")
    shape, _, dtype = read(file)  # type: ignore[no-untyped-call]
    if min(shape, default=0) < 0:
        raise ValueError(f"the shape {shape} is none")
    return shape, dtype, file.tell()


def _kind_name(kind: str) -> str:
    return {"f": "float", "i": "int", "u": "uint", "b": "bool"}.get(kind, kind)
