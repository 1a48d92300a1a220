"""How an array lies in its Zarr v3 folder: metadata, which file holds which chunk, at which place."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

METADATA = "zarr.json"
GROUP = b'{"attributes":{},"node_type":"group","zarr_format":3}'
_CHUNK_BYTES = 256 * 2**10  # what one row of a shuffled reading costs; larger chunks are hardly read faster whole
_SHARD_BYTES = 64 * 2**20
_BAND_BYTES = 8 * 2**20  # of the first axis, where another is cut: so much is held to hash the array in its order
_LINKED_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Layout:
    """Sizes of an array and of what it is cut into; a shard is a file of several chunks, of the same rank.

    Attributes
    ----------
    shape, chunks
        Along each axis.
    shards
        None: every chunk is a file.
    dtype
        Name of the values' type.
    """

    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    dtype: str

    @property
    def files(self) -> tuple[int, ...]:
        """Sizes of what lies in one file."""
        return self.shards or self.chunks

    @property
    def per_file(self) -> tuple[int, ...]:
        """Chunks of a file along each axis."""
        return tuple(whole // chunk for whole, chunk in zip(self.files, self.chunks, strict=True))

    def place(self, chunk: tuple[int, ...]) -> tuple[str, int]:
        """Return the file of a chunk, below the array's folder, and which chunk of that file it is."""
        counts = self.per_file
        file = "/".join(["c", *(str(at // count) for at, count in zip(chunk, counts, strict=True))])
        number = 0
        for at, count in zip(chunk, counts, strict=True):
            number = number * count + at % count
        return file, number

    def metadata(self, dims: tuple[str, ...], attributes: dict[str, str]) -> bytes:
        """Return the array's `zarr.json`."""
        import numpy as np

        from eeg2vid.stages.store.chunks import codecs_of

        codecs = codecs_of(np.dtype(self.dtype))
        if self.shards:
            little = {"name": "bytes", "configuration": {"endian": "little"}}
            shard = {
                "chunk_shape": list(self.chunks),
                "codecs": codecs,
                "index_codecs": [little, {"name": "crc32c"}],
                "index_location": "end",
            }
            codecs = [{"name": "sharding_indexed", "configuration": shard}]
        said = {
            "shape": list(self.shape),
            "data_type": self.dtype,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(self.files)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0.0 if np.dtype(self.dtype).kind == "f" else 0,
            "codecs": codecs,
            "attributes": attributes,
            "dimension_names": list(dims),
            "zarr_format": 3,
            "node_type": "array",
            "storage_transformers": [],
        }
        return json.dumps(said, indent=1, sort_keys=True).encode()


def read_metadata(data: bytes) -> tuple[Layout, tuple[str, ...]] | None:
    """Return the layout and the names of the axes that a `zarr.json` tells; None where it is not one of ours."""
    said: dict[str, Any] = json.loads(data)
    try:
        dims = tuple(str(name) for name in said["dimension_names"])
        files = tuple(said["chunk_grid"]["configuration"]["chunk_shape"])
        sharding = said["codecs"][0]
        sharded = sharding["name"] == "sharding_indexed"
        chunks = tuple(sharding["configuration"]["chunk_shape"]) if sharded else files
        layout = Layout(tuple(said["shape"]), chunks, files if sharded else None, said["data_type"])
        ours = json.loads(layout.metadata(dims, said["attributes"]))
    except (KeyError, IndexError, TypeError, ZeroDivisionError):
        return None
    return (layout, dims) if ours == said else None


def layout_of(shape: tuple[int, ...], dtype: np.dtype, axis: int = 0) -> Layout:
    """Return how an array is cut: along one axis, and where that is not the first into a few rows of that one too.

    Chunks have about 256 kB, so that a row read alone unpacks little else; files have up to 64 MB, so that they are
    few. An array of one chunk is one file without an index.
    """
    others = math.prod(size for k, size in enumerate(shape) if k != axis)
    step_bytes = max(1, others * dtype.itemsize)
    chunks = [max(1, size) for size in shape]
    wanted = _CHUNK_BYTES
    if axis:
        bands = math.ceil(math.prod(shape) * dtype.itemsize / _BAND_BYTES)
        chunks[0] = max(1, math.ceil(shape[0] / max(1, bands)))
        wanted *= max(1, math.ceil(shape[0] / chunks[0]))
    chunks[axis] = min(max(1, shape[axis]), max(1, wanted // step_bytes))
    counts = [math.ceil(max(1, size) / chunk) for size, chunk in zip(shape, chunks, strict=True)]
    files: tuple[int, ...] | None = None
    if math.prod(counts) > 1:
        steps = min(counts[axis], max(1, _SHARD_BYTES // (chunks[axis] * step_bytes)))
        files = tuple(c * (steps if k == axis else n) for k, (c, n) in enumerate(zip(chunks, counts, strict=True)))
    return Layout(shape, tuple(chunks), files, dtype.name)


def layout_of_parts(shape: tuple[int, ...], parts: Sequence[Layout]) -> Layout | None:
    """Return the layout in which all parts of an array but the last are shards as they are; None if they cannot be.

    Small parts are packed anew, in fewer files.
    """
    import numpy as np

    first = parts[0]
    rows = first.shape[0]
    alike = all(part.shape[0] == rows for part in parts[:-1]) and parts[-1].shape[0] <= rows
    large = math.prod(first.shape) * np.dtype(first.dtype).itemsize >= _LINKED_BYTES
    if len(parts) < 2 or not alike or not large or rows % first.chunks[0]:
        return None
    return Layout(shape, first.chunks, (rows, *first.chunks[1:]), first.dtype)
