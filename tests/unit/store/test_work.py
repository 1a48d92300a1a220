"""Chunked work: killed, shared, stopped, sharded, damaged: always the same artifact, committed once."""

import importlib.util
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.errors import FailedError, LockedError
from eeg2vid.stages.store.code import code_record, package_digest, parts_of_other_code
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.notes import notes_in
from eeg2vid.stages.store.reader import damage, open_artifact

HERE = Path(__file__).parent
SCRIPT = HERE / "_toy_study.py"
ADDRESS = Address("draw", "default", "study", "latents")


def _load():
    spec = importlib.util.spec_from_file_location("_toy_study", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


toy = _load()


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    root = tmp_path_factory.mktemp("reference")
    toy.make(root)
    return open_artifact(root, ADDRESS).digest


def start(root, shard="1/1", delay=0.02):
    command = [sys.executable, str(SCRIPT), str(root), shard, str(delay)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def unit(root):
    return root / "artifacts" / "draw" / "default" / "study"


def check(root, digest):
    artifact = open_artifact(root, ADDRESS)
    assert artifact.digest == digest
    assert [row.clip for row in artifact.table("clips", ClipKey)] == [f"c{k}" for k in range(toy.CLIPS)]
    assert damage(artifact.folder) == []
    assert sorted(path.name for path in unit(root).iterdir()) == [".lock", "latents"]


def test_container_is_outside_the_digest(tmp_path, digest):
    toy.make(tmp_path, container="hdf5")
    check(tmp_path, digest)
    assert (ADDRESS.folder(tmp_path) / "data.h5").is_file()


@pytest.mark.parametrize("seed", range(3))
def test_shards_in_any_order(tmp_path, digest, seed):
    shards = [f"{k}/5" for k in range(1, 6)]
    random.Random(seed).shuffle(shards)
    for shard in shards[:-1]:
        assert toy.make(tmp_path, shard=shard).missing_parts
        assert not (ADDRESS.folder(tmp_path) / "manifest.json").exists()
    assert toy.make(tmp_path, shard=shards[-1]).missing_parts == 0
    check(tmp_path, digest)


def test_killed_again_and_again(tmp_path, digest):
    rng = random.Random(0)
    for _ in range(12):
        process = start(tmp_path)
        time.sleep(rng.uniform(0.3, 0.9))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    toy.make(tmp_path)
    toy.make(tmp_path)  # a kill between commit and clearing up leaves a folder to the next call
    check(tmp_path, digest)


def test_stopped_on_request_saves_and_says_75(tmp_path, digest):
    process = start(tmp_path, delay=0.05)
    while not list(tmp_path.glob("artifacts/draw/default/study/work-*/done/3.json")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out.strip()) == (75, "StoppedError")
    done = len(list(tmp_path.glob("artifacts/draw/default/study/work-*/done/*.json")))
    assert done >= 4
    toy.make(tmp_path)
    check(tmp_path, digest)


@pytest.mark.timeout(180)
def test_sixteen_writers_one_commit(tmp_path, digest):
    (tmp_path / "toy.toml").write_text(toy.RECIPE)  # before any of them reads it
    writers = [start(tmp_path, shard=f"{k}/16") for k in range(1, 17)]
    said = [process.communicate(timeout=170)[0].strip() for process in writers]
    assert [process.returncode for process in writers] == [0] * 16
    assert "made" in said
    check(tmp_path, digest)


def test_two_unsharded_processes_share_the_work(tmp_path, digest):
    writers = [start(tmp_path, delay=0.05) for _ in range(2)]
    codes = sorted((process.communicate(timeout=60), process.returncode)[1] for process in writers)
    assert codes[0] == 0
    assert codes[1] in (0, LockedError.exit_code)  # the one that finds the last part taken says so
    check(tmp_path, digest)


def test_damaged_part_is_dropped_and_made_again(tmp_path, digest):
    toy.make(tmp_path, shard="1/2")
    part = next(iter(sorted(unit(tmp_path).glob("work-*/parts/*/latents/arrays/latents.rows"))))
    whole = bytearray(part.read_bytes())
    whole[-5] ^= 1
    part.write_bytes(whole)
    before = {path: path.stat().st_mtime_ns for path in unit(tmp_path).glob("work-*/parts/*")}
    runner, said = toy.runner(tmp_path), []
    runner.reporter.remark = said.append
    assert runner.make(toy.NODE).missing_parts == 0
    assert len(said) == 1 and "part 0 of the work was damaged on the disk and has been dropped" in said[0]
    assert len(before) == 10
    check(tmp_path, digest)


def test_work_of_other_settings_is_cleared_away_when_its_process_is_dead(tmp_path, digest):
    process = start(tmp_path, delay=0.05)
    while not list(unit(tmp_path).glob("work-*/done/2.json")):
        time.sleep(0.01)
    with pytest.raises(LockedError, match="other settings"):
        toy.make(tmp_path, settings={"scale": 2.0})
    process.send_signal(signal.SIGKILL)
    process.communicate()
    toy.make(tmp_path, settings={"scale": 2.0})
    assert open_artifact(tmp_path, ADDRESS).digest != digest
    assert sorted(path.name for path in unit(tmp_path).iterdir()) == [".lock", "latents"]


def test_parts_of_other_code_are_made_again_and_a_trainings_state_is_kept(tmp_path, digest, monkeypatch):
    from eeg2vid.stages.store import work

    toy.make(tmp_path, shard="1/2")
    folder = next(unit(tmp_path).glob("work-*"))
    (folder / "state" / "6").mkdir(parents=True)
    (folder / "state" / "6" / "state.json").write_text("{}")
    wrong = next(iter(sorted(folder.glob("parts/*/latents/arrays/latents.rows"))))
    wrong.write_bytes(b"what other code made")
    monkeypatch.setattr(work, "package_digest", lambda: "another version")
    runner = toy.runner(tmp_path, shard="2/2")
    said = []
    monkeypatch.setattr(runner.reporter, "remark", said.append, raising=False)
    assert runner.make(toy.NODE).missing_parts == 10
    assert said == [f"{folder.name}: 10 parts were made by another version of eeg2vid; they are made again."]
    assert (folder / "state" / "6" / "state.json").is_file() and not (folder / "parts" / "0").exists()
    toy.make(tmp_path)
    check(tmp_path, digest)


def test_parts_of_other_libraries_are_made_again_and_those_of_another_build_are_not(tmp_path, digest, monkeypatch):
    from eeg2vid.stages.store import code

    def among(**versions):
        code._libraries.cache_clear()
        real = code.metadata.version
        monkeypatch.setattr(code.metadata, "version", lambda name: versions.get(name) or real(name))

    with monkeypatch.context():
        among(torch="2.0.1+cu118", numpy="1.26.4")
        toy.make(tmp_path, shard="1/4")
        among(torch="2.0.1+cpu")
        toy.make(tmp_path, shard="2/4")
        folder = next(unit(tmp_path).glob("work-*"))
        assert len(list(folder.glob("done/*.json"))) == 10
        next(iter(sorted(folder.glob("parts/*/latents/arrays/latents.rows")))).write_bytes(b"what others made")
    monkeypatch.undo()
    code._libraries.cache_clear()
    runner = toy.runner(tmp_path)
    said = []
    monkeypatch.setattr(runner.reporter, "remark", said.append, raising=False)
    runner.make(toy.NODE)
    with_others = "an eeg2vid with other libraries (numpy 1.26.4, torch 2.0.1)"
    assert said == [f"{folder.name}: 10 parts were made by {with_others}; they are made again."]
    check(tmp_path, digest)


def test_work_begun_by_the_same_code_is_kept(tmp_path, digest):
    toy.make(tmp_path, shard="1/2")
    before = {path: path.stat().st_mtime_ns for path in unit(tmp_path).glob("work-*/parts/*")}
    process = start(tmp_path, shard="2/4", delay=0)
    assert process.communicate(timeout=60) and process.returncode == 0
    assert len(before) == 10
    assert {path: path.stat().st_mtime_ns for path in before} == before
    toy.make(tmp_path)
    check(tmp_path, digest)


def test_a_living_process_of_other_code_is_not_disturbed(tmp_path, digest, monkeypatch):
    from eeg2vid.stages.store import work

    process = start(tmp_path, delay=0.05)
    while not list(unit(tmp_path).glob("work-*/done/2.json")):
        time.sleep(0.01)
    monkeypatch.setattr(work, "package_digest", lambda: "another version")
    with pytest.raises(LockedError, match="another version of eeg2vid"):
        toy.make(tmp_path)
    assert process.wait(timeout=60) == 0
    check(tmp_path, digest)


NOTES = [b"", b"{", b"[]", b"null", b"3", b'{"files": 3}', b'{"files":{}}', b'{"files": null}', b'{"files": ["a"]}']
NOTES += [b'{"files":{"latents/media/8.txt":"0"}}', b"[" * 100_000]


@pytest.mark.parametrize("note", [*NOTES, bytes([0xFF, 0x00])], ids=lambda note: repr(note[:24]))
def test_a_part_whose_note_cannot_be_read_is_made_again(tmp_path, digest, note):
    toy.make(tmp_path, shard="1/2")
    next(iter(unit(tmp_path).glob("work-*/done/4.json"))).write_bytes(note)
    assert toy.make(tmp_path).missing_parts == 0
    check(tmp_path, digest)


@pytest.mark.parametrize("place", ["done/4.json", "parts/4", "parts/4/latents/arrays/latents.rows"])
@pytest.mark.parametrize("instead", ["nothing", "a file", "a folder"])
def test_a_part_with_something_else_in_its_place_is_made_again(tmp_path, digest, place, instead):
    toy.make(tmp_path, shard="1/2")
    path = next(unit(tmp_path).glob("work-*")) / place
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if instead == "a folder":
        path.mkdir()
    elif instead == "a file" and place == "parts/4":
        path.write_bytes(b"")
    others = [part for part in unit(tmp_path).glob("work-*/parts/*") if part.name != "4"]
    before = {part: part.stat().st_mtime_ns for part in others}
    assert toy.make(tmp_path, shard="1/2").missing_parts == 10
    assert {part: part.stat().st_mtime_ns for part in others} == before
    toy.make(tmp_path)
    check(tmp_path, digest)


@pytest.mark.parametrize("change", ["another hash", "no hash", "a hash of another type"])
def test_a_part_whose_note_says_other_hashes_is_made_again(tmp_path, digest, change):
    toy.make(tmp_path, shard="1/2")
    note = next(iter(unit(tmp_path).glob("work-*/done/4.json")))
    files = json.loads(note.read_text())["files"]
    wrong = {"another hash": "0" * 64, "no hash": "", "a hash of another type": 3}[change]
    note.write_text(json.dumps({"files": files | {min(files): wrong}}))
    assert toy.make(tmp_path).missing_parts == 0
    check(tmp_path, digest)


def test_what_systems_leave_in_a_work_folder_is_no_part(tmp_path, digest):
    toy.make(tmp_path, shard="1/2")
    folder = next(unit(tmp_path).glob("work-*"))
    for place in ("", "done", "parts", "parts/4", "parts/4/latents/arrays", "alive", "claims", "state"):
        (folder / place).mkdir(exist_ok=True)
        for name in (".DS_Store", "._0.json", "._x.lock", "Thumbs.db", ".nfs0001.5"):
            (folder / place / name).write_bytes(b"left by a system")
    assert len(notes_in(folder)) == 10
    assert toy.make(tmp_path).missing_parts == 0
    check(tmp_path, digest)


def test_the_digest_of_code_follows_its_rooms():
    from eeg2vid.stages.store.code import package_digest, source_digest

    rooms = ["eeg2vid.stages.store.work", "eeg2vid.stages.training"]
    assert source_digest(rooms) == source_digest([*reversed(rooms), rooms[0]])
    found = {source_digest([room]) for room in (*rooms, "eeg2vid.stages.store")} | {package_digest()}
    assert len(found) == 4 and all(len(one) == 64 for one in found)
    with pytest.raises(ModuleNotFoundError):
        source_digest(["eeg2vid.stages.nowhere"])


@pytest.mark.parametrize("edited", ["rooms/one.py", "rooms/deep/table.toml", "rooms/deep/new.npz"])
def test_the_digest_of_code_follows_source_and_data_and_nothing_else(tmp_path, monkeypatch, edited):
    from eeg2vid.stages.store.code import _digest, source_digest

    def digest():
        _digest.cache_clear()
        return source_digest(["rooms"])

    for name in ("rooms/__init__.py", "rooms/one.py", "rooms/deep/table.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = digest()
    for name in ("rooms/__pycache__/one.cpython-311.pyc", "rooms/.one.py.swp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("compiled")
    assert digest() == before
    (tmp_path / edited).write_text("x = 2\n")
    assert digest() != before


def test_full_disk_keeps_finished_parts(tmp_path, digest, monkeypatch):
    from eeg2vid.stages.store import part

    calls = 0

    def full(folder, known):
        nonlocal calls
        calls += 1
        if calls == 6:
            raise OSError(28, "No space left on device", str(folder))
        return real(folder, known)

    real = part.sync_tree
    monkeypatch.setattr(part, "sync_tree", full)
    with pytest.raises(FailedError, match="disk is full"):
        toy.make(tmp_path)
    assert len(list(unit(tmp_path).glob("work-*/done/*.json"))) == 5
    monkeypatch.setattr(part, "sync_tree", real)
    toy.make(tmp_path)
    check(tmp_path, digest)


def test_replacement_keeps_the_old_artifact_until_the_end(tmp_path, digest):
    toy.make(tmp_path)
    assert toy.make(tmp_path, shard="1/2", settings={"scale": 3.0}).missing_parts
    check_old = open_artifact(tmp_path, ADDRESS)
    assert check_old.digest == digest
    toy.make(tmp_path, settings={"scale": 3.0})
    assert open_artifact(tmp_path, ADDRESS).digest != digest
    assert [path.name for path in unit(tmp_path).iterdir() if path.is_dir()] == ["latents"]


def test_unfinished_parts_of_other_code_are_told(tmp_path):
    for name, record, parts in (
        ("mine", code_record(package_digest()), 2),
        ("old", code_record("0" * 64), 3),
        ("libraries", code_record(package_digest()).replace("numpy ", "numpy 0."), 1),
        ("begun", code_record("0" * 64), 0),
    ):
        (tmp_path / f"work-{name}" / "done").mkdir(parents=True)
        (tmp_path / f"work-{name}" / "code").write_text(record)
        for part in range(parts):
            (tmp_path / f"work-{name}" / "done" / f"{part}.json").write_text("{}")
    libraries, old = parts_of_other_code(tmp_path)
    assert old == "3 finished parts were made by another version of eeg2vid and will be made again"
    assert libraries.startswith("1 finished part was made by an eeg2vid with other libraries (numpy ")
    assert parts_of_other_code(tmp_path / "nothing") == []
