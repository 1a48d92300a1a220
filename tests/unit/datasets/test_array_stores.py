"""HDF5 and Zarr of others: in use, with empty, absent or cut chunks, with metadata that are older than the array."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import warnings

import h5py
import numpy as np
import pytest
import zarr

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.lazy_signal import unreadable
from eeg2vid.stages.datasets.recordings import open_recording

NAMES = ("Fz", "Cz", "Pz", "Oz")
NOISE = np.random.default_rng(0).normal(0, 20, (4, 12000)).astype("f4")


def described(path, place="eeg"):
    names = ", ".join(f'"{name}"' for name in NAMES)
    path.with_suffix(".toml").write_text(
        f'axes = ["electrode", "sample"]\nsfreq = 200\nunit = "uV"\nelectrodes = [{names}]\narray = "{place}"\n'
    )
    return path


def store(root, zarr_format=3, n_samples=12000, place="eeg", **kind):
    path = described(root / "a.zarr", place)
    array = zarr.open_group(str(path), mode="w", zarr_format=zarr_format).create_array(
        place, shape=(4, n_samples), chunks=(4, 500), dtype="f4", **kind
    )
    array[:] = NOISE[:, :n_samples]
    return path


def chunk(path, name):
    found = path / "eeg" / name
    assert found.is_file()
    return found


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"shards": (4, 3000)}, "c/0/1"),
        ({}, "c/0/3"),
        ({"compressors": None}, "c/0/3"),
        ({"zarr_format": 2}, "0.3"),
        ({"zarr_format": 2, "compressors": None}, "0.3"),
    ],
)
def test_an_empty_chunk_is_damage(tmp_path, given, name):
    path = store(tmp_path, **given)
    np.testing.assert_allclose(open_recording(path)[:, :] * 1e6, NOISE, rtol=1e-6)
    chunk(path, name).write_bytes(b"")
    with pytest.raises(BadDataError, match=rf"the chunk eeg/{name} is an empty file \(1 of \d+ are\)"):
        open_recording(path)


@pytest.mark.parametrize("place", ["end", "start"])
def test_chunks_absent_from_a_shard_are_told(tmp_path, place):
    shards = {"shape": (4, 3000), "index_location": place}
    path = store(tmp_path, n_samples=11900, shards=shards)  # the last shard reaches over the array's end
    assert open_recording(path).checks == []
    array = zarr.open_group(str(path), mode="a")["eeg"]
    array[:, 3500:4500] = 0  # zarr keeps no chunk that holds nothing but the fill value
    (check,) = open_recording(path).checks
    assert check.verdict == "warning" and check.found == "2 of 24; they read as 0.0"
    chunk(path, "c/0/0").unlink()
    (check,) = open_recording(path).checks
    assert check.found == "8 of 24; they read as 0.0"


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("place", ["eeg", "study/eeg"])
@pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning")
def test_an_array_is_read_by_its_own_metadata(tmp_path, zarr_format, place):
    path = store(tmp_path, zarr_format, 6000, place)
    zarr.consolidate_metadata(str(path))
    assert open_recording(path).checks == []
    zarr.open_group(str(path), mode="a", use_consolidated=False)[place].append(NOISE[:, 6000:], axis=1)
    signal = open_recording(path)
    np.testing.assert_allclose(signal[:, :] * 1e6, NOISE, rtol=1e-6)
    (check,) = signal.checks
    assert check.verdict == "warning" and check.item == "consolidated metadata, a.zarr"
    assert "(4, 6000)" in check.found and "(4, 12000)" in check.found


def held(path):
    """Open for writing in another process, as a recorder has it; returns the process."""
    code = f"import h5py, sys; f = h5py.File({str(path)!r}, 'r+'); print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    return other


def test_a_file_in_use_is_not_called_damaged(tmp_path):
    path = described(tmp_path / "a.h5")
    with h5py.File(path, "w") as file:
        file["eeg"] = NOISE
    with held(path) as other, pytest.raises(BadDataError, match="is in use: another program has it open") as caught:
        open_recording(path)
    assert "HDF5_USE_FILE_LOCKING=FALSE" in str(caught.value) and "opy" not in str(caught.value)
    assert other.returncode == 0
    with path.open("rb+") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        with pytest.raises(BadDataError, match=r"in use.*cannot be locked"):
            open_recording(path)
    np.testing.assert_allclose(open_recording(path)[:, :] * 1e6, NOISE, rtol=1e-6)


def test_a_file_whose_writer_died(tmp_path):
    path = described(tmp_path / "a.h5")
    code = f"import h5py, os; f = h5py.File({str(path)!r}, 'w', libver='latest'); f['eeg'] = [[1.0]]; f.flush()"
    code += "; os._exit(0)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(BadDataError, match=r"marked as open for writing.*h5clear -s a.h5"):
        open_recording(path)


def test_other_readers_say_the_same_of_hdf5(tmp_path):
    error = OSError("[Errno 11] Unable to synchronously open file (unable to lock file, errno = 11)")
    assert "in use" in str(unreadable(tmp_path / "a.set", error))


def test_no_warning_of_zarr_reaches_the_user(tmp_path):
    path = store(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_recording(path)
