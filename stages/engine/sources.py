"""Files outside the workspace that decide a result: which they are, by place in the data set and by content."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.manifest import SourceFile
from eeg2vid.stages.store.hashes import FileState, file_state, hash_file


def identify_sources(paths: Sequence[Path], root: Path | None, known: Sequence[SourceFile] = ()) -> list[SourceFile]:
    """Return what identifies some files.

    Parameters
    ----------
    paths
        The files.
    root
        The data set's folder: files are called by their path from there, so that the folder may move while two files
        of one name in it may not. None: by their path from the folder that holds all of them.
    known
        Files as they were when last hashed: trusted while path, inode, size and both times are the same.

    Raises
    ------
    BadDataError
        If a file cannot be read.
    """
    trusted = {(file.path, state_of(file)): file.sha256 for file in known}
    found = []
    for path, name in zip(paths, source_names(paths, root), strict=True):
        try:
            state = file_state(path)
            digest = trusted.get((str(path), state)) if state else None
            if state is None or digest is None:
                state, digest = hash_file(path)
        except OSError as error:
            raise BadDataError(f"{path}: the file cannot be read ({error.strerror}).") from error
        found.append(
            SourceFile(
                name=name,
                path=str(path),
                size=state.size,
                mtime_ns=state.mtime_ns,
                ctime_ns=state.ctime_ns,
                inode=state.inode,
                sha256=digest,
            )
        )
    return found


def state_of(file: SourceFile) -> FileState:
    """Return the state in which a file was hashed; of a manifest from before names, one that no file has."""
    return FileState(file.inode, file.size, file.mtime_ns, file.ctime_ns)


def source_names(paths: Sequence[Path], root: Path | None) -> list[str]:
    """Return files' paths from a folder, with '/'; links are not followed: what they are called is what counts."""
    if not paths:
        return []
    start = str(root) if root is not None else os.path.commonpath([path.absolute().parent for path in paths])
    return [Path(os.path.relpath(path, start)).as_posix() for path in paths]


def source_differences(old: Sequence[SourceFile], new: Sequence[SourceFile]) -> list[str]:
    """Say in words which source files are others than they were."""
    now = {called(file): file for file in new}
    then = {_called_today(file, list(now)): file for file in old}
    found = [f"source file {now[name].path} is new" for name in now.keys() - then.keys()]
    found += [f"source file {then[name].path} is no longer read" for name in then.keys() - now.keys()]
    both = now.keys() & then.keys()
    return found + [f"source file {now[name].path} changed" for name in both if now[name].sha256 != then[name].sha256]


def called(file: SourceFile) -> str:
    """Return what a file is called; in a manifest from before names, its whole path."""
    return file.path if file.name is None else file.name


def _called_today(file: SourceFile, today: Sequence[str]) -> str:
    """Return what a file is called; one without a name is the one of today's with which its path ends."""
    parts = Path(file.path).parts
    ends = [name for name in today if parts[-len(Path(name).parts) :] == Path(name).parts]
    return called(file) if file.name is not None else max(ends, key=len, default=called(file))
