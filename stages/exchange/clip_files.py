"""Films that are clips by themselves: a clip index of files, and other files joined to it by their names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.exchange.items import Item, Known, all_items
from eeg2vid.stages.stimuli.video import probe

_LONGEST = 80  # of a clip id


def index_of_files(files: Sequence[Path]) -> list[Clip]:
    """Return a clip of each film: nothing is known of it but its file and its length.

    An id is the file's name without suffix; accents are left out, what else an id cannot hold (blanks) becomes '-'.

    Raises
    ------
    BadDataError
        If two files would be one clip, or a name leaves no id.
    """
    ids: dict[str, Path] = {}
    for path in files:
        plain = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode()  # without accents
        name = re.sub(r"[^A-Za-z0-9._+-]+", "-", plain).lstrip("._+-")[:_LONGEST]
        if not name or name in ids:
            why = f"it and {ids[name].name} would both be clip '{name}'" if name else "no clip id is left of its name"
            raise BadDataError(f"{path}: {why}.", "Rename it: letters, digits and . _ + - tell clips apart.")
        ids[name] = path
    return [
        Clip(clip=name, file=path.name, start_s=0.0, duration_s=probe(path).duration_s) for name, path in ids.items()
    ]


def by_file_name(known: Known, files: Sequence[Path]) -> dict[Item, Path]:
    """Return the file of each clip that is called as its true file is, whatever the suffix, in the index's order.

    Raises
    ------
    BadDataError
        If a file is called as no clip is, or two as the same.
    """
    items = all_items(known)
    by_name = {item.clip.clip: item for item in items} | {_called(Path(item.clip.file)): item for item in items}
    strange = [path for path in files if _called(path) not in by_name]
    if strange:
        more = f" (nor are {len(strange) - 1} more)" if len(strange) > 1 else ""
        near = {name.casefold(): name for name in by_name}.get(_called(strange[0]).casefold())
        said = f"; there is a '{near}'" if near else f", as '{items[0].clip.file}' is" if items else ""
        raise BadDataError(
            f"{strange[0]}: not called as a true clip is{more}{said}.",
            "Call each file as its true one, GIF or mp4; or `order` presentation: as many files in the same order.",
        )
    found: dict[Item, Path] = {}
    for path in files:
        item = by_name[_called(path)]
        if item in found:
            raise BadDataError(
                f"{path}: {found[item].name} is clip '{item.clip.clip}' already.", "Leave one of them out."
            )
        found[item] = path
    return {item: found[item] for item in items if item in found}


def _called(path: Path) -> str:
    """Return a file's name without suffix; macOS writes accents as letters of their own."""
    return unicodedata.normalize("NFC", path.stem)
