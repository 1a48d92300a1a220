"""Claims where a file system has no locks: a file made by whoever finds none, kept alive, removed in the end.

A claim is dead when its process is (which the same machine sees at once), or when nothing has touched it for
`STALE_SECONDS`. Times are those of the file system's own clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STALE_SECONDS = 600.0
PROCESS = secrets.token_hex(4)  # tells this process from others of the same number
_BEAT_SECONDS = 5.0


class Beat(threading.Thread):
    """Shows every few seconds that this process lives, until ended."""

    def __init__(self, touch: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._touch = touch
        self._ended = threading.Event()
        self.start()

    def run(self) -> None:
        """Touch and wait."""
        while not self._ended.wait(_BEAT_SECONDS):
            with contextlib.suppress(OSError):
                self._touch()

    def end(self) -> None:
        """Stop, and wait until it has."""
        self._ended.set()
        self.join()


class Claim:
    """A claim by the file that says it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beat: Beat | None = None

    def take(self) -> bool:
        """Claim, or return False if a living process has; a dead one's claim is replaced."""
        if not self._make() and not (self.is_dead() and self._replace()):
            return False
        self._beat = Beat(self._touch)
        return True

    def release(self) -> None:
        """Give the claim up, if it was taken and is still ours."""
        if self._beat is not None:
            self._beat.end()
            self._beat = None
            if self._is_mine():
                self.path.unlink(missing_ok=True)

    def is_dead(self) -> bool:
        """Tell whether no living process claims."""
        if not self.path.exists():
            return True
        lives = writer_lives(self.path)
        return not lives if lives is not None else _age(self.path) > STALE_SECONDS

    def _make(self) -> bool:
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return False
        try:
            os.write(descriptor, record())
        finally:
            os.close(descriptor)
        return True

    def _replace(self) -> bool:
        """Replace a dead claim; of several that see it dead, one does."""
        guard = self.path.with_name(f"{self.path.name}.breaking")
        try:
            os.close(os.open(guard, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        except FileExistsError:
            if _age(guard) > STALE_SECONDS:
                guard.unlink(missing_ok=True)
            return False
        try:
            if not self.is_dead():
                return False
            self.path.unlink(missing_ok=True)
            return self._make()
        finally:
            guard.unlink(missing_ok=True)

    def _is_mine(self) -> bool:
        who = _read(self.path)
        return (who.get("pid"), who.get("process")) == (os.getpid(), PROCESS)

    def _touch(self) -> None:
        if self._is_mine():
            os.utime(self.path)


def record() -> bytes:
    """Return what says who this process is."""
    return json.dumps(
        {"host": socket.gethostname(), "pid": os.getpid(), "space": _space(), "process": PROCESS}
    ).encode()


def holder_in(path: Path) -> str | None:
    """Say who left a record in a file: 'another process on HOST, pid 17'; None if nobody can be told."""
    who = _read(path)
    if isinstance(who.get("host"), str) and isinstance(who.get("pid"), int):
        return f"another process on {who['host']}, pid {who['pid']}"
    return None


def writer_lives(path: Path) -> bool | None:
    """Tell whether the process that left a record in a file lives; None if it cannot be told from here."""
    who = _read(path)
    here = (who.get("host"), who.get("space")) == (socket.gethostname(), _space())
    if not here or not isinstance(who.get("pid"), int):
        return None
    if who["pid"] == os.getpid():
        return bool(who.get("process") == PROCESS)
    return _lives(who["pid"])


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _space() -> int:
    """Return what tells containers apart that share a host's name: a process's number means something in one only."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True


def _age(path: Path) -> float:
    """Return how long ago a file was touched, by the clock of its file system."""
    try:
        touched = path.stat().st_mtime
    except OSError:
        return 0.0
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".clock-") as now:
            return Path(now.name).stat().st_mtime - touched
    except OSError:
        return time.time() - touched
