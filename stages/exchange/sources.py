"""Opening foreign files without trusting them: no pickle runs, nothing outside a folder is read."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.npy import checked_header, read_header
from eeg2vid.stages.datasets.source import natural_order

VIDEOS = {".gif", ".mp4", ".webm", ".mkv", ".mov", ".avi"}
_DEFLATE = 1032  # bytes that one byte can stand for at most (zlib's technical details)
_UNREADABLE = (
    *(ValueError, OSError, EOFError, KeyError, MemoryError, NotImplementedError, RuntimeError),
    *(zlib.error, zipfile.BadZipFile),
)
_PLAIN = "Save it again as a plain array: numpy.save(path, array.astype('float32'), allow_pickle=False)."


def foreign_files(path: Path, *, named: bool = False) -> list[Path]:
    """Return the file, or the files of a folder in natural order (2 before 10).

    Parameters
    ----------
    path
        File or folder.
    named
        Files are joined by their names, not by their order: numbers may be left out, and kinds of videos mixed.

    Raises
    ------
    BadDataError
        If there is nothing, if kinds are mixed, if numbered files have gaps, or if a link leads out.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise BadDataError(f"{path}: there is no such file or folder.")
    found = [entry for entry in path.iterdir() if not entry.name.startswith(".") and not is_foreign(entry.name)]
    for entry in found:
        require_inside(path, entry)
        if not entry.is_file():
            raise BadDataError(f"{entry}: expected a folder of files, found something else in it.")
    if not found:
        raise BadDataError(f"{path}: the folder is empty.")
    kinds = sorted({entry.suffix.lower() for entry in found})
    if len(kinds) > 1 and not (named and VIDEOS.issuperset(kinds)):
        raise BadDataError(f"{path}: expected files of one kind, found {', '.join(kinds)}.")
    names = natural_order(entry.name for entry in found)
    if not named:
        _require_no_gaps(path, [Path(name).stem for name in names])
    return [path / name for name in names]


def require_inside(folder: Path, path: Path) -> Path:
    """Refuse a path that leads out of a folder, by '..' or by a link.

    Raises
    ------
    BadDataError
        If it does.
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BadDataError(f"{path}: leads out of {folder}; only what is in the folder is read.")
    return path


def _require_no_gaps(folder: Path, stems: list[str]) -> None:
    """Refuse numbered files of which some are missing; counting may start at 0 or 1, or at a block's number."""
    numbered = [re.fullmatch(r"(.*?)(\d+)", stem) for stem in stems]
    if len(stems) < 2 or any(match is None for match in numbered):
        return
    pairs = [(match[1], int(match[2])) for match in numbered if match]
    if len({prefix for prefix, _ in pairs}) > 1:
        return
    numbers = [number for _, number in pairs]
    gaps = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    if gaps or len(set(numbers)) < len(numbers):
        what = f"number {gaps[0]} is missing" if gaps else "a number occurs twice"
        raise BadDataError(
            f"{folder}: {what} among {pairs[0][0]}{numbers[0]} .. {pairs[0][0]}{numbers[-1]}.",
            "Rows are joined by order: a gap would shift all that follow.",
        )


@dataclass(frozen=True)
class Declared:
    """What a file says that it holds."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def declared_array(path: Path, key: str | None = None) -> Declared:
    """Return shape and type of the array in a .npy, .npz or .pt file, before any number of it is in memory.

    Parameters
    ----------
    path
        The file.
    key
        Which array of an .npz or of a .pt dict; needed where there are several.

    Raises
    ------
    BadDataError
        If the file is damaged, holds Python objects, has hostile names, or declares more than it holds.
    UsageError
        If there are several arrays and no key.
    """
    if path.suffix.lower() == ".npz":
        _, declared = _npz_member(path, key)
        _require_numbers(path, declared)
        return declared
    array = read_array(path, key)  # mapped, not read
    return Declared(array.shape, array.dtype)


def read_array(path: Path, key: str | None = None) -> np.ndarray:
    """Return the array of a .npy, .npz or .pt file; .npy and .pt are memory-mapped.

    Parameters and errors are those of `declared_array`.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise BadDataError(f"{path}: expected {', '.join(READERS)}, found '{path.suffix}'.")
    array = reader(path, key)
    _require_numbers(path, Declared(array.shape, array.dtype))
    return array


def _require_numbers(path: Path, found: Declared) -> None:
    if found.dtype.kind not in "fiub" or not found.shape:
        raise BadDataError(f"{path}: expected an array of numbers, found {found.dtype} {found.shape}.", _PLAIN)


def _npy(path: Path, key: str | None) -> np.ndarray:
    if key is not None:
        raise UsageError(f"`key` {key}: {path.name} holds one array without a name.")
    shape, dtype = checked_header(path)
    _require_numbers(path, Declared(shape, dtype))
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError) as error:
        raise BadDataError(f"{path}: not a readable npy file of numbers ({_line(error)}).", _PLAIN) from error
    return array


def _npz(path: Path, key: str | None) -> np.ndarray:
    name, declared = _npz_member(path, key)
    _require_numbers(path, declared)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)  # type: ignore[no-untyped-call]
    except _UNREADABLE as error:
        raise BadDataError(f"{path}: not a readable npz file of numbers ({_line(error)}).", _PLAIN) from error
    return array


def _npz_member(path: Path, key: str | None) -> tuple[str, Declared]:
    """Return the name of the wanted member and what it declares."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            _refuse_twins(path, [info.filename.removesuffix(".npy") for info in archive.infolist()])
            for info in members.values():
                _refuse_hostile_name(path, info.filename)
            info = members[_one_key(path, list(members), key)]
            with archive.open(info) as file:
                shape, dtype, start = read_header(file)
    except _UNREADABLE as error:
        raise BadDataError(f"{path}: not a readable npz file of numbers ({_line(error)}).", _PLAIN) from error
    expected = start + math.prod(shape) * dtype.itemsize
    packed = info.compress_size * (_DEFLATE if info.compress_type == zipfile.ZIP_DEFLATED else 1)
    possible = info.file_size if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else packed
    if not dtype.hasobject and (expected != info.file_size or expected > possible + start):
        raise BadDataError(
            f"{path}: '{info.filename}' declares {dtype} {shape}, which takes {counted(expected, 'byte')}; "
            f"it holds {min(info.file_size, possible)}.",
            "Copy it again from the source.",
        )
    return info.filename, Declared(shape, dtype)


def _refuse_twins(path: Path, names: Sequence[str]) -> None:
    """Refuse an archive in which one name stands for two arrays: readers differ in which of them they take."""
    twins = [name for name, count in Counter(names).items() if count > 1]
    if twins:
        raise BadDataError(
            f"{path}: expected one array called '{twins[0]}', found {names.count(twins[0])}.",
            "Save it again with one array of each name.",
        )


def _refuse_hostile_name(path: Path, name: str) -> None:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or PureWindowsPath(name).drive:
        raise BadDataError(f"{path}: member '{name}' has a path that leads out of the archive.")


def _pt(path: Path, key: str | None) -> np.ndarray:
    import torch

    try:  # weights_only: tensors and plain containers, nothing that could run; of an older form there is no map
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # torch raises many kinds
        raise BadDataError(
            f"{path}: not a file of plain tensors ({_line(error)}).",
            "Nothing in it was run. Save it again: torch.save(tensor.cpu(), path).",
        ) from error
    if isinstance(loaded, dict):
        tensors = {str(name): value for name, value in loaded.items() if isinstance(value, torch.Tensor)}
        loaded = tensors[_one_key(path, list(tensors), key)]
    elif key is not None:
        raise UsageError(f"`key` {key}: {path.name} holds no dict.")
    if not isinstance(loaded, torch.Tensor) or loaded.layout is not torch.strided or loaded.is_quantized:
        raise BadDataError(f"{path}: expected a tensor or a dict of tensors, found {type(loaded).__name__}.")
    plain = loaded.detach()
    size = path.stat().st_size
    if plain.numel() * plain.element_size() > size:  # one number under many indices: torch's expand
        raise BadDataError(
            f"{path}: declares {str(plain.dtype).removeprefix('torch.')} {tuple(plain.shape)}, which takes "
            f"{counted(plain.numel() * plain.element_size(), 'byte')}; the file has {size}.",
            "Save it again: torch.save(tensor.contiguous().clone(), path).",
        )
    if plain.dtype is torch.bfloat16:
        plain = plain.float()
    return np.asarray(plain.numpy())


READERS: dict[str, Callable[[Path, str | None], np.ndarray]] = {".npy": _npy, ".npz": _npz, ".pt": _pt, ".pth": _pt}


def _one_key(path: Path, names: list[str], key: str | None) -> str:
    if key is None and len(names) == 1:
        return names[0]
    if key not in names:
        why = "which one is wanted?" if key is None else f"there is no '{key}'."
        shown = ", ".join(names[:20]) or "nothing"
        raise UsageError(f"{path} holds {shown}: {why}", f"Choose with `key` {names[0]}." if names else None)
    return key


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200].rstrip(".")
