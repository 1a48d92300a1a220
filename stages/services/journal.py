"""What a command said, as text: `logs/<UTC>-<command>-<pid>.log` in its workspace, beside `units.jsonl`."""

from __future__ import annotations

import datetime
import os
import platform
import re
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from io import TextIOWrapper
from pathlib import Path

from eeg2vid.stages.store.disk import disk_failure

FOLDER = "logs"
KEPT = 200
_NAME = re.compile(r"\d{8}T\d{6}Z-[a-z0-9-]+-\d+(-\d+)?\.log")
_AT_WORK_SECONDS = 3600.0  # what was written to this lately may belong to a command that still runs


class Journal:
    """The log of one command. It never fails: what cannot be written is not kept, and `trouble` says why.

    What is said before the workspace is known, or before it exists, is held until then.

    Parameters
    ----------
    command
        The command's name.
    words
        The whole command line, as it is to be pasted.
    """

    def __init__(self, command: str, words: str) -> None:
        self.path: Path | None = None
        self.trouble = ""
        self._name = re.sub(r"[^a-z0-9]+", "-", command.lower()).strip("-") or "eeg2vid"
        self._held: list[str] = []
        self._root: Path | None = None
        self._file: TextIOWrapper | None = None
        self._lock = threading.Lock()
        self._open_line = ""
        self.began = _now()
        self.note(f"$ {words}")

    def begin(self, root: Path, facts: Sequence[str] = ()) -> None:
        """Write to a workspace from now on; `facts` are how the command runs, beside what is known here."""
        if self._root is not None:
            return
        known = [f"eeg2vid {_version('eeg2vid')}", f"python {platform.python_version()}", f"torch {_version('torch')}"]
        self.note(", ".join([*known, *facts]))
        self._root = root
        self._write()

    def say(self, text: str, end: str = "\n") -> None:
        """Keep what was said to the user; a line is kept when it ends."""
        with self._lock:
            whole = self._open_line + text + end
            *lines, self._open_line = whole.split("\n")
        for line in lines:
            self.note(line)

    def note(self, line: str) -> None:
        """Keep a line, with the time."""
        with self._lock:
            self._held.append(f"{_now():%Y-%m-%dT%H:%M:%SZ}  {line}\n")
        self._write()

    def end(self, code: int) -> None:
        """Keep the exit code and close; of a command that began nothing nothing is kept."""
        self.note(f"exit {code}")
        with self._lock, suppress(OSError):
            if self._file is not None:
                self._file.close()
            self._file, self._root = None, None

    def _write(self) -> None:
        with self._lock:
            if self._root is None or self.trouble:
                return
            try:
                if self._file is None:
                    if not self._root.is_dir():
                        return
                    self._file = self._opened(self._root / FOLDER)
                self._file.write("".join(self._held))
                self._file.flush()
            except (OSError, ValueError) as error:
                self.trouble = disk_failure(error, self._root) or str(error)
            self._held.clear()

    def _opened(self, folder: Path) -> TextIOWrapper:
        """Open a file of a name that nobody has: processes of one number on several machines begin in one second."""
        folder.mkdir(exist_ok=True)
        prune(folder)
        name = f"{self.began:%Y%m%dT%H%M%SZ}-{self._name}-{os.getpid()}"
        for k in range(1, 10_000):
            path = folder / (f"{name}.log" if k == 1 else f"{name}-{k}.log")
            try:
                file = path.open("x", encoding="utf-8", errors="backslashreplace")
            except FileExistsError:
                continue
            self.path = path
            return file
        raise FileExistsError(f"{folder}: 10000 logs are called {name}")


def prune(folder: Path, kept: int = KEPT) -> None:
    """Remove all but the newest logs of a folder, and leave those that may still be written to."""
    logs = sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)
    for path in logs[kept - 1 :]:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _AT_WORK_SECONDS:
                path.unlink()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"
