"""Unfinished work: parts made by any process in any order, each exactly once, and what is left of the dead.

One mechanism serves resume, shards and several writers. A unit's work lies in `work-<fingerprint8>/`:

    unit.json                 what it is for: settings, inputs, models, sources, since when
    count                     into how many parts it is divided
    code                      digest of the source that makes the parts, and its libraries: parts of others are dropped
    alive/<process>.lock      held by every process at work here; a process is host, pid and a word of its own
    claims/<k>.lock           held by the process that makes part k
    parts/<k>.<pid>/          part k being written, renamed to parts/<k>/ when all its files are on the disk
    done/<k>.json             written after the rename: what proves every file of part k
    state/<k>/                state of a training inside part k
    commit-<process>/         the artifacts, assembled from the parts before they are renamed into place
    committed                 all is in place; the last process to leave removes the folder
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from eeg2vid.schemas.errors import FailedError, LockedError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.words import counted, plural
from eeg2vid.stages.store.claims import PROCESS
from eeg2vid.stages.store.code import code_record, other_code, package_digest
from eeg2vid.stages.store.digest import canonical_json, is_proved
from eeg2vid.stages.store.files import remove, write_synced
from eeg2vid.stages.store.locks import Lock, alive, wait_for, without_locks
from eeg2vid.stages.store.notes import note_of, notes_in, place_of, read_note
from eeg2vid.stages.store.part import WorkPart

DESCRIPTION, COUNT = "unit.json", "count"
_LEAVE_SECONDS = 5.0  # so long who leaves waits for the lock, to clear up; else the next one does
_ASK_SECONDS = 0.05  # `doctor` may hold a lock for a moment, to see whether it is free


class DamagedPartError(FailedError):
    """A part that was done is damaged: it has been dropped, whoever comes next makes it again."""


class PartFile(NamedTuple):
    """A file of a part that is done, what proves it (see `is_proved`), and which part it is."""

    path: Path
    proof: str
    part: int


class Work:
    """The work folder of one unit under one fingerprint, and under one version of the source."""

    def __init__(
        self,
        unit: Path,
        fingerprint: str,
        *,
        shard: tuple[int, int] = (0, 1),
        look: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Name the work; `look` may end a wait for others by an error, `tell` says whom this process waits for."""
        self.unit = unit
        self.folder = unit / f"work-{fingerprint[:8]}"
        self.shard = shard
        self._look = look
        self._tell = tell
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
        mine = self.folder / "alive" / f"{_process()}.lock"
        with self.unit_lock():
            remarks = [self._clear(other) for other in self.unit.glob("work-*") if other != self.folder]
            if self.is_committed() and not alive(self.folder):
                self._remove()
            remarks += self._clear_other_code()
            here = Lock(mine)
            while not here.take():
                time.sleep(_ASK_SECONDS)
        remarks += filter(None, [without_locks()])
        for stale in (self.folder / "parts").glob("[0-9]*.*"):
            self._drop_dead_part(stale)
        patience = 0.0
        try:
            yield remarks
            patience = _LEAVE_SECONDS
        finally:
            shutil.rmtree(self.commit_folder, ignore_errors=True)
            here.release()
            mine.unlink(missing_ok=True)
            self._leave(patience)

    @contextlib.contextmanager
    def unit_lock(self) -> Iterator[None]:
        """Hold the lock under which work is entered, left and committed.

        Raises
        ------
        LockedError
            If another process has it and shows no sign of life, or keeps it for an hour.
        """
        lock = Lock(self.unit / ".lock", beats=True)
        wait_for(lock, str(self.unit), look=self._look, tell=self._tell)
        try:
            yield
        finally:
            lock.release()

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Note what this work is for, unless another process has: who finds it later can tell whether it is of use."""
        if not (self.folder / DESCRIPTION).exists():
            write_synced(self.folder / DESCRIPTION, canonical_json(dict(facts)))

    def _leave(self, patience: float) -> None:
        """Remove the folder if nobody is at work in it and nothing in it is worth keeping."""
        if not self.folder.exists():
            return
        lock = Lock(self.unit / ".lock", beats=True)
        until = time.monotonic() + patience
        while not lock.take():
            if time.monotonic() > until:
                return
            time.sleep(_ASK_SECONDS)
        try:
            worth = not self.is_committed() and (notes_in(self.folder) or self._states())
            if not worth and not alive(self.folder):
                self._remove()
        finally:
            lock.release()

    def tidy(self) -> None:
        """Remove what is left beside a finished artifact: a process died between commit and clearing up."""
        left = list(self.unit.glob("work-*"))
        if left:
            with self.unit_lock():
                for folder in left:
                    if not alive(folder):
                        shutil.rmtree(folder, ignore_errors=True)

    def _clear(self, other: Path) -> str:
        if held := alive(other):
            raise LockedError(
                f"{self.unit} is being made by {held[0]}, under other settings.", "Wait for it or stop it."
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
        if made_by and (held := alive(self.folder)):
            raise LockedError(
                f"{self.unit} is being made by {held[0]}, of {other_code(made_by, mine)}.",
                "Wait for it or stop it.",
            )
        done = len(notes_in(self.folder))
        for name in ("done", "parts"):  # in this order: a part without its note is made again
            shutil.rmtree(self.folder / name, ignore_errors=True)
        write_synced(record, mine.encode())
        if not done:
            return []
        parts = f"{counted(done, 'part')} {plural(done, 'was')}"
        again = "it is made again" if done == 1 else "they are made again"
        return [f"{self.folder.name}: {parts} made by {other_code(made_by, mine)}; {again}."]

    def _drop_dead_part(self, folder: Path) -> None:
        index = folder.name.split(".")[0]
        lock = self._claim(index)
        if lock.take():
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def _states(self) -> list[Path]:
        """Return what is kept of trainings in mid-part."""
        return [path for path in self.folder.glob("state/*/*") if not is_foreign(path.name)]

    def _claim(self, index: str | int) -> Lock:
        return Lock(self.folder / "claims" / f"{index}.lock")

    @property
    def commit_folder(self) -> Path:
        """Where this process assembles the artifacts."""
        return self.folder / f"commit-{_process()}"

    def done_file(self, index: int) -> Path:
        """Return the file that says that a part is done."""
        return note_of(self.folder, index)

    def is_done(self, index: int) -> bool:
        """Tell whether a part is done; one whose note is damaged or that lacks files is made again."""
        if index not in self._found_done and self._files_of(index) is not None:
            self._found_done.add(index)
        return index in self._found_done

    def part_folder(self, index: int) -> Path:
        """Return where the files of a part that is done lie."""
        return place_of(self.folder, index)

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
        claim = self._claim(0)
        if not claim.take():
            raise LockedError(f"{self.unit} is being made by {claim.holder()}.", "Wait for it; nothing is lost.")
        try:
            yield True
        finally:
            claim.release()

    def todo(self, count: int) -> Iterator[WorkPart]:
        """Yield this process's parts that are not done and that nobody else is making; claims them one by one."""
        self.count = count
        noted = self.folder / COUNT
        if not noted.is_file() or noted.read_bytes() != str(count).encode():
            write_synced(noted, str(count).encode())
        shard, shards = self.shard
        for index in range(shard, count, shards):
            if self.is_committed():
                return
            if self.is_done(index):
                continue
            claim = self._claim(index)
            if not claim.take():
                continue
            try:
                if not self.is_done(index):  # it may have been finished between the look and the claim
                    yield WorkPart(self.folder, index)
            finally:
                claim.release()

    def missing(self) -> list[int]:
        """Return the parts that are not done; none if the artifacts are committed."""
        return [] if self.is_committed() else [index for index in range(self.count) if not self.is_done(index)]

    def has_states(self) -> bool:
        """Tell whether a training inside a part has saved where it is."""
        return any((self.folder / "state").glob("*/state.json"))

    def part_files(self, role: str, kind: str) -> dict[str, list[Path]]:
        """Return the files of one role and kind by name, in the order of the parts, after checking their hashes.

        Raises
        ------
        DamagedPartError
            If a part was damaged on the disk; it counts as not done any more.
        """
        listed = self.listed(role, kind)
        for file in itertools.chain.from_iterable(listed.values()):
            if not file.path.is_file() or not is_proved(file.path, file.proof):
                raise self.dropped(file)
        return {name: [file.path for file in files] for name, files in listed.items()}

    def listed(self, role: str, kind: str) -> dict[str, list[PartFile]]:
        """Return what the parts list of one role and kind by name, in their order: for those who check while they read.

        Raises
        ------
        DamagedPartError
            If a part lacks a file, or its note is damaged; it counts as not done any more.
        """
        found: dict[str, list[PartFile]] = {}
        for index in range(self.count):
            listed = self._files_of(index)
            if listed is None:
                raise self.dropped(PartFile(self.done_file(index), "", index))
            for name, proof in sorted(listed.items()):
                if name.startswith(f"{role}/{kind}/"):
                    file = PartFile(self.part_folder(index) / name, proof, index)
                    found.setdefault(name.removeprefix(f"{role}/{kind}/"), []).append(file)
        return found

    def dropped(self, file: PartFile) -> DamagedPartError:
        """Drop the part of a file that is damaged; return what is to be said."""
        remove(self.done_file(file.part))
        self._found_done.discard(file.part)
        return DamagedPartError(
            f"{file.path}: part {file.part} of the work was damaged on the disk and has been dropped.",
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


def _process() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{PROCESS}"
