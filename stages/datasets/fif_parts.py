"""FIF recordings in several files: each part says which file goes before it, and MNE reads the later from the first."""

from __future__ import annotations

import gzip
import re
import struct
from pathlib import Path

from eeg2vid.schemas.errors import BadDataError

ENDINGS = (".fif", ".fif.gz")
# tags of the format, as in MNE's constants
_BLOCK, _ROLE, _NAME, _BUFFER = 104, 115, 118, 300
_REFERENCE, _PREVIOUS = 118, 1
_TEXT_LIMIT = 4096


def is_fif(path: Path) -> bool:
    """Return whether a file is called as FIF files are."""
    return path.name.casefold().endswith(ENDINGS)


def previous_part(path: Path) -> str | None:
    """Return the name of the file before, if a FIF file is a later part of a recording; None if not, or unreadable."""
    try:
        with gzip.open(path) if path.name.casefold().endswith(".gz") else path.open("rb") as file:
            previous = False
            while len(head := file.read(16)) == 16:
                kind, _, size, following = struct.unpack(">iIii", head)
                if kind == _BUFFER or size < 0 or following < 0:
                    return None
                if kind in (_BLOCK, _ROLE, _NAME) and size <= _TEXT_LIMIT:
                    value = file.read(size)
                    if kind == _NAME and previous:
                        return Path(value.decode("latin-1")).name
                    if kind == _ROLE:
                        previous = int.from_bytes(value, "big") == _PREVIOUS
                else:
                    file.seek(size, 1)
                if following and following < file.tell():
                    return None  # damaged: it would go round for ever
                if following:
                    file.seek(following)
    except (OSError, EOFError, struct.error):
        return None
    return None


def is_later_part(path: Path) -> bool:
    """Return whether a FIF file goes on with what one beside it begins, which is read with that one."""
    before = previous_part(path) if is_fif(path) else None
    names = () if before is None else (before, _numbered_before(path.name))
    return any(name != path.name and (path.parent / name).is_file() for name in names)


def _numbered_before(name: str) -> str:
    """Return the name before by the numbers of BIDS names: MNE's second part calls the first as if it had none."""
    return re.sub(r"_split-(\d+)", lambda found: f"_split-{int(found[1]) - 1:0{len(found[1])}d}", name, count=1)


def must_be_first(path: Path) -> None:
    """Refuse to read a recording from one of its later parts.

    Raises
    ------
    BadDataError
        If it is one; the message names the part before.
    """
    before = previous_part(path) if is_fif(path) else None
    if before is None:
        return
    if is_later_part(path):
        raise BadDataError(
            f"{path} is a later part of a recording; expected its first part.",
            "Name the first part: the others are read with it.",
        )
    raise BadDataError(
        f"{path} is a later part of a recording, and the part before it, {before}, is not beside it.",
        "Copy all parts of the recording into one folder, under the names they were written with.",
    )


def parts_beside(path: Path) -> list[Path]:
    """Return the later parts of a recording, by the names that MNE gives them: `-1.fif`, or `_split-02_`."""
    if not is_fif(path):
        return []
    stem, ending = re.fullmatch(r"(.*?)(\.fif(?:\.gz)?)", path.name, re.IGNORECASE).groups()  # type: ignore[union-attr]
    pattern = rf"{re.escape(stem)}-\d+{re.escape(ending)}"
    if re.search(r"_split-\d+", stem):
        before, after = re.split(r"_split-\d+", path.name, maxsplit=1)
        pattern += rf"|{re.escape(before)}_split-\d+{re.escape(after)}"
    beside = (p for p in path.parent.iterdir() if re.fullmatch(pattern, p.name) and p.is_file() and p != path)
    return sorted(p for p in beside if previous_part(p) is not None)
