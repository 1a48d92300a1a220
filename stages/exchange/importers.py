"""From foreign files to the content of an artifact: arrays, videos, captions, tables, exported folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Caption
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.exchange import tables
from eeg2vid.stages.exchange.array_files import plain, read_arrays
from eeg2vid.stages.exchange.bundle import EXPORT, read_bundle
from eeg2vid.stages.exchange.clip_files import by_file_name
from eeg2vid.stages.exchange.content import Content, require_known_ids
from eeg2vid.stages.exchange.foreign import ForeignVideos
from eeg2vid.stages.exchange.forms import form_of
from eeg2vid.stages.exchange.items import Item, Known, Options, chosen_items, rows_of
from eeg2vid.stages.exchange.sources import READERS, VIDEOS, foreign_files
from eeg2vid.stages.stimuli.video import probe


def read_foreign(schema: Schema, path: Path, options: Options, known: Known) -> Content:
    """Return what foreign files hold, joined to this study's clips and events.

    Raises
    ------
    BadDataError
        If the files are damaged, or not what the schema and the study ask for.
    UsageError
        If an order, a layout or a key must be chosen.
    """
    if (path / EXPORT).is_file():
        content = read_bundle(schema, path)
    else:
        files = foreign_files(path, named=known.alone and options.order is None)
        suffix = files[0].suffix.lower()
        read = _KINDS.get(suffix)
        if read is None:
            raise BadDataError(f"{files[0]}: expected one of {', '.join(_KINDS)}, found '{suffix}'.")
        content = read(schema, files, options, known)
        content.files = content.files or files
    require_known_ids(schema, content.tables, known)
    frames = content.arrays.get("frames")
    if frames and known.subject is not None and known.video_shape and frames.shape[1:] != known.video_shape[1:]:
        expected = f"frames {plain(known.video_shape[1:])} (frame, row, column, rgb) like the stimuli"
        raise BadDataError(f"{path}: expected {expected}, found {plain(frames.shape[1:])}.")
    return content


def _videos(schema: Schema, files: list[Path], options: Options, known: Known) -> Content:
    """Read a folder of videos; names that are ids of this study need no declared order."""
    form = form_of(schema, "videos", "frames")
    named = by_file_name(known, files) if known.alone and options.order is None else _named(known, files, options)
    if named and len(named) == len(files):
        items, ordered = list(named), list(named.values())
    else:
        rows = rows_of(known, options, str(files[0].parent))
        if len(files) != len(rows.items):
            raise BadDataError(
                f"{files[0].parent}: expected {counted(len(rows.items), 'video')}, found {len(files)}.",
                "If they are of some blocks only, name them: `blocks` 7.",
            )
        items, ordered = rows.items, [files[place] for place in rows.places]
    first = probe(ordered[0])
    fps = float(known.reference.get("fps", round(first.fps, 1)))
    count = known.video_shape[1] if known.video_shape else max(1, round(first.duration_s * fps))
    videos = ForeignVideos(tuple(ordered), count, fps, (first.width, first.height))
    videos.require_one_size(known.picture if known.subject is not None else None)
    others = videos.of_another_length()
    if others and not options.resample:
        raise BadDataError(
            f"{others[0]} (of another length: {len(others)} of {counted(len(ordered), 'video')}).",
            "Write them anew with that many pictures; or `resample`: the pictures shown at those times are taken.",
        )
    return Content(
        remarks=[f"{other}; resampled." for other in others],
        stamps=("resampled",) if others else (),
        arrays={"frames": videos},
        tables={form.table: [form.row(item, known) for item in items]},
        attributes={"fps": fps, "height": first.height, "width": first.width},
        facts={"frames": f"{counted(count, 'frame')} at {fps:g} per second"},
        files=files,
    )


def _named(known: Known, files: list[Path], options: Options) -> dict[Item, Path]:
    """Return the files that are called as an event or a clip is."""
    places = {path.stem: path for path in files}
    items = [item for item in chosen_items(known, options) if places.keys() & set(item.names)]
    return {item: next(places[name] for name in item.names if name in places) for item in items}


def _captions(schema: Schema, files: list[Path], options: Options, known: Known) -> Content:
    """Read text files with one caption a line."""
    if schema.name != "captions":
        raise UsageError(f"Schema '{schema.name}' is not read from text files; captions are.")
    lines: list[str] = []
    for path in files:
        try:
            found = path.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise BadDataError(f"{path}: not UTF-8 text ({error}).") from error
        while found and not found[-1].strip():
            found.pop()
        blank = [number for number, line in enumerate(found, start=1) if not line.strip()]
        if blank:
            raise BadDataError(f"{path}, line {blank[0]}: expected a caption, found an empty line.")
        lines += [line.strip() for line in found]
    rows = rows_of(known, options, str(files[0]))
    if len(lines) != len(rows.items):
        raise BadDataError(
            f"{files[0]}: expected {counted(len(rows.items), 'caption')}, found {counted(len(lines), 'line')}."
        )
    pairs = zip(rows.items, rows.places, strict=True)
    return Content(tables={"captions": [Caption(clip=item.clip.clip, caption=lines[place]) for item, place in pairs]})


def _table(schema: Schema, files: list[Path], _: Options, __: Known) -> Content:
    """Read one table whose rows carry their ids."""
    required = [name for name, spec in schema.arrays.items() if not spec.optional]
    if len(schema.tables) != 1 or required or len(files) != 1:
        raise UsageError(f"Schema '{schema.name}' is not one table.", "Import a folder that `eeg2vid export` wrote.")
    ((name, row_type),) = schema.tables.items()
    return Content(tables={name: tables.read_rows(files[0], row_type)})


_KINDS: dict[str, Callable[[Schema, list[Path], Options, Known], Content]] = {
    **dict.fromkeys(READERS, read_arrays),
    **dict.fromkeys(sorted(VIDEOS), _videos),
    **dict.fromkeys(tables.SUFFIXES, _table),
    ".txt": _captions,
}
