"""What a disk refuses, in words: libraries report it as errors of their own, with or without a number."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from eeg2vid.schemas.errors import Eeg2VidError, FailedError

_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than its file system or a limit of this process allows",
}
_CLOSED = {errno.EROFS: "the file system is read-only"}
_REFUSED = {errno.EACCES: "permission was refused", errno.EPERM: "permission was refused"}
# HDF5, Rust, Python put the number into the text
_NUMBER = re.compile(r"(?:errno = |os error |\[Errno )(\d+)")
_WORDS = {
    "No space left on device": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "File too large": errno.EFBIG,
    "Read-only file system": errno.EROFS,
}
# NumPy, PyTorch and Pillow say only that not all was written
_CUT_SHORT = re.compile(r"\d+ requested and \d+ written|PytorchStreamWriter|inline_container|encoder error -2\b")
_HINT = "Mend that, or write to another disk: run the same command again."


def disk_failure(error: BaseException, folder: Path | None = None) -> str | None:
    """Say what the disk refused and where; None if it is not the disk's doing.

    Parameters
    ----------
    error
        Of any library; what caused it is looked at too.
    folder
        Where was written to, should the error name no file.
    """
    refused = _refused(error)
    if refused is None:
        return None
    what, file = refused
    where = file or folder
    return what if where is None else f"{what} at {where}"


def room_left(error: BaseException, folder: Path) -> str:
    """Say how much is free in a folder, with a blank behind; '' where that is not what was refused."""
    refused = _refused(error)
    return f"{_free(folder)} " if refused and refused[0] in _FULL.values() else ""


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses within the block into a sentence.

    Raises
    ------
    FailedError
        If the disk is full, read-only, or does not let us.
    """
    try:
        yield
    except Eeg2VidError:
        raise
    except Exception as error:
        said = disk_failure(error, folder)
        if said is None or getattr(error, "filename", None):  # the sentence of what names its file is the caller's
            raise
        sentence = f"{said[0].upper()}{said[1:]}. Nothing half-written was kept."
        raise FailedError(sentence, room_left(error, folder) + _HINT) from error


def _refused(error: BaseException) -> tuple[str, str | None] | None:
    """Return what was refused, and the file if the error names one."""
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        name = getattr(one, "filename", None)
        file = name if isinstance(name, str) else None
        number = getattr(one, "errno", None) or _number_in(str(one))
        if said := (_FULL | _CLOSED).get(number or 0):
            return said, file
        if number in _REFUSED and one is error and isinstance(error, OSError):
            return _REFUSED[number], file
        if _CUT_SHORT.search(str(one)):
            return _FULL[errno.ENOSPC], file
        one = one.__cause__ or one.__context__
    return None


def _number_in(text: str) -> int | None:
    if found := _NUMBER.search(text):
        return int(found[1])
    return next((number for words, number in _WORDS.items() if words in text), None)


def _free(path: Path) -> str:
    """Say how much is free on a path's disk."""
    place = next((one for one in (path, *path.absolute().parents) if one.is_dir()), None)
    try:
        size: float = shutil.disk_usage(place).free if place else 0
    except OSError:
        return ""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"Now {size:.0f} {unit} are free there."
