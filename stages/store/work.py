"""Unfinished work: parts made by any process in any order, each exactly once, and what is left of the dead.

One mechanism serves resume, shards and several writers. A unit's work lies in `work-<fingerprint8>/`:

    code                      digest of the source that makes the parts, and its libraries: parts of others are dropped
    alive/<host>-<pid>.lock   held by every process at work here
    claims/<k>.lock           held by the process that makes part k
    parts/<k>.<pid>/          part k being written, renamed to parts/<k>/ when all its files are on the disk
    done/<k>.json             written after the rename: the hash of every file of part k
    state/<k>/                state of a training inside part k
    commit-<host>-<pid>/      the artifacts, assembled from the parts before they are renamed into place
    committed                 all is in place; the last process to leave removes the folder
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import FailedError, LockedError
from eeg2vid.stages.store.code import code_record, other_code, package_digest
from eeg2vid.stages.store.digest import canonical_json, sha256_file
from eeg2vid.stages.store.files import remove, replace_synced, sync_tree, write_synced
from eeg2vid.stages.store.notes import read_note, write_note

if TYPE_CHECKING:
    import numpy as np
    from filelock import BaseFileLock

_COMMIT_SECONDS = 3600.0  # another process is assembling the same artifact: wait for it
_STALE_SECONDS = 600.0  # without working file locks, a heartbeat older than this is a dead process's


def _lock(path: Path) -> BaseFileLock | None:
    """Take a lock at once, or return None if another process holds it."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


class WorkPart:
    """One part being made; its files become visible together when the `with` block ends."""

    def __init__(self, work: Work, index: int) -> None:
        self.index = index
        self._work = work
        self._folder = work.folder / "parts" / f"{index}.{os.getpid()}"

    @property
    def state(self) -> Path:
        """Folder for the state of a training inside this part; removed when the part is done."""
        return self._work.folder / "state" / str(self.index)

    def array(self, role: str, name: str, values: np.ndarray) -> None:
        """Write this part's rows of an array; parts are joined along the first axis."""
        import numpy as np

        with self._file(role, "arrays", f"{name}.npy").open("wb") as file:
            np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)

    def rows(self, role: str, table: str, rows: Iterable[Row]) -> None:
        """Write this part's rows of a table."""
        lines = b"".join(canonical_json(row.model_dump(mode="json")) + b"\n" for row in rows)
        self._file(role, "tables", f"{table}.jsonl").write_bytes(lines)

    def model_folder(self, role: str, path: str) -> Path:
        """Return a new folder for one trained model."""
        folder = self._file(role, "models", path)
        folder.mkdir(parents=True)
        return folder

    def media(self, role: str, path: str) -> Path:
        """Return where a media file goes."""
        return self._file(role, "media", path)

    def _file(self, role: str, kind: str, name: str) -> Path:
        path = self._folder / role / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def __enter__(self) -> WorkPart:
        remove(self._work.done_file(self.index))  # a damaged note says nothing of what is made now
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        if kind is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        files = sync_tree(self._folder)
        target = self._work.part_folder(self.index)
        remove(target)  # a process died between rename and done
        replace_synced(self._folder, target)
        write_note(self._work.done_file(self.index), files)
        shutil.rmtree(self.state, ignore_errors=True)


class Work:
    """The work folder of one unit under one fingerprint, and under one version of the source."""

    def __init__(self, unit: Path, fingerprint: str, *, shard: tuple[int, int] = (0, 1)) -> None:
        self.unit = unit
        self.folder = unit / f"work-{fingerprint[:8]}"
        self.shard = shard
        self.count = 0
        self._found_done: set[int] = set()

    @contextlib.contextmanager
    def present(self) -> Iterator[list[str]]:
        """Be known to be at work here; clear away what dead processes of other fingerprints or other code left.

        Yields
        ------
        One sentence per folder that was cleared away.

        Raises
        ------
        LockedError
            If a living process makes this unit under another fingerprint, or with other code.
        """
        mine = self.folder / "alive" / f"{socket.gethostname()}-{os.getpid()}.lock"
        with self.unit_lock():
            remarks = [self._clear(other) for other in self.unit.glob("work-*") if other != self.folder]
            if self.is_committed() and not _alive(self.folder):
                self._remove()
            remarks += self._clear_other_code()
            alive = _lock(mine)
        for stale in (self.folder / "parts").glob("*.*"):
            self._drop_dead_part(stale)
        self.beat()
        try:
            yield remarks
        finally:
            shutil.rmtree(self.commit_folder, ignore_errors=True)
            if alive is not None:
                alive.release()
            mine.unlink(missing_ok=True)
            self._leave()

    def unit_lock(self) -> BaseFileLock:
        """Return the lock under which work is entered, left and committed."""
        from filelock import FileLock

        self.unit.mkdir(parents=True, exist_ok=True)
        return FileLock(self.unit / ".lock", timeout=_COMMIT_SECONDS)

    def _leave(self) -> None:
        """Remove the folder if nobody is at work in it and nothing in it is worth keeping."""
        if not self.folder.exists():
            return
        with self.unit_lock():
            worth = not self.is_committed() and (any(self.folder.glob("done/*")) or any(self.folder.glob("state/*/*")))
            if not worth and not _alive(self.folder):
                self._remove()

    def tidy(self) -> None:
        """Remove what is left beside a finished artifact: a process died between commit and clearing up."""
        left = list(self.unit.glob("work-*"))
        if left:
            with self.unit_lock():
                for folder in left:
                    if not _alive(folder):
                        shutil.rmtree(folder, ignore_errors=True)

    def _clear(self, other: Path) -> str:
        held = _alive(other)
        if held:
            raise LockedError(
                f"{self.unit} is being made by another process ({held[0].stem}) under other settings.",
                "Wait for it or stop it.",
            )
        shutil.rmtree(other)
        return f"Cleared away unfinished work of other settings ({other.name})."

    def _clear_other_code(self) -> list[str]:
        """Drop the parts that other code made, which may differ; a training's state knows by itself what it fits."""
        record = self.folder / "code"
        mine = code_record(package_digest())
        made_by = record.read_text(encoding="utf-8", errors="replace") if record.is_file() else ""
        if made_by == mine or self.is_committed():
            return []
        if made_by and (held := _alive(self.folder)):
            raise LockedError(
                f"{self.unit} is being made by another process ({held[0].stem}) of {other_code(made_by, mine)}.",
                "Wait for it or stop it.",
            )
        done = sum(1 for _ in self.folder.glob("done/*.json"))
        for name in ("done", "parts"):  # in this order: a part without its note is made again
            shutil.rmtree(self.folder / name, ignore_errors=True)
        write_synced(record, mine.encode())
        if not done:
            return []
        parts = "1 part was" if done == 1 else f"{done} parts were"
        again = "it is made again" if done == 1 else "they are made again"
        return [f"{self.folder.name}: {parts} made by {other_code(made_by, mine)}; {again}."]

    def _drop_dead_part(self, folder: Path) -> None:
        index = folder.name.split(".")[0]
        lock = _lock(self.folder / "claims" / f"{index}.lock")
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def beat(self) -> None:
        """Show that this work is alive, where file locks cannot."""
        (self.folder / "heartbeat").touch()

    @property
    def commit_folder(self) -> Path:
        """Where this process assembles the artifacts."""
        return self.folder / f"commit-{socket.gethostname()}-{os.getpid()}"

    def done_file(self, index: int) -> Path:
        """Return the file that says that a part is done."""
        return self.folder / "done" / f"{index}.json"

    def is_done(self, index: int) -> bool:
        """Tell whether a part is done; one whose note is damaged or that lacks files is made again."""
        if index not in self._found_done and self._files_of(index) is not None:
            self._found_done.add(index)
        return index in self._found_done

    def part_folder(self, index: int) -> Path:
        """Return where the files of a part that is done lie."""
        return self.folder / "parts" / str(index)

    def _files_of(self, index: int) -> dict[str, str] | None:
        return read_note(self.done_file(index), self.part_folder(index))

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Take the whole unit as one part; yield False if it belongs to another shard.

        Raises
        ------
        LockedError
            If another process is making it.
        """
        if self.shard[0] != 0:
            yield False
            return
        claim = _lock(self.folder / "claims" / "0.lock")
        if claim is None:
            raise LockedError(f"{self.unit} is being made by another process.", "Wait for it; nothing is lost.")
        try:
            yield True
        finally:
            claim.release()

    def todo(self, count: int) -> Iterator[WorkPart]:
        """Yield this process's parts that are not done and that nobody else is making; claims them one by one."""
        self.count = count
        shard, shards = self.shard
        for index in range(shard, count, shards):
            if self.is_committed():
                return
            if self.is_done(index):
                continue
            claim = _lock(self.folder / "claims" / f"{index}.lock")
            if claim is None:
                continue
            try:
                if not self.is_done(index):  # it may have been finished between the look and the claim
                    self.beat()
                    yield WorkPart(self, index)
            finally:
                claim.release()

    def missing(self) -> list[int]:
        """Return the parts that are not done; none if the artifacts are committed."""
        return [] if self.is_committed() else [index for index in range(self.count) if not self.is_done(index)]

    def part_files(self, role: str, kind: str) -> dict[str, list[Path]]:
        """Return the files of one role and kind by name, in the order of the parts, after checking their hashes.

        Raises
        ------
        FailedError
            If a part was damaged on the disk; it is removed, so that the next call makes it again.
        """
        found: dict[str, list[Path]] = {}
        for index in range(self.count):
            listed = self._files_of(index)
            if listed is None:
                raise self._dropped(self.done_file(index), index)
            for name, digest in sorted(listed.items()):
                if name.startswith(f"{role}/{kind}/"):
                    path = self.part_folder(index) / name
                    self._check(path, digest, index)
                    found.setdefault(name.removeprefix(f"{role}/{kind}/"), []).append(path)
        return found

    def _check(self, path: Path, digest: str, index: int) -> None:
        if not path.is_file() or sha256_file(path) != digest:
            raise self._dropped(path, index)

    def _dropped(self, path: Path, index: int) -> FailedError:
        remove(self.done_file(index))
        self._found_done.discard(index)
        return FailedError(
            f"{path}: part {index} of the work was damaged on the disk and has been dropped.",
            "Run the same command again: it makes that part anew and keeps the others.",
        )

    def finish(self) -> None:
        """Say that all is committed; others may still be at work here and must find nothing to do."""
        write_synced(self.folder / "committed", b"")

    def is_committed(self) -> bool:
        """Tell whether the artifacts of this work are in place."""
        return (self.folder / "committed").exists()

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _alive(folder: Path) -> list[Path]:
    """Return what shows that a process is at work in a folder: locks held, or a fresh heartbeat."""
    try:
        return [path for path in (folder / "alive").glob("*.lock") if not _free(path)]
    except OSError:  # locks do not work on this file system
        beat = folder / "heartbeat"
        return [beat] if beat.exists() and time.time() - beat.stat().st_mtime < _STALE_SECONDS else []


def _free(path: Path) -> bool:
    lock = _lock(path)
    if lock is None:
        return False
    lock.release()
    return True
