"""Locks between processes and machines: the kernel's where the file system has them, else claims (`claims.py`)."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

from eeg2vid.schemas.errors import LockedError
from eeg2vid.stages.store.claims import STALE_SECONDS, Beat, Claim, holder_in, record, writer_lives

try:
    import fcntl
except ImportError:  # no such locks on this system: claims
    fcntl = None  # type: ignore[assignment]

_TELL_SECONDS = 2.0  # who waits longer says so
_SILENT_SECONDS = 30.0  # a holder that beats and has not done so for so long is stopped, or hangs
_WAIT_SECONDS = 3600.0  # another process is assembling the same artifact
_LOOK_SECONDS = 0.1
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK}
NO_LOCKS = "File locks do not work on this file system"
_said_of_claims: list[str] = []
_trouble: list[str] = []


class Lock:
    """One lock, taken at once or not at all; given up when the process dies.

    Parameters
    ----------
    path
        The lock's file; it stays when the lock is given up.
    beats
        Touch it while it is held even where the kernel locks, so that who waits sees that its holder goes on.
    """

    def __init__(self, path: Path, *, beats: bool = False) -> None:
        self.path = path
        self._claim = Claim(path.with_name(f"{path.name}.claim"))
        self._beats = beats
        self._descriptor: int | None = None
        self._beat: Beat | None = None

    def take(self) -> bool:
        """Take the lock, or return False if another has it.

        Raises
        ------
        OSError
            If the lock's file cannot be made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                taken = _flock(descriptor)
                gone = bool(taken) and not _is_at(descriptor, self.path)  # removed by its last holder meanwhile
            except BaseException:
                os.close(descriptor)
                raise
            if not gone:
                break
            os.close(descriptor)
        if taken is None:
            os.close(descriptor)
            return not writer_lives(self.path) and self._claim.take()  # it may hold the kernel's lock
        if not taken or not self._claim.is_dead():  # a machine without locks may share the folder
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        with contextlib.suppress(OSError):  # who holds it is told where there is room for it
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, record(), 0)
        if self._beats:
            self._beat = Beat(lambda: os.utime(descriptor))
        return True

    def release(self) -> None:
        """Give the lock up, if it was taken."""
        if self._beat is not None:
            self._beat.end()
            self._beat = None
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None
        self._claim.release()

    def holder(self) -> str:
        """Say who has the lock: 'another process on HOST, pid 17'."""
        return holder_in(self._claim.path) or _holder_by_kernel(self.path) or holder_in(self.path) or "another process"

    def sign(self) -> tuple[int, ...]:
        """Return what changes while whoever has the lock lives, if it beats."""
        return tuple(found for path in (self.path, self._claim.path) for found in _times(path))

    def is_free(self) -> bool:
        """Tell whether nobody has the lock."""
        if not self.take():
            return False
        self.release()
        return True


def wait_for(lock: Lock, what: str, *, look: Callable[[], None], tell: Callable[[str], None]) -> None:
    """Take a lock as soon as its holder gives it up.

    Parameters
    ----------
    lock
        Which.
    what
        What it guards, for messages.
    look
        Called again and again while waiting; what it raises ends the wait.
    tell
        Told once who is waited for, if it takes more than a moment.

    Raises
    ------
    LockedError
        If the holder shows no sign of life (a stopped process, one that hangs), or has it for an hour.
    """
    begun = seen = time.monotonic()
    sign, told = lock.sign(), False
    while not lock.take():
        look()
        now = time.monotonic()
        if lock.sign() != sign:
            sign, seen = lock.sign(), now
        if now - seen > _SILENT_SECONDS or now - begun > _WAIT_SECONDS:
            raise LockedError(
                f"{what} is being made by {lock.holder()}, which has held its lock for {now - begun:.0f} s"
                + (" without a sign of life." if now - seen > _SILENT_SECONDS else "."),
                "Wait for it or stop it; nothing is lost.",
            )
        if not told and now - begun > _TELL_SECONDS:
            tell(f"{what} is being made by {lock.holder()}: waiting for it.")
            told = True
        time.sleep(_LOOK_SECONDS)


def alive(folder: Path) -> list[str]:
    """Return who is at work in a work folder: the holders of the locks in `alive/`."""
    locks = [Lock(path) for path in sorted((folder / "alive").glob("[!.]*.lock"))]
    return [lock.holder() for lock in locks if not lock.is_free()]


def without_locks() -> str | None:
    """Say, once per process, that claims are used in place of locks; None if they are not, or it was said."""
    if not _trouble or _said_of_claims:
        return None
    _said_of_claims.append(_trouble[0])
    return (
        f"{NO_LOCKS} ({_trouble[0]}): processes show by a heartbeat that they live. "
        f"What one had claimed that was killed on another machine is free after {STALE_SECONDS / 60:.0f} minutes."
    )


def _flock(descriptor: int) -> bool | None:
    """Ask the kernel for the lock; None where it has none for this file (no lock daemon, no support, no room)."""
    try:
        if fcntl is None:
            raise OSError(errno.ENOSYS, "not on this system")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        _trouble[:] = _trouble or [error.strerror or str(error)]
        return None
    return True


def _times(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError:
        return ()
    return stat.st_ino, stat.st_mtime_ns


def _holder_by_kernel(path: Path) -> str | None:
    """Say who on this machine has the kernel's lock, where it tells: other programs leave no record."""
    try:
        stat = path.stat()
        lines = Path("/proc/locks").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    place = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}:{stat.st_ino}"
    for fields in map(str.split, lines):
        if fields[1:2] == ["FLOCK"] and fields[5:6] == [place] and fields[4].isdecimal() and fields[4] != "0":
            return f"another process on {socket.gethostname()}, pid {fields[4]}"
    return None


def _is_at(descriptor: int, path: Path) -> bool:
    mine = os.fstat(descriptor)
    try:
        there = path.stat()
    except OSError:
        return False
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
