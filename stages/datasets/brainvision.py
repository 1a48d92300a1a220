"""BrainVision headers: the data and marker files that they name, who shares one, and whether the data are whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted

HEADER = ".vhdr"
_NAMED = re.compile(r"^(DataFile|MarkerFile)\s*=\s*(.+?)\s*$", flags=re.MULTILINE | re.IGNORECASE)
_KEYS = {"datafile": "DataFile", "markerfile": "MarkerFile"}
_POINTS = re.compile(r"^DataPoints\s*=\s*(\d+)\s*$", flags=re.MULTILINE | re.IGNORECASE)
_BYTES = {"short": 2, "int": 4, "single": 4}  # of a sample, by MNE's words


def named_files(path: Path) -> dict[str, Path]:
    """Return the files that are there of those that a header names, as `DataFile` and `MarkerFile`.

    A renamed copy may name another's. Without the markers named, MNE takes those of the header's own stem.
    """
    found = {_KEYS[key.casefold()]: name for key, name in _NAMED.findall(_text(path))}
    named = {key: path.parent / name.replace("$b", path.stem) for key, name in found.items()}
    if "MarkerFile" in named and not named["MarkerFile"].is_file():
        named["MarkerFile"] = path.with_suffix(".vmrk")
    return {key: file for key, file in named.items() if file.is_file()}


def refuse_shared(root: Path, files: Iterable[str]) -> None:
    """Refuse recordings of a study that are in part the same: two headers that name one data or marker file.

    Raises
    ------
    BadDataError
        If two do; the message names both.
    """
    owner: dict[Path, str] = {}
    for file in (file for file in files if file.casefold().endswith(HEADER)):
        for key, named in named_files(root / file).items():
            other = owner.setdefault(named.resolve(), file)
            if other != file:
                raise BadDataError(
                    f"{root / file} and {root / other} both name {named.name} as their {key}; expected one of its own "
                    "for each recording.",
                    f"Correct {key} in the header that was copied or renamed.",
                )


def name_notes(path: Path) -> list[str]:
    """Return what is odd about the files that a header names: another header's, or another stem's beside its own."""
    notes = []
    others = sorted(p for p in path.parent.iterdir() if p.suffix.casefold() == HEADER and p.name != path.name)
    taken: Mapping[Path, str] = {named.resolve(): p.name for p in others for named in named_files(p).values()}
    for key, named in named_files(path).items():
        own = named.with_name(path.stem + named.suffix)
        if named.resolve() in taken:
            notes.append(f"{key} is {named.name}, which {taken[named.resolve()]} names too")
        elif named.name != own.name and own.is_file():
            notes.append(f"{key} is {named.name}, though there is {own.name}")
    return notes


def size_notes(path: Path, raw: Any) -> list[str]:
    """Return what is odd about the size of a recording's data file: no whole number of samples, or not those declared.

    Raises
    ------
    BadDataError
        If it is odd and holds channel after channel: where each begins is not known then.
    """
    extras = raw._raw_extras[0] if raw._raw_extras else {}
    width = _BYTES.get(str(extras.get("fmt")))
    if type(raw).__name__ != "RawBrainVision" or width is None:
        return []  # text has no size to compare
    data, channels = Path(raw.filenames[0]), int(extras["orig_nchan"])
    size, declared = data.stat().st_size, _POINTS.search(_text(path))
    notes = []
    if size % (width * channels):
        notes.append(
            f"{data.name} holds {counted(size, 'byte')}, no whole number of samples of {counted(channels, 'channel')}"
        )
    if declared is not None and int(declared[1]) != size // (width * channels):
        found = size // (width * channels)
        notes.append(f"{data.name} holds {counted(found, 'sample')}, its header (DataPoints) says {declared[1]}")
    if notes and extras.get("order") == "C":
        raise BadDataError(
            f"{path}: {notes[0]}, and it holds one channel after the other (VECTORIZED): where each begins is not "
            "known.",
            "Copy or export the recording again.",
        )
    return notes


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
