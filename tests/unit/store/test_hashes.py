"""Hashes of source files: read again whenever anything about a file says that it may be another."""

import hashlib
import os

import pytest

from eeg2vid.stages.store import hashes
from eeg2vid.stages.store.hashes import hash_file


@pytest.fixture
def reads(tmp_path, monkeypatch):
    """Return the files that are read to be hashed, in order; a file is old enough at once."""
    monkeypatch.setenv("EEG2VID_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(hashes, "_FRESH_NS", 0)
    seen = []
    whole = hashes.sha256_file
    monkeypatch.setattr(hashes, "sha256_file", lambda path: seen.append(path.name) or whole(path))
    return seen


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_file_is_read_once_also_by_the_next_process(tmp_path, reads):
    path = tmp_path / "a [1].fif"
    path.write_text("one")
    assert hash_file(path)[1] == hash_file(path)[1] == digest("one")
    hashes._memory.cache_clear()
    assert hash_file(path)[1] == digest("one")
    assert reads == ["a [1].fif"]


def exchange(path, other):
    """Put another file in the place of one."""
    other.write_text("two")
    other.replace(path)


def swap(path, other):
    other.write_text("two")
    path.rename(path.with_name("aside"))
    other.rename(path)
    path.with_name("aside").rename(other)


def edit(path, _):
    path.write_text("two")


@pytest.mark.parametrize("act", [exchange, swap, edit])
def test_another_content_of_equal_size_and_time_is_seen(tmp_path, reads, act):
    path, other = tmp_path / "a.fif", tmp_path / "b.fif"
    path.write_text("one")
    assert hash_file(path)[1] == digest("one")
    stat = path.stat()
    act(path, other)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert hash_file(path)[1] == digest("two")


def test_a_link_turned_to_another_file_is_seen(tmp_path, reads):
    for name, text in (("one", "one"), ("two", "two")):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, ns=(0, 0))
    link = tmp_path / "link"
    link.symlink_to("one")
    assert hash_file(link)[1] == digest("one")
    link.unlink()
    link.symlink_to("two")
    assert hash_file(link)[1] == digest("two")


def test_a_file_just_written_is_not_remembered(tmp_path, reads, monkeypatch):
    monkeypatch.setattr(hashes, "_FRESH_NS", 3600 * 10**9)
    path = tmp_path / "a"
    path.write_text("one")
    hash_file(path)
    hash_file(path)
    assert reads == ["a", "a"]


@pytest.mark.parametrize("text", ["[", "{}\n", '["a"]\n', '["a", 1, 2, 3, 4, "short"]\n', "\0" * 40, "null\n"])
def test_a_damaged_memory_is_no_memory(tmp_path, reads, text):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "hashes.jsonl").write_text(text)
    hashes._memory.cache_clear()
    path = tmp_path / "a"
    path.write_text("one")
    assert hash_file(path)[1] == digest("one")


def test_a_memory_that_cannot_be_kept_disturbs_nobody(tmp_path, reads, monkeypatch):
    (tmp_path / "home").write_text("a file where the folder should be")
    path = tmp_path / "a"
    path.write_text("one")
    assert hash_file(path)[1] == digest("one")
    monkeypatch.setattr(hashes, "home_folder", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert hash_file(path)[1] == digest("one")


def test_the_memory_does_not_grow_for_ever(tmp_path, reads, monkeypatch):
    monkeypatch.setattr(hashes, "_LINES", 8)
    path = tmp_path / "a"
    for k in range(12):
        path.write_text(f"{k}" * (k + 1))
        hash_file(path)
    hashes._memory.cache_clear()
    assert hash_file(path)[1] == digest("11" * 12)
    assert len((tmp_path / "home" / "hashes.jsonl").read_text().splitlines()) == 8  # twelve lines less four
