"""Writing so that a crash leaves either the old state or the new one: sync, then rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.store.digest import sha256_file


def write_synced(path: Path, data: bytes) -> None:
    """Write a small file whole: beside it, synced, renamed into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.is_dir():
            remove(path)
        replace_synced(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def reserve(path: Path, size: int) -> None:
    """Make a file of a size whose room is there: writing to a mapped file on a full disk would end the process.

    Raises
    ------
    OSError
        If there is not so much room.
    """
    with path.open("wb") as file:
        if size and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


def remove(path: Path) -> None:
    """Remove whatever lies at a path: a file, a folder with all that is in it, nothing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replace_synced(source: Path, target: Path) -> None:
    """Rename and make the rename durable."""
    source.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems refuse; the rename is then as durable as they make it
    finally:
        os.close(descriptor)


def sync_tree(folder: Path, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Sync every file below a folder but what systems leave there; return relative path to what proves the file.

    Parameters
    ----------
    folder
        Where to look.
    known
        What proves the files that were hashed while they were written; the others are read for their SHA-256.
    """
    known = known or {}
    proofs = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not is_foreign(path.name):
            with path.open("rb") as file:
                os.fsync(file.fileno())
            name = path.relative_to(folder).as_posix()
            proofs[name] = known.get(name) or sha256_file(path)
        elif path.is_dir():
            sync_folder(path)
    sync_folder(folder)
    return proofs


def link_or_copy(source: Path, target: Path) -> None:
    """Give a finished file a second name, or copy it where links are refused."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def swap_in(work: Path, target: Path) -> None:
    """Put a finished folder in the place of another; the old one is renamed aside first, then removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f"{target.name}.old-{os.getpid()}")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    replace_synced(work, target)
    shutil.rmtree(old, ignore_errors=True)


def is_interrupted(target: Path) -> bool:
    """Tell whether a swap is under way, or died."""
    return any(target.parent.glob(f"{target.name}.old-*"))


def restore(target: Path) -> None:
    """Finish a swap that died between its two renames: bring the old folder back, or clear it away."""
    for old in target.parent.glob(f"{target.name}.old-*"):
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)
