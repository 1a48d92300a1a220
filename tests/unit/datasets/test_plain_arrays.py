"""npy, HDF5 and Zarr as recordings: what the TOML says is what is read, and nothing in a file is executed."""

from __future__ import annotations

import importlib.util
import pickle
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.channels import ElectrodeWishes
from eeg2vid.stages.datasets.opening import open_dataset
from eeg2vid.stages.datasets.protocol import ELECTRODES
from eeg2vid.stages.datasets.recordings import companions, open_recording, open_stretches

_spec = importlib.util.spec_from_file_location("_own_folder", Path(__file__).with_name("_own_folder.py"))
own = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(own)

NAMES = ("Fz", "VEOG", "Cz", "Oz")
SAID = """axes = ["electrode", "sample"]
sfreq = 250
unit = "uV"
electrodes = ["Fz", "VEOG", "Cz", "Oz"]
eog = ["veog"]
"""
KEPT = [0, 2, 3, 1]  # EEG before EOG


def eeg(n_samples=500, blocks=None):
    values = own.noise(4 * (blocks or 1), n_samples) * 1e6
    return values.reshape(blocks, 4, n_samples) if blocks else values


def write(path: Path, values: np.ndarray, place: str | None = None) -> Path:
    """Store an array in the format that the ending names."""
    if path.suffix == ".npy":
        np.save(path, values)
    elif path.suffix == ".zarr":
        store = zarr.open_group(path, mode="w") if place else None
        array = (
            store.create_array(place, shape=values.shape, dtype=values.dtype, chunks=(2,) * (values.ndim - 1) + (100,))
            if store is not None
            else zarr.create_array(path, shape=values.shape, dtype=values.dtype)
        )
        array[...] = values
    else:
        with h5py.File(path, "w") as file:
            file.create_dataset(place or "eeg", data=values)
    return path


@pytest.mark.parametrize(("file", "place"), [("a.npy", None), ("a.h5", "x/eeg"), ("a.hdf5", None), ("a.zarr", "x/eeg")])
@pytest.mark.parametrize(("dtype", "kept"), [("float32", "float32"), ("float64", "float64"), ("int16", "float64")])
def test_formats(tmp_path, file, place, dtype, kept):
    values = (eeg() * (10 if dtype == "int16" else 1)).astype(dtype)
    path = write(tmp_path / file, values, place)
    (tmp_path / "a.toml").write_text(SAID + (f'array = "{place}"\n' if place else ""))
    signal = open_recording(path)
    assert (signal.shape, signal.sfreq, signal.dtype) == ((4, 500), 250.0, np.dtype(kept))
    assert [(c.electrode, c.kind) for c in signal.channels] == [
        ("Fz", "eeg"), ("Cz", "eeg"), ("Oz", "eeg"), ("VEOG", "eog"),
    ]  # fmt: skip
    expected = values[KEPT].astype(kept) * np.dtype(kept).type(1e-6)
    assert np.allclose(signal[:, :], expected, rtol=1e-6, atol=0)
    assert np.allclose(signal[1:3, 100:200:7], expected[1:3, 100:200:7], rtol=1e-6, atol=0)
    assert tmp_path / "a.toml" in companions(path)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    axes=st.permutations(["electrode", "sample", "block"]),
    n=st.tuples(st.integers(1, 5), st.integers(1, 40), st.integers(1, 3)),
    unit=st.sampled_from([("V", 1.0), ("mV", 1e-3), ("uV", 1e-6), ("nV", 1e-9)]),
    order=st.sampled_from("CF"),
)
def test_any_order_of_axes(tmp_path_factory, axes, n, unit, order):
    path = tmp_path_factory.mktemp("axes") / "a.npy"
    sizes = dict(zip(("electrode", "sample", "block"), n, strict=True))
    values = np.random.default_rng(0).normal(size=[sizes[a] for a in axes])
    np.save(path, np.asarray(values, order=order))
    names = [f"e{i}" for i in range(n[0])]
    path.with_suffix(".toml").write_text(f'axes = {axes}\nsfreq = 1.0\nunit = "{unit[0]}"\nelectrodes = {names}\n')
    stretches = open_stretches(path)
    expected = np.transpose(values, [axes.index(a) for a in ("block", "electrode", "sample")]) * unit[1]
    assert np.allclose(np.stack([s[:, :] for s in stretches]), expected, rtol=1e-12)


@pytest.mark.parametrize("file", ["a.h5", "a.zarr"])
def test_blocks_in_any_container(tmp_path, file):
    values = eeg(blocks=3)
    path = write(tmp_path / file, values)
    path.with_suffix(".toml").write_text(SAID.replace("[", '["block", ', 1))
    stretches = open_stretches(path)
    assert np.allclose(np.stack([s[:, 7:90] for s in stretches]), values[:, KEPT, 7:90] * 1e-6, rtol=1e-12)
    with pytest.raises(BadDataError, match="holds 3 blocks; expected one unbroken recording"):
        open_recording(path)


def test_npy_is_mapped_and_the_seed_cap_known(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((100, 62), "float32"))
    (tmp_path / "a.toml").write_text(
        'axes = ["sample", "electrode"]\nsfreq = 200\nunit = "V"\nelectrodes = "seed-dv"\n'
    )
    signal = open_recording(tmp_path / "a.npy", ElectrodeWishes(drop=("CB1", "CB2")))
    assert signal.electrodes == tuple(n for n in ELECTRODES if not n.startswith("CB"))
    assert isinstance(signal._source, np.memmap)


def test_blocks_are_stretches_in_a_study(tmp_path):
    values = eeg(blocks=3)
    np.save(tmp_path / "sub-5.npy", values)
    (tmp_path / "sub-5.toml").write_text(SAID.replace("[", '["block", ', 1))
    own.write_clip(tmp_path / "clips/x.gif", 0.5)
    table = tmp_path / "events.tsv"
    table.write_text("recording\tonset\tclip\tblock\nsub-5.npy\t1\tx\t3\nsub-5.npy\t1\tx\t1\nsub-5.npy\t0.5\tx\t3\n")
    source = open_dataset(tmp_path).subject("5")
    assert [(r.recording, r.start, r.length) for r in source.recordings] == [
        ("sub-5-b1", 0, 500), ("sub-5-b2", 500, 500), ("sub-5-b3", 1000, 500),
    ]  # fmt: skip
    assert [(e.recording, e.block, e.onset_sample) for e in source.events] == [
        ("sub-5-b1", "1", 250), ("sub-5-b3", "3", 125), ("sub-5-b3", "3", 250),
    ]  # fmt: skip
    assert np.allclose(source.signals[2][:, :], values[2][KEPT] * 1e-6)
    assert [e.kind for e in source.electrodes] == ["eeg", "eeg", "eeg", "eog"]
    table.write_text("recording\tonset\tclip\nsub-5.npy\t1\tx\n")
    with pytest.raises(BadDataError, match=r"row 2: block None: sub-5.npy has a block axis, .* 1 to 3"):
        open_dataset(tmp_path).subject("5")


def changed(old, new):
    return lambda p: p.with_suffix(".toml").write_text(SAID.replace(old, new))


BAD = {
    "no toml": (lambda p: p.with_suffix(".toml").unlink(), "the file a.toml beside it is missing"),
    "no sfreq": (changed("sfreq = 250\n", ""), "a.toml: the key 'sfreq' is missing. sfreq: sampling rate, Hz"),
    "rate zero": (changed("250", "0"), "sfreq: expected greater than 0, found 0"),
    "rate text": (changed("250", '"250"'), "sfreq: expected a valid number, found '250'"),
    "unit": (changed("uV", "volts"), "unit: expected 'V', 'mV', 'uV' or 'nV', found 'volts'"),
    "misspelt key": (changed("unit", "units"), r"'units' is unknown. Was 'unit' meant|the key 'unit' is missing"),
    "axes": (changed('["electrode", "sample"]', '["electrode", "time"]'), "axes.1: expected 'block', 'electrode' or"),
    "axes lacking": (changed('["electrode", "sample"]', '["sample"]'), "expected 'electrode', 'sample' and perhaps"),
    "axes swapped": (changed('["electrode", "sample"]', '["sample", "electrode"]'), "The axis called 'sample' has 4"),
    "axes count": (changed("[", '["block", ', ), r"has 2 axes, \(4, 500\), but a.toml names block, electrode, sample"),
    "a name missing": (changed('"Fz", ', ""), "a.toml names 3 electrodes, but the axis 'electrode' .* has 4"),
    "a name twice": (changed('"Fz"', '"OZ"'), "are both electrode Oz"),
    "cap": (changed('["Fz", "VEOG", "Cz", "Oz"]', '"seed"'), "expected a list of names or 'seed-dv', found 'seed'"),
    "eog stranger": (changed('"veog"', '"heog"'), "eog: 'heog' is not among the electrodes"),
    "array of npy": (changed("sfreq", 'array = "x"\nsfreq'), "an npy file holds one array"),
    "objects": (lambda p: np.save(p, np.array([{}], object), allow_pickle=True), "holds Python objects"),
    "text": (lambda p: np.save(p, np.array([["a"]])), "expected an array of .*, found <U1"),
    "truncated": (lambda p: p.write_bytes(p.read_bytes()[:-9]), "is truncated"),
    "empty": (lambda p: np.save(p, np.zeros((4, 0))), "holds no numbers"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_npy(tmp_path, case):
    damage, message = BAD[case]
    path = write(tmp_path / "a.npy", eeg())
    path.with_suffix(".toml").write_text(SAID)
    damage(path)
    with pytest.raises(BadDataError, match=message):
        open_recording(path)


def linked(path):
    write(path.with_name("other.h5"), eeg())
    with h5py.File(path, "w") as file:
        file["eeg"] = h5py.ExternalLink("other.h5", "/eeg")


BAD_H5 = {
    "truncated": (lambda p: p.write_bytes(p.read_bytes()[:900]), "", "not a readable HDF5 file"),
    "no h5": (lambda p: p.write_bytes(b"EEG" * 500), "", "not a readable HDF5 file"),
    "not there": (lambda p: None, 'array = "y"', "holds no array 'y'; it has eeg"),
    "two": (lambda p: h5py.File(p, "a").create_dataset("b", data=[1.0]), "", "not exactly one array; it has b, eeg"),
    "elsewhere": (linked, 'array = "eeg"', "keeps its numbers in other files"),
    "texts": (lambda p: write(p, np.array([[b"a", b"b"]])), "", "floating-point or whole numbers, found"),
}


@pytest.mark.parametrize("case", BAD_H5)
def test_bad_hdf5(tmp_path, case):
    damage, more, message = BAD_H5[case]
    path = write(tmp_path / "a.h5", eeg())
    path.with_suffix(".toml").write_text(SAID + more)
    damage(path)
    with pytest.raises(BadDataError, match=message):
        open_recording(path)


def hollow(path, shape, chunks):
    """Declare an array of which one chunk is stored."""
    if path.suffix == ".zarr":
        array = zarr.create_array(path, shape=shape, dtype="float32", chunks=chunks)
        array[0, 0] = 1.0
        return
    with h5py.File(path, "w") as file:
        file.create_dataset("eeg", shape, "float32", chunks=chunks)[0, 0] = 1.0


@pytest.mark.parametrize("file", ["a.h5", "a.zarr"])
@pytest.mark.parametrize(("samples", "step"), [(10**12, 10**7), (10**9, 1000), (10**12, 100)])
def test_an_array_that_declares_more_than_is_stored_is_refused(tmp_path, file, samples, step):
    hollow(tmp_path / file, (4, samples), (1, step))
    (tmp_path / "a.toml").write_text(SAID)
    with pytest.raises(BadDataError, match=rf"declares float32 \(4, {samples}\)"):
        open_recording(tmp_path / file)


@pytest.mark.parametrize("file", ["a.h5", "a.zarr"])
def test_some_absent_chunks_are_told_by_number(tmp_path, file):
    hollow(tmp_path / file, (4, 1000), (1, 250))
    (tmp_path / "a.toml").write_text(SAID)
    (check,) = open_recording(tmp_path / file).checks
    assert (check.verdict, check.found) == ("warning", "15 of 16; they read as 0.0")


def test_hdf5_without_storage_and_without_shape(tmp_path):
    (tmp_path / "a.toml").write_text(SAID)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("eeg", (4, 500), "float32")  # contiguous, nothing written
    (check,) = open_recording(tmp_path / "a.h5").checks
    assert check.found == "1 of 1; they read as 0.0"
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["eeg"] = h5py.Empty("float32")
    with pytest.raises(BadDataError, match="holds no numbers"):
        open_recording(tmp_path / "a.h5")


class Executed:
    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def test_bad_zarr(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.zarr"
    path.with_suffix(".toml").write_text(SAID + 'array = "x/eeg"\n')
    path.mkdir()
    with pytest.raises(BadDataError, match="not a readable Zarr store"):
        open_recording(path)
    write(path, eeg(), "x/eeg")
    chunk = next(p for p in path.rglob("c/0/*") if p.is_file())
    chunk.unlink()
    (check,) = open_recording(path).checks
    assert (check.verdict, check.found[:8]) == ("warning", "1 of 10;")
    next(p for p in path.rglob("c/1/*") if p.is_file()).write_bytes(b"junk")
    with pytest.raises(BadDataError, match=r"a.zarr cannot be read as an EEG recording"):
        open_recording(path)[:, :]
    for place, message in (("../../x", "is not inside the store"), ("x/y", "no array 'x/y'; it has x/eeg")):
        path.with_suffix(".toml").write_text(SAID + f'array = "{place}"\n')
        with pytest.raises(BadDataError, match=message):
            open_recording(path)


def test_a_pickle_in_a_zarr_store_is_never_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.zarr"
    path.mkdir()
    path.with_suffix(".toml").write_text(SAID)
    for dtype, pack in (("|O", '[{"id": "pickle"}]'), ("<f8", 'null, "x": 0'), ("<f8", '[{"id": "pickle"}]')):
        (path / ".zarray").write_text(
            f'{{"zarr_format": 2, "shape": [4, 5], "chunks": [4, 5], "dtype": "{dtype}", "fill_value": 0, "order": "C",'
            f' "compressor": {{"id": "pickle"}}, "filters": {pack}}}'
        )
        (path / "0.0").write_bytes(pickle.dumps(Executed()))
        with pytest.raises(BadDataError):
            open_recording(path)[:, :]
    assert not (tmp_path / "executed").exists()
