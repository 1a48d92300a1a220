"""Arrays on disk: what Zarr itself reads and writes is the oracle, numpy for what is selected."""

import itertools
import json
import math
import threading

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from zarr.codecs import BloscCodec, Crc32cCodec

from eeg2vid.schemas.base import ArraySpec
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.store import array_writer
from eeg2vid.stages.store.array_writer import ArrayWriter
from eeg2vid.stages.store.arrays import open_arrays
from eeg2vid.stages.store.chunks import DamagedChunkError, crc32c_file
from eeg2vid.stages.store.digest import is_proved, sha256_array, sha256_file
from eeg2vid.stages.store.part_rows import PartRows, write_rows
from eeg2vid.stages.store.zarr_array import ZarrArray
from eeg2vid.stages.store.zarr_layout import GROUP, Layout, layout_of, layout_of_parts, read_metadata

DTYPES = ["float32", "float64", "float16", "int8", "uint8", "int64", ">f4", ">i8"]
LAYOUTS = {  # shape, chunks, files
    "one chunk": ((5, 3), (5, 3), None),
    "chunks": ((11, 3, 2), (4, 3, 2), None),
    "shards": ((11, 3), (2, 3), (6, 3)),
    "along the second axis": ((5, 23), (2, 4), (6, 12)),
    "three axes": ((3, 2, 9), (2, 2, 2), (4, 2, 6)),
}


def spec(ndim, axis=0):
    dims = tuple(f"d{k}" for k in range(ndim))
    return ArraySpec(dims=dims, dtypes=("float32",), unit="uV", doc="values", chunked=dims[axis] if axis else "")


def written(folder, values, axis=0, slabs=1, layout=None):
    """Write values in slabs of some size along the axis; return writer and hash."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "zarr.json").write_bytes(GROUP)
    with pytest.MonkeyPatch.context() as patch:
        if layout is not None:
            patch.setattr(array_writer, "layout_of", lambda *_: layout)
        writer = ArrayWriter(folder / "x", spec(values.ndim, axis), values.shape, str(values.dtype))
    for first in range(0, values.shape[axis], slabs):
        writer.append(np.take(values, range(first, min(first + slabs, values.shape[axis])), axis=axis))
    return writer, writer.finish()


def random_values(shape, dtype="float32"):
    return (np.random.default_rng(0).normal(size=shape) * 50).astype(dtype)


@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=hnp.arrays(
        st.sampled_from(DTYPES), hnp.array_shapes(min_dims=1, max_dims=4, max_side=7), elements=st.integers(0, 100)
    ),
    slabs=st.integers(1, 9),
)
def test_zarr_reads_what_was_written_and_the_hash_is_of_the_values(tmp_path_factory, values, slabs):
    folder = tmp_path_factory.mktemp("data")
    writer, digest = written(folder, values, slabs=slabs)
    np.testing.assert_array_equal(zarr.open_group(folder, mode="r")["x"][...], values)
    np.testing.assert_array_equal(open_arrays_of(folder)[...], values)
    assert digest == sha256_array(values)
    assert all(crc32c_file(folder / "x" / name) == crc for name, crc in writer.proofs.items())


def open_arrays_of(folder):
    known = read_metadata((folder / "x" / "zarr.json").read_bytes())
    return ZarrArray(folder / "x", known[0])


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("slabs", [1, 3, 4, 100])
def test_every_layout_is_read_by_zarr_and_by_us(tmp_path, name, slabs):
    shape, chunks, files = LAYOUTS[name]
    axis = 0 if name in ("one chunk", "chunks", "shards") else len(shape) - 1
    values = random_values(shape)
    _, digest = written(tmp_path, values, axis, slabs, Layout(shape, chunks, files, "float32"))
    np.testing.assert_array_equal(zarr.open_group(tmp_path, mode="r")["x"][...], values)
    np.testing.assert_array_equal(open_arrays_of(tmp_path)[...], values)
    assert digest == sha256_array(values)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "float16"])
def test_metadata_and_chunks_are_those_that_zarr_writes(tmp_path, name, dtype):
    shape, chunks, files = LAYOUTS[name]
    values = random_values(shape, dtype)
    layout = Layout(shape, chunks, files, dtype)
    size = np.dtype(dtype).itemsize
    packed = BloscCodec(cname="lz4", clevel=5, shuffle="shuffle" if size > 1 else "bitshuffle", typesize=size)
    theirs = zarr.open_group(tmp_path, mode="w", zarr_format=3).create_array(
        "x",
        shape=shape,
        dtype=dtype,
        chunks=chunks,
        shards=files,
        dimension_names=[f"d{k}" for k in range(len(shape))],
        attributes={"unit": "uV", "doc": "values"},
        compressors=[packed, Crc32cCodec()],
        fill_value=0,
        config={"write_empty_chunks": True},
    )
    theirs[...] = values
    said = (tmp_path / "x" / "zarr.json").read_bytes()
    mine = layout.metadata(tuple(f"d{k}" for k in range(len(shape))), {"unit": "uV", "doc": "values"})
    assert json.loads(mine) == json.loads(said)
    assert read_metadata(said) == (layout, tuple(f"d{k}" for k in range(len(shape))))
    np.testing.assert_array_equal(open_arrays_of(tmp_path)[...], values)


def test_arrays_packed_in_another_way_are_left_to_zarr(tmp_path):
    values = random_values((7, 3))
    group = zarr.open_group(tmp_path / "data.zarr", mode="w", zarr_format=3)
    group.create_array("x", shape=(7, 3), dtype="float32", chunks=(2, 3), dimension_names=["a", "b"])[...] = values
    stored = open_arrays(tmp_path)["x"]
    assert stored.dims == ("a", "b")
    assert isinstance(stored.source, zarr.Array)
    np.testing.assert_array_equal(stored[2:5], values[2:5])


SELECTIONS = [
    ...,
    0,
    -1,
    np.int64(3),
    slice(None),
    slice(2, 9),
    slice(-3, None),
    slice(None, None, 2),
    slice(9, 1, -3),
    slice(5, 5),
    (slice(1, 8), 2),
    (slice(1, 8), slice(None, None, -1)),
    (3, 1),
    (..., 1),
    (4, ...),
    [3, 1, 1, 10],
    [],
    np.array([10, 0, 5]),
    np.arange(11) % 3 == 0,
    ([4, 2], slice(1, 3)),
    ([-1, 0], 2),
]


@pytest.mark.parametrize("name", ["chunks", "shards"])
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_selections_are_numpys(tmp_path, name, selection):
    shape, chunks, files = LAYOUTS[name]
    values = random_values(shape)
    written(tmp_path, values, layout=Layout(shape, chunks, files, "float32"))
    stored = open_arrays_of(tmp_path)
    for _ in range(2):  # anew, and from what is held
        found = stored[selection]
        np.testing.assert_array_equal(found, values[selection])
        assert found.dtype == values.dtype


@pytest.mark.parametrize("selection", [11, -12, [11], [0, -12], (0, 3), (0, 0, 0), [[0, 1]], [0.5], np.ones(4, bool)])
def test_what_lies_beyond_is_refused(tmp_path, selection):
    written(tmp_path, random_values((11, 3)))
    with pytest.raises(IndexError):
        open_arrays_of(tmp_path)[selection]


def test_rows_in_order_unpack_every_chunk_once(tmp_path, monkeypatch):
    from eeg2vid.stages.store import zarr_array

    values = random_values((40, 3))
    written(tmp_path, values, layout=Layout((40, 3), (8, 3), (16, 3), "float32"))
    stored, seen = open_arrays_of(tmp_path), []
    real = zarr_array.ChunkReader.read
    monkeypatch.setattr(zarr_array.ChunkReader, "read", lambda *given: seen.append(given[2:4]) or real(*given))
    for k in range(40):
        np.testing.assert_array_equal(stored[k], values[k])
    assert len(seen) == 5
    np.testing.assert_array_equal(stored[np.random.default_rng(0).permutation(40)[:20]].shape, (20, 3))
    assert len(seen) == 5  # all are held


def test_many_threads_read_the_same_array(tmp_path):
    values = random_values((64, 50))
    written(tmp_path, values, layout=Layout((64, 50), (3, 50), (9, 50), "float32"))
    stored, wrong = open_arrays_of(tmp_path), []

    def read(seed):
        rng = np.random.default_rng(seed)
        for k in rng.integers(0, 64, 200).tolist():
            if not np.array_equal(stored[k], values[k]):
                wrong.append(k)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("name", ["one chunk", "shards", "along the second axis"])
def test_every_flipped_bit_is_found_when_read(tmp_path, name):
    shape, chunks, files = LAYOUTS[name]
    values = random_values(shape)
    folder = tmp_path / "data.zarr"
    writer, _ = written(
        folder, values, len(shape) - 1 if "second" in name else 0, 2, Layout(shape, chunks, files, "float32")
    )
    rng = np.random.default_rng(1)
    for file, crc in writer.proofs.items():
        path = folder / "x" / file
        whole = path.read_bytes()
        for place in rng.permutation(8 * len(whole))[:200].tolist():
            damaged = bytearray(whole)
            damaged[place // 8] ^= 1 << place % 8
            path.write_bytes(damaged)
            assert not is_proved(path, f"crc32c:{crc}")
            with pytest.raises(BadDataError, match=r"damaged"):
                open_arrays(tmp_path)["x"][...]
        for cut in (0, 3, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:cut])
            with pytest.raises(BadDataError, match=r"damaged"):
                open_arrays(tmp_path)["x"][...]
        path.write_bytes(whole)
        assert is_proved(path, f"crc32c:{crc}")
        assert is_proved(path, sha256_file(path))


@pytest.mark.parametrize("bad", [(3, 2), (2, 3, 1), (12, 3)])
def test_a_slab_that_does_not_fit_is_refused(tmp_path, bad):
    writer = ArrayWriter(tmp_path / "x", spec(2), (11, 3), "float32")
    with pytest.raises(ValueError, match="does not fit"):
        writer.append(np.zeros(bad, np.float32))


def test_what_was_not_filled_is_said(tmp_path):
    writer = ArrayWriter(tmp_path / "x", spec(2), (11, 3), "float32")
    writer.append(np.zeros((4, 3), np.float32))
    with pytest.raises(BadDataError, match="4 of 11 along 'd0'"):
        writer.finish()


def test_what_is_not_finite_is_seen(tmp_path):
    for k, bad in enumerate((np.nan, np.inf, -np.inf)):
        values = random_values((11, 3))
        values[7, 1] = bad
        assert not written(tmp_path / str(k), values, slabs=2)[0].finite
    assert written(tmp_path / "fine", random_values((11, 3)))[0].finite


@pytest.mark.parametrize("shape", [(0, 3), (4, 0), (0,), (3, 0, 2)])
def test_arrays_without_a_value(tmp_path, shape):
    values = np.zeros(shape, np.float32)
    _, digest = written(tmp_path, values, slabs=10)
    assert digest == sha256_array(values)
    assert zarr.open_group(tmp_path, mode="r")["x"].shape == shape
    assert open_arrays_of(tmp_path)[...].shape == shape
    crc = write_rows(tmp_path / "rows", values)
    assert [slab.shape for slab in PartRows(tmp_path / "rows", crc).slabs()] == [shape]


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_of_parts_come_back(tmp_path, dtype):
    values = random_values((70, 9, 400), dtype)
    crc = write_rows(tmp_path / "rows", values)
    read = PartRows(tmp_path / "rows", crc)
    assert (read.shape, read.dtype) == (values.shape, np.dtype(dtype).newbyteorder("="))
    np.testing.assert_array_equal(np.concatenate(list(read.slabs())), values)
    assert crc32c_file(tmp_path / "rows") == crc


@pytest.mark.parametrize(
    ("shape", "dtype", "axis"),
    [
        ((62, 728000), "float64", 1),
        ((62, 728000), "float32", 1),
        ((62, 20 * 728000), "float64", 1),
        ((1400, 62, 400), "float32", 0),
        ((1400, 6, 288, 512, 3), "uint8", 0),
        ((1400, 77, 768), "float32", 0),
        ((10000,), "float32", 0),
    ],
)
def test_hashing_unpacks_every_chunk_once_in_little_memory(shape, dtype, axis):
    layout = layout_of(shape, np.dtype(dtype), axis)
    read = []

    class Counted:
        def __init__(self):
            self.shape, self.chunks, self.dtype = shape, layout.chunks, np.dtype(dtype)

        def __getitem__(self, key):
            first, stop = key.start, min(key.stop, shape[0])
            chunk = layout.chunks[0]
            read.append((range(first // chunk, math.ceil(stop / chunk)), (stop - first)))
            return np.empty((0, *shape[1:]), dtype)

    from eeg2vid.stages.store.digest import slabs

    for _ in slabs(Counted()):
        pass
    rows = [row for rows, _ in read for row in rows]
    assert sorted(rows) == sorted(set(rows)) == list(range(math.ceil(shape[0] / layout.chunks[0])))
    largest = max(size for _, size in read) * math.prod(shape[1:]) * np.dtype(dtype).itemsize
    assert largest <= 100 * 2**20 or layout.chunks[0] == 1


def test_an_index_is_read_anew_where_the_file_is_another(tmp_path):
    first, second = random_values((40, 3)), random_values((40, 3)) + 1
    layout = Layout((40, 3), (8, 3), (40, 3), "float32")
    written(tmp_path / "a", first, layout=layout)
    written(tmp_path / "b", np.zeros_like(second), layout=layout)
    stored = open_arrays_of(tmp_path / "a")
    np.testing.assert_array_equal(stored[0], first[0])
    (tmp_path / "b/x/c/0/0").replace(tmp_path / "a/x/c/0/0")
    np.testing.assert_array_equal(stored[39], np.zeros(3))


@pytest.mark.parametrize(
    ("sizes", "linked"),
    [((8, 8, 8), 3), ((8, 8, 3), 2), ((8, 3, 8), 0), ((8, 8, 9), 0), ((6, 6), 0), ((8,), 0)],
)
def test_parts_that_can_be_shards_are_not_written_twice(tmp_path, monkeypatch, sizes, linked):
    from eeg2vid.stages.store import part_rows, zarr_layout

    monkeypatch.setattr(zarr_layout, "_LINKED_BYTES", 1)
    monkeypatch.setattr(part_rows, "layout_of", lambda shape, _: Layout(shape, (4, 5), shape, "float32"))
    values = random_values((sum(sizes), 5))
    edges = np.cumsum([0, *sizes])
    parts = []
    for k, (first, last) in enumerate(itertools.pairwise(edges)):
        crc = write_rows(tmp_path / f"{k}.rows", values[first:last])
        parts.append(PartRows(tmp_path / f"{k}.rows", crc))
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "zarr.json").write_bytes(GROUP)
    layout = layout_of_parts(values.shape, [part.layout for part in parts])
    writer = ArrayWriter(folder / "x", spec(2), values.shape, "float32", layout)
    for part in parts:
        writer.take(part)
    assert writer.finish() == sha256_array(values)
    files = [path for path in (folder / "x" / "c").rglob("*") if path.is_file()]
    assert sum(path.stat().st_nlink == 2 for path in files) == linked
    np.testing.assert_array_equal(zarr.open_group(folder, mode="r")["x"][...], values)
    np.testing.assert_array_equal(open_arrays_of(folder)[...], values)
    assert all(crc32c_file(folder / "x" / name) == crc for name, crc in writer.proofs.items())


def test_small_parts_become_few_files():
    parts = [layout_of((50, 40), np.dtype("float32"))] * 7
    assert layout_of_parts((350, 40), parts) is None
    clips = [layout_of((25, 6, 288, 512, 3), np.dtype("uint8"))] * 56
    assert layout_of_parts((1400, 6, 288, 512, 3), clips).files == (25, 6, 288, 512, 3)


def test_every_damaged_byte_of_a_part_is_found(tmp_path):
    path = tmp_path / "rows"
    crc = write_rows(path, random_values((3, 20)))
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        with pytest.raises(DamagedChunkError):
            list(PartRows(path, crc).slabs())
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(DamagedChunkError):
            list(PartRows(path, crc).slabs())
