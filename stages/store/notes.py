"""Notes `done/<k>.json` of a work folder: what proves every file of a part; a damaged note counts for nothing."""

from __future__ import annotations

import json
from pathlib import Path

from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.words import counted
from eeg2vid.stages.store.digest import canonical_json
from eeg2vid.stages.store.files import write_synced


def note_of(work: Path, index: int) -> Path:
    """Return the file in a work folder that says that a part is done."""
    return work / "done" / f"{index}.json"


def place_of(work: Path, index: int) -> Path:
    """Return where the files of a part that is done lie."""
    return work / "parts" / str(index)


def notes_in(work: Path) -> list[Path]:
    """Return the notes of a work folder, whatever else systems leave beside them."""
    return [path for path in work.glob("done/*.json") if path.stem.isdecimal()]


def write_note(note: Path, files: dict[str, str]) -> None:
    """Note that a part is done, and what proves each of its files."""
    write_synced(note, canonical_json({"files": files}))


def read_note(note: Path, part: Path) -> dict[str, str] | None:
    """Return what proves every file of a part; None if it is not done.

    A note that cannot be read, or that lists other files than lie in the part's folder, is none: whatever it lacks
    would be lacking in the artifact.
    """
    try:
        files = json.loads(note.read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(files, dict) or not all(isinstance(digest, str) for digest in files.values()):
        return None
    there = {path.relative_to(part).as_posix() for path in part.rglob("*") if _counts(path)}
    return files if part.is_dir() and there == files.keys() else None


def _counts(path: Path) -> bool:
    return path.is_file() and not is_foreign(path.name)


def progress_of(unit: Path) -> str:
    """Say how far unfinished work of a unit is, '' if there is none."""
    done = max((len(notes_in(folder)) for folder in unit.glob("work-*")), default=0)
    return f"{counted(done, 'part')} done" if done else ""
