"""The store: digests from first principles, commit by rename, validation, damage found."""

import hashlib
import json
import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eeg2vid.schemas.entities import EventKey, Fold
from eeg2vid.schemas.errors import BadDataError, MissingInputError
from eeg2vid.schemas.recordings import RECORDINGS, RecordingAttributes
from eeg2vid.schemas.splits import FOLDS, SplitAttributes
from eeg2vid.stages.store import array_writer
from eeg2vid.stages.store.digest import sha256_array, sha256_file, sha256_rows
from eeg2vid.stages.store.files import restore
from eeg2vid.stages.store.layout import Address, find_artifacts, is_variant, join_variant, split_variant
from eeg2vid.stages.store.reader import Artifact, damage, load_manifest
from eeg2vid.stages.store.writer import ArtifactWriter
from eeg2vid.stages.store.zarr_layout import Layout, layout_of

FACTS = {
    "stage": "split",
    "stage_version": 1,
    "variant": "default",
    "unit": "sub-1",
    "role": "folds",
    "fingerprint": "f" * 64,
    "created": "2026-01-01T00:00:00+00:00",
}
ADDRESS = Address("split", "default", "sub-1", "folds")


def write_folds(workspace, assignment=None, rows=3, container="zarr"):
    target = ADDRESS.folder(workspace)
    writer = ArtifactWriter(target, FOLDS, target.parent / "work-12345678" / "folds")
    values = np.array([[1, 2, 3], [3, 1, 2]], dtype=np.int8) if assignment is None else assignment
    writer.array("assignment", values)
    writer.table("folds", [Fold(fold=f"block-{k}", test=f"block {k}", validation="") for k in range(len(values))])
    writer.table("events", [EventKey(event=f"e{k}", clip=f"c{k}") for k in range(rows)])
    writer.attributes(SplitAttributes(scheme="by hand"))
    writer.commit(FACTS, container)
    return Artifact(ADDRESS.folder(workspace), ADDRESS)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int8, np.uint8, np.int64, ">f4", ">i8"]),
        hnp.array_shapes(min_dims=1, max_dims=4, max_side=7),
        elements=st.integers(0, 100),
    )
)
def test_array_hash_is_of_c_order_little_endian_bytes(values):
    codes = {"f4": "f", "f8": "d", "i1": "b", "u1": "B", "i8": "q"}
    code = codes[values.dtype.str[1:]]
    expected = hashlib.sha256(b"".join(struct.pack(f"<{code}", v) for v in values.ravel(order="C").tolist()))
    assert sha256_array(values) == expected.hexdigest()
    assert sha256_array(np.asfortranarray(values)) == expected.hexdigest()


def test_hash_does_not_depend_on_chunks(tmp_path):
    values = np.random.default_rng(0).normal(size=(50, 3, 7)).astype(np.float32)
    import zarr

    for k, chunks in enumerate([(1, 3, 7), (50, 3, 7), (7, 2, 5)]):
        stored = zarr.create_array(tmp_path / str(k), shape=values.shape, dtype="f4", chunks=chunks)
        stored[...] = values
        assert sha256_array(stored) == sha256_array(values)


def test_rows_hash_by_hand():
    rows = [{"b": 1, "a": "é"}, {"a": "x", "b": 2}]
    text = '{"a":"é","b":1}\n{"a":"x","b":2}\n'
    assert sha256_rows(rows) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("shape", "itemsize", "axis"),
    [
        ((62, 728000), 8, 1),
        ((62, 728000), 8, 0),
        ((1400, 6, 288, 512, 3), 1, 0),
        ((1400, 6, 4, 36, 64), 4, 0),
        ((3,), 1, 0),
    ],
)
def test_full_size_arrays_are_few_files(shape, itemsize, axis):
    layout = layout_of(shape, np.dtype(f"f{itemsize}" if itemsize > 1 else "u1"), axis)
    files = np.prod([-(-size // piece) for size, piece in zip(shape, layout.files, strict=True)])
    assert files < 200
    if layout.shards:
        assert all(s % c == 0 for s, c in zip(layout.shards, layout.chunks, strict=True))
        assert np.prod(layout.shards) * itemsize <= 80 * 2**20
    row = np.prod([1, *shape[:axis], *shape[axis + 1 :]])
    assert np.prod(layout.chunks) <= max(3 * 2**20 // itemsize, row)


def test_round_trip(tmp_path):
    artifact = write_folds(tmp_path)
    assert np.array_equal(artifact.read("assignment"), [[1, 2, 3], [3, 1, 2]])
    assert artifact.table("events", EventKey)[2] == EventKey(event="e2", clip="c2")
    assert artifact.attributes() == SplitAttributes(scheme="by hand")
    assert find_artifacts(tmp_path) == [ADDRESS]
    assert damage(artifact.folder) == []


def test_equal_content_equal_digest_and_files_do_not_matter(tmp_path):
    first, second = write_folds(tmp_path / "a"), write_folds(tmp_path / "b", container="hdf5")
    assert first.digest == second.digest
    assert (second.folder / "data.h5").is_file()
    assert np.array_equal(first.read("assignment"), second.read("assignment"))
    changed = np.array([[1, 2, 3], [3, 2, 1]], dtype=np.int8)
    assert write_folds(tmp_path / "c", changed).digest != first.digest


@pytest.mark.parametrize(
    ("values", "rows", "words"),
    [
        (np.zeros((2, 3), np.int16), 3, "int16"),
        (np.zeros((2, 4), np.int8), 3, "dim 'event' has 4"),
    ],
)
def test_what_does_not_fit_the_schema_is_not_committed(tmp_path, values, rows, words):
    with pytest.raises(BadDataError, match=words):
        write_folds(tmp_path, values, rows)
    assert find_artifacts(tmp_path) == []


def test_nan_is_refused(tmp_path):
    target = Address("ingest", "default", "sub-1", "recordings").folder(tmp_path)
    writer = ArtifactWriter(target, RECORDINGS, tmp_path / "work")
    eeg = np.zeros((1, 10), np.float32)
    eeg[0, 3] = np.nan
    writer.array("eeg", eeg)
    writer.table("recordings", [])
    writer.table("electrodes", [RECORDINGS.tables["electrodes"](electrode="OZ")])
    writer.attributes(RecordingAttributes(sfreq=200))
    with pytest.raises(BadDataError, match="NaN"):
        writer.commit({**FACTS, "role": "recordings"})
    assert not target.exists()


def test_replacement_keeps_the_old_one_until_the_last_rename(tmp_path):
    old = write_folds(tmp_path)
    target = old.folder
    writer = ArtifactWriter(target, FOLDS, tmp_path / "work")  # started, not committed: a killed process
    assert load_manifest(target).digest == old.digest
    assert find_artifacts(tmp_path) == [ADDRESS]
    assert writer.work.exists()
    target.rename(target.with_name("folds.old-12345678"))  # killed between the two renames
    with pytest.raises(MissingInputError):
        load_manifest(target)
    restore(target)
    assert load_manifest(target).digest == old.digest


def test_every_flipped_byte_is_found(tmp_path):
    folder = write_folds(tmp_path).folder
    rng = random.Random(0)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for _ in range(60):
        path = rng.choice(files)
        whole = path.read_bytes()
        position, flip = rng.randrange(len(whole)), rng.randrange(1, 256)
        path.write_bytes(whole[:position] + bytes([whole[position] ^ flip]) + whole[position + 1 :])
        assert damage(folder), f"{path} at {position}"
        path.write_bytes(whole)
    assert damage(folder) == []


def test_what_systems_leave_is_no_damage(tmp_path):
    folder = write_folds(tmp_path).folder
    for name in (".DS_Store", ".nfs0000000001", ".fuse_hidden0001", "Thumbs.db", "._events.jsonl", "._manifest.json"):
        (folder / name).write_bytes(b"x")
    assert damage(folder) == []
    (folder / ".note").write_bytes(b"x")
    (folder / "events.jsonl").unlink()
    assert damage(folder) == [".note: not in the manifest", "events.jsonl: missing"]


def test_missing_and_foreign_files_are_found(tmp_path):
    folder = write_folds(tmp_path).folder
    (folder / "note.txt").write_text("hello")
    assert damage(folder) == ["note.txt: not in the manifest"]
    (folder / "note.txt").unlink()
    (folder / "events.jsonl").unlink()
    assert damage(folder) == ["events.jsonl: missing"]


def test_damaged_chunk_is_a_sentence_when_read(tmp_path):
    artifact = write_folds(tmp_path, np.random.default_rng(0).integers(1, 4, (40, 3)).astype(np.int8))
    chunk = max((p for p in artifact.folder.rglob("c/*/*") if p.is_file()), key=lambda p: p.stat().st_size)
    whole = bytearray(chunk.read_bytes())
    whole[-3] ^= 0x40
    chunk.write_bytes(whole)
    with pytest.raises(BadDataError, match="damaged"):
        artifact.read("assignment")


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("lost", ["before it is opened", "once it is open", "with its folder"])
def test_a_missing_chunk_is_damage_and_never_zeros(tmp_path, monkeypatch, sharded, lost):
    layout = Layout((40, 3), (8, 3), (16, 3) if sharded else None, "int8")
    monkeypatch.setattr(array_writer, "layout_of", lambda *_: layout)
    right = np.random.default_rng(0).integers(1, 4, (40, 3)).astype(np.int8)
    artifact = write_folds(tmp_path, right)
    chunks = sorted(path for path in artifact.folder.rglob("c/*/*") if path.is_file())
    assert len(chunks) == (3 if sharded else 5)
    if lost == "before it is opened":
        chunks[1].unlink()
        with pytest.raises(BadDataError, match="missing"):
            artifact.lazy("assignment")
        return
    stored = artifact.lazy("assignment")
    np.testing.assert_array_equal(stored[:], right)
    if lost == "with its folder":
        artifact.folder.rename(artifact.folder.with_name("folds.old-1"))
    else:
        chunks[1].unlink()
        np.testing.assert_array_equal(stored[:8], right[:8])  # what is there is read
    row = 16 if sharded else 8
    for selection in (slice(None), slice(row, row + 1), (slice(row - 1, row + 2), 1), row):
        with pytest.raises(BadDataError, match=r"damaged.*missing"):
            stored[selection]


def test_an_array_that_was_not_filled_is_not_committed(tmp_path):
    target = ADDRESS.folder(tmp_path)
    writer = ArtifactWriter(target, FOLDS, target.parent / "work-12345678" / "folds")
    writer.create("assignment", (2, 3), "int8")
    writer.table("folds", [Fold(fold=f"block-{k}", test=f"block {k}", validation="") for k in range(2)])
    writer.table("events", [EventKey(event=f"e{k}", clip=f"c{k}") for k in range(3)])
    writer.attributes(SplitAttributes(scheme="by hand"))
    with pytest.raises(BadDataError, match="missing"):
        writer.commit(FACTS)
    assert not target.exists()


def test_edited_table_and_manifest_are_refused(tmp_path):
    artifact = write_folds(tmp_path)
    table = artifact.folder / "events.jsonl"
    table.write_text(table.read_text().replace("c2", "c9"))
    with pytest.raises(BadDataError, match="does not match the manifest"):
        artifact.table("events", EventKey)
    manifest = artifact.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("by hand", "by foot"))
    with pytest.raises(BadDataError, match="own hash"):
        load_manifest(artifact.folder)


@pytest.mark.parametrize("damaged", ["a flipped bit", "truncated", "another byte at the end", "metadata"])
def test_a_damaged_hdf5_file_is_never_opened(tmp_path, monkeypatch, damaged):
    import h5py

    artifact = write_folds(tmp_path, container="hdf5")
    assert np.array_equal(artifact.read("assignment"), [[1, 2, 3], [3, 1, 2]])
    for one in artifact.arrays.values():
        one.source.file.close()
    path = artifact.folder / "data.h5"
    whole = bytearray(path.read_bytes())
    if damaged == "truncated":
        whole = whole[:-100]
    elif damaged == "another byte at the end":
        whole += b"x"
    else:
        whole[len(whole) // 2 if damaged == "a flipped bit" else 9] ^= 1
    path.write_bytes(whole)

    def refuse(*_, **__):
        raise AssertionError("the library must not see it")

    monkeypatch.setattr(h5py, "File", refuse)
    with pytest.raises(BadDataError, match=r"data\.h5: (does not match the manifest|should hold)"):
        Artifact(artifact.folder, ADDRESS).read("assignment")


def test_an_hdf5_file_is_hashed_once_in_a_process(tmp_path, monkeypatch):
    from eeg2vid.stages.store import reader

    artifact = write_folds(tmp_path, container="hdf5")
    hashed = []
    monkeypatch.setattr(reader, "sha256_file", lambda path: hashed.append(path) or sha256_file(path))
    for _ in range(3):
        Artifact(artifact.folder, ADDRESS).read("assignment")
    assert hashed == [artifact.folder / "data.h5"]


def test_future_schema_version_is_refused(tmp_path):
    from eeg2vid.stages.store.digest import canonical_json, sha256_json

    folder = write_folds(tmp_path).folder
    data = json.loads((folder / "manifest.json").read_bytes())
    data.pop("manifest_sha256")
    data["schema_version"] = 99
    data["manifest_sha256"] = sha256_json(data)
    (folder / "manifest.json").write_bytes(canonical_json(data))
    with pytest.raises(BadDataError, match="version 99"):
        load_manifest(folder)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True), st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True))
def test_variant_names(base, condition):
    joined = join_variant(base, condition)
    assert is_variant(joined)
    assert split_variant(joined) == (base, condition)
    assert not is_variant(joined + "/..")
