"""Arrays of HDF5 files and Zarr stores that others made: what is missing, damaged or could run code is told."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.datasets.lazy_signal import in_use, reason_of

_METADATA = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")
_CODECS = (  # what may unpack a Zarr array; others, such as pickle, could run code
    "bytes transpose crc32c gzip zstd zlib blosc lz4 lzma bz2 sharding_indexed vlen-bytes delta shuffle "
    "fixedscaleoffset quantize bitround astype pcodec zfpy packbits adler32 crc32 fletcher32 jenkins_lookup3"
).split()
_HOLLOW_BYTES = 1e9  # an array that declares more must be stored, for the greater part
_MOST_CHUNKS = 10_000_000


def open_hdf5(path: Path, place: str | None) -> tuple[Any, list[Check]]:
    """Return an array of an HDF5 file, by its place, or the only one; numbers stay on disk.

    Raises
    ------
    BadDataError
        If the file is in use or damaged, holds no such array, or keeps its numbers elsewhere.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
        found: list[str] = []
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
        source = file.get(place) if place is not None else file.get(found[0]) if len(found) == 1 else None
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise in_use(path, error) or BadDataError(
            f"{path} is not a readable HDF5 file ({reason_of(error)}).", "Copy it again from the source."
        ) from error
    if not isinstance(source, h5py.Dataset):
        raise _no_array(path, place, found)
    if source.external or source.is_virtual or source.file.filename != file.filename:
        raise BadDataError(f"{path}: the array {source.name!r} keeps its numbers in other files; store them inside.")
    if source.shape is None:
        raise BadDataError(f"{path}: the array {source.name!r} holds no numbers.")
    if source.chunks is None:
        return source, _absent_chunks(path, source, int(source.id.get_storage_size() > 0), 1, source.fillvalue)
    count = math.prod(-(-size // step) for size, step in zip(source.shape, source.chunks, strict=True))
    return source, _absent_chunks(path, source, source.id.get_num_chunks(), count, source.fillvalue)


def open_zarr(path: Path, place: str | None) -> tuple[Any, list[Check]]:
    """Return an array of a Zarr store, by its place, or the only one, and what was noticed; numbers stay on disk.

    Every array is read by its own metadata, never by a consolidated copy, which may be older.

    Raises
    ------
    BadDataError
        If the store is damaged, holds no such array, an empty chunk, or packings that could run code.
    """
    import zarr

    if place is not None and (place.startswith("/") or ".." in place.split("/")):
        raise BadDataError(f"{path}: array {place!r} is not inside the store.")
    try:
        node: Any = zarr.open(str(path), mode="r", use_consolidated=False)
        found = [] if isinstance(node, zarr.Array) else [name for name, _ in _arrays(node)]
        if isinstance(node, zarr.Group):
            wanted = place if place is not None else found[0] if len(found) == 1 else ""
            node = node[wanted] if wanted in found else node
        elif place is not None:
            found, node = ["the store itself"], None
    except Exception as error:  # a dozen kinds of damage, each with its own exception
        raise BadDataError(f"{path} is not a readable Zarr store ({reason_of(error)}).", "Copy it again.") from error
    if not isinstance(node, zarr.Array):
        raise _no_array(path, place, found)
    _harmless(path, node)
    if node.nchunks > _MOST_CHUNKS:  # to ask which are there takes as long as there are chunks
        raise BadDataError(
            f"{path}: declares {node.dtype} {node.shape} in {node.nchunks} chunks; expected at most {_MOST_CHUNKS}.",
            "Store it again in larger chunks.",
        )
    folder = path / node.path
    files = [file for file in folder.rglob("*") if file.is_file() and file.name not in _METADATA]
    _refuse_empty(path, [file for file in files if not is_foreign(file.name)])
    checks = _stale_check(path, node)
    present = node.nchunks_initialized - _absent_in_shards(node, files)
    return node, [*checks, *_absent_chunks(path, node, present, node.nchunks, node.fill_value)]


def _absent_chunks(path: Path, array: Any, present: int, count: int, fill: Any) -> list[Check]:
    """Tell which chunks are not there; refuse an array that declares far more than is stored.

    Raises
    ------
    BadDataError
        If more than half of a large array is absent.
    """
    if present >= count or math.prod(array.shape) == 0:
        return []
    size = math.prod(array.shape) * np.dtype(array.dtype).itemsize
    if size > _HOLLOW_BYTES and 2 * present < count:
        raise BadDataError(
            f"{path}: declares {array.dtype} {tuple(array.shape)}, {size / 1e9:.0f} GB, but holds {present} of {count} "
            "chunks; the others would read as numbers that nobody recorded.",
            "Copy it again from the source.",
        )
    found = f"{count - present} of {count}; they read as {fill}"
    return [Check(item=f"chunks absent, {path.name}", found=found, expected="none", verdict="warning")]


def _refuse_empty(path: Path, files: list[Path]) -> None:
    """Refuse chunks that are files without a byte, as a full disk or a broken copy leaves them: zarr reads zeros."""
    empty = sorted(file for file in files if not file.stat().st_size)
    if empty:
        raise BadDataError(
            f"{path}: the chunk {empty[0].relative_to(path).as_posix()} is an empty file ({len(empty)} of {len(files)} "
            "are); expected numbers.",
            "Copy the store again from the source.",
        )


def _stale_check(path: Path, array: Any) -> list[Check]:
    """Return a warning if a consolidated copy of the metadata tells another array than the array itself."""
    import zarr

    copy: Any = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            group = zarr.open_group(str(path), mode="r", use_consolidated=True)
            copy = dict(_arrays(group)).get(array.path)
    except Exception:  # there is no such copy, or it is damaged: nothing is read from it
        return []
    told, own = (None if one is None else (one.shape, one.dtype.name, one.chunks) for one in (copy, array))
    if told == own:
        return []
    listed = "without the array" if told is None else f"{told[1]} {told[0]} in chunks of {told[2]}"
    found = f"{listed}; the array itself is {array.dtype.name} {array.shape} in chunks of {array.chunks}, and read so"
    item = f"consolidated metadata, {path.name}"
    return [Check(item=item, found=found, expected="what the array's own say", verdict="warning")]


def _absent_in_shards(array: Any, files: Sequence[Path]) -> int:
    """Return how many chunks are absent from the shards that are there, by the index of each shard.

    Zarr 3, sharding codec 1.0: pairs of offset and length, uint64, all bits set where a chunk is absent. An index that
    is packed itself is not looked at.
    """
    shards = getattr(array, "shards", None)
    codec = next((one for one in getattr(array.metadata, "codecs", ()) if hasattr(one, "index_codecs")), None)
    if shards is None or codec is None:
        return 0
    names = [type(one).__name__ for one in codec.index_codecs]
    if names not in (["BytesCodec"], ["BytesCodec", "Crc32cCodec"]):
        return 0
    size = 16 * math.prod(whole // part for whole, part in zip(shards, array.chunks, strict=True))
    room = size + 4 * (len(names) - 1)
    # what the shards at the far edges hold beyond the array was never written
    inside = math.prod(-(-whole // part) for whole, part in zip(array.shape, array.chunks, strict=True))
    written = 0
    for file in files:
        if file.stat().st_size < room:
            continue  # reading it is refused
        with file.open("rb") as stored:
            if codec.index_location.value == "end":
                stored.seek(-room, 2)
            pairs = np.frombuffer(stored.read(size), "<u8").reshape(-1, 2)
        written += int((pairs != np.iinfo(np.uint64).max).any(axis=1).sum())
    here = inside - (array.nchunks - array.nchunks_initialized)
    return max(here - written, 0)


def _arrays(group: Any, depth: int = 8) -> list[tuple[str, Any]]:
    found = list(group.arrays())
    if depth:
        for name, inner in group.groups():
            found += [(f"{name}/{below}", array) for below, array in _arrays(inner, depth - 1)]
    return found


def _harmless(path: Path, array: Any) -> None:
    """Refuse codecs that could execute what is stored, before a single chunk is read."""
    used = set()
    pending = [array.metadata.to_dict()]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            name = value.get("id") or (value.get("name") if "configuration" in value or len(value) == 1 else None)
            used |= {name} if isinstance(name, str) else set()
            pending += [v for k, v in value.items() if k not in ("attributes", "chunk_grid", "chunk_key_encoding")]
        elif isinstance(value, list | tuple):
            pending += value
        elif hasattr(value, "codec_id"):
            used.add(value.codec_id)
        elif hasattr(value, "to_dict"):
            pending.append(value.to_dict())
    strange = sorted(name for name in used if name.removeprefix("numcodecs.") not in _CODECS)
    if strange:
        raise BadDataError(
            f"{path}: the array is packed with {', '.join(map(repr, strange))}, which is not unpacked here.",
            "Store it again with a plain compressor such as zstd, gzip or blosc.",
        )


def _no_array(path: Path, place: str | None, found: list[str]) -> BadDataError:
    what = f"no array {place!r}" if place is not None else "not exactly one array"
    listed = ", ".join(found[:8]) or "none"
    return BadDataError(f"{path} holds {what}; it has {listed}.", "Name it in the TOML: array = 'path/in/file'.")
