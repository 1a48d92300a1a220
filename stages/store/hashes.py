"""Hashes of files outside the workspace, remembered while nothing about a file has changed."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eeg2vid.stages.store.digest import sha256_file
from eeg2vid.stages.store.files import write_synced

_FRESH_NS = 2 * 10**9  # a file changed this short ago may change again within one tick of the clock, unseen
_LINES = 50_000  # of the memory; where it grows beyond, the older half is forgotten


@dataclass(frozen=True)
class FileState:
    """What tells one file at a path from another without reading it.

    Time stamps can be set back (tar, rsync -t, touch -r), the time of the last change of the inode cannot.
    """

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


def file_state(path: Path) -> FileState | None:
    """Return the state of the file at a path (of what a link leads to), None if there is none."""
    try:
        return _state(path.stat())
    except OSError:
        return None


def _state(stat: os.stat_result) -> FileState:
    return FileState(stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def home_folder() -> Path:
    """Return where this machine keeps what belongs to no workspace: EEG2VID_HOME, else ~/.cache/eeg2vid."""
    home = os.environ.get("EEG2VID_HOME")
    return Path(home) if home else Path.home() / ".cache" / "eeg2vid"


def hash_file(path: Path) -> tuple[FileState, str]:
    """Return a file's state and the hash of its content; read only if its path or state is new.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    memory = _memory(_memory_file())
    place = str(path.absolute())
    state = _state(path.stat())
    digest = memory.get(place, state)
    if digest is None:
        digest = sha256_file(path)
        if state == file_state(path):  # else it changed while it was hashed: whoever compares states sees it
            memory.keep(place, state, digest)
    return state, digest


def _memory_file() -> Path:
    try:
        return home_folder() / "hashes.jsonl"
    except RuntimeError:  # a user without a home, as in a container: nothing is remembered
        return Path(os.devnull)


class _Memory:
    """Hashes by path and state, in a file of lines to which every process adds; a damaged line is no line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[FileState, str]] = {}
        with contextlib.suppress(OSError, UnicodeDecodeError):
            lines = path.read_text(encoding="utf-8").splitlines()
            for line in lines:
                self._take(line)
            if len(lines) > _LINES:
                write_synced(path, "".join(f"{line}\n" for line in lines[_LINES // 2 :]).encode())

    def _take(self, line: str) -> None:
        with contextlib.suppress(ValueError, TypeError):
            place, *state, digest = json.loads(line)
            if len(digest) == 64:
                self._known[place] = (FileState(*state), digest)

    def get(self, place: str, state: FileState) -> str | None:
        """Return the hash of the file that was at a place in this state."""
        seen, digest = self._known.get(place, (None, None))
        return digest if seen == state else None

    def keep(self, place: str, state: FileState, digest: str) -> None:
        """Remember a hash, unless the file is too new to be told from what it may become next."""
        if time.time_ns() - state.ctime_ns < _FRESH_NS:
            return
        self._known[place] = (state, digest)
        line = json.dumps([place, state.inode, state.size, state.mtime_ns, state.ctime_ns, digest])
        with contextlib.suppress(OSError):  # hashed again next time
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")


@cache
def _memory(path: Path) -> _Memory:
    return _Memory(path)
