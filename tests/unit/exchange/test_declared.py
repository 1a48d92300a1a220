"""Files that declare more than they hold: a sentence about the shape, never an attempt to allocate it."""

import io
import tracemalloc
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from eeg2vid.schemas.catalogue import SCHEMAS
from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.exchange.array_files import read_arrays
from eeg2vid.stages.exchange.bundle import read_bundle
from eeg2vid.stages.exchange.items import Options, rows_of
from eeg2vid.stages.exchange.sources import declared_array, read_array
from tests.unit.exchange.test_exchange import bundle, study

HUGE = (10**6, 10**6)  # 10^12 numbers, four terabytes


@pytest.fixture(autouse=True)
def _nothing_large():
    """Fail where a test allocates more than a hundred megabytes."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


def header(shape, dtype="<f4"):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": dtype, "fortran_order": False, "shape": shape})
    return head.getvalue()


def sparse(path, shape, dtype="<f4"):
    """Write an npy file of zeros that takes no room on the disk."""
    with path.open("wb") as file:
        file.write(header(shape, dtype))
        file.truncate(file.tell() + int(np.prod(shape)) * np.dtype(dtype).itemsize)


@pytest.mark.parametrize("shape", [HUGE, (10**12,), (2**62, 2**62), (3, 10**12), (-1, 5)])
def test_an_npy_header_that_declares_more_than_the_file_holds(tmp_path, shape):
    path = tmp_path / "x.npy"
    path.write_bytes(header(shape) + b"\0" * 64)
    for read in (declared_array, read_array):
        with pytest.raises(BadDataError, match=r"truncated|the shape"):
            read(path)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_npz_member_that_declares_more_than_it_holds(tmp_path, packing):
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("eeg.npy", header(HUGE) + b"\0" * 64)
        archive.writestr("good.npy", header((4, 4)) + np.arange(16, dtype="<f4").tobytes())
    for read in (declared_array, read_array):
        with pytest.raises(
            BadDataError, match=r"'eeg\.npy' declares float32 \(1000000, 1000000\), which takes 40+128 by"
        ):
            read(path, "eeg")
    np.testing.assert_array_equal(read_array(path, "good"), np.arange(16).reshape(4, 4))
    assert (declared_array(path, "good").shape, declared_array(path, "good").dtype) == ((4, 4), np.float32)


def test_an_npz_whose_directory_lies_about_sizes(tmp_path):
    """The sizes in the archive's directory say what the header says; the packed bytes cannot hold as much."""
    path = tmp_path / "x.npz"
    head = header((250_000_000,))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", head + b"\0" * 64)
    size, told = len(head) + 64, len(head) + 10**9
    data = path.read_bytes()
    assert data.count(size.to_bytes(4, "little")) >= 2
    path.write_bytes(data.replace(size.to_bytes(4, "little"), told.to_bytes(4, "little")))
    with pytest.raises(BadDataError, match=r"declares float32 \(250000000,\), which takes 1000000128 bytes"):
        read_array(path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int8])
def test_a_tensor_that_stands_for_more_than_the_file_holds(tmp_path, dtype):
    path = tmp_path / "x.pt"
    torch.save({"a": torch.zeros(1, dtype=dtype).expand(HUGE), "b": torch.ones(2, 3, dtype=dtype)}, path)
    with pytest.raises(BadDataError, match=r"declares \w+ \(1000000, 1000000\), which takes \d+ bytes; the file has"):
        read_array(path, "a")
    np.testing.assert_array_equal(read_array(path, "b"), np.ones((2, 3)))


def test_a_stored_tensor_of_an_impossible_shape(tmp_path):
    """The pickle inside says ten to the twelfth numbers; the record beside it holds four."""
    path = tmp_path / "x.pt"
    torch.save(torch.zeros(123_457), tmp_path / "made.pt")
    with zipfile.ZipFile(tmp_path / "made.pt") as made, zipfile.ZipFile(path, "w") as out:
        for info in made.infolist():
            data = made.read(info)
            if info.filename.endswith("data.pkl"):
                small = (123_457).to_bytes(4, "little")
                assert small in data
                data = data.replace(small, (2_000_000_000).to_bytes(4, "little"))
            out.writestr(info.filename, data)
    with pytest.raises(BadDataError, match=r"not a file of plain tensors|which takes"):
        read_array(path)


@pytest.fixture
def here():
    """Return what a workspace knows: twelve events, three electrodes."""
    return replace(study(), electrodes=tuple(Electrode(electrode=name) for name in ("Fz", "Cz", "Pz")))


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ((10**6, 3, 400), "expected 12 events, found 1000000"),
        ((12, 10**6, 400), "expected 3 electrodes, found 1000000"),
        ((12, 3, 10**9), "12 GB; expected at most"),
        ((12, 3), "expected an array of layout"),
        ((12, 3, 4, 10**6), "expected an array of layout"),
        ((2, 3, 2, 3, 4, 10**6), "expected an array of layout"),
    ],
)
def test_a_shape_that_is_not_the_studys_is_refused_before_it_is_read(tmp_path, here, shape, found):
    sparse(tmp_path / "x.npy", shape)
    with pytest.raises(BadDataError, match=found):
        read_arrays(SCHEMAS["epochs"], [tmp_path / "x.npy"], Options(order="presentation", scale=1.0), here)


def test_what_fits_is_read_as_ever(tmp_path, here):
    values = np.random.default_rng(0).normal(size=(12, 3, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    np.savez_compressed(tmp_path / "x.npz", values)
    torch.save(torch.from_numpy(values), tmp_path / "x.pt")
    for name in ("x.npy", "x.npz", "x.pt"):
        found = read_arrays(SCHEMAS["epochs"], [tmp_path / name], Options(order="presentation", scale=1.0), here)
        order = rows_of(here, Options(order="presentation"), "").places
        np.testing.assert_array_equal(np.concatenate(list(found.arrays["epochs"].slabs())), values[order])


@pytest.mark.parametrize(
    ("shape", "found"),
    [((2,), "expected 2 axes"), ((1, 2, 1), "expected 2 axes"), ((1, 5 * 10**9), "GB; expected at most")],
)
def test_an_exported_array_with_missing_extra_or_giant_axes(tmp_path, shape, found):
    folder = bundle(tmp_path / "x")
    sparse(folder / "assignment.npy", shape, "|i1")
    with pytest.raises(BadDataError, match=found):
        read_bundle(SCHEMAS["folds"], folder)
