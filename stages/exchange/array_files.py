"""Arrays from .npy, .npz and .pt files: which array, which axes, which rows, which type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.exchange.content import Content
from eeg2vid.stages.exchange.foreign import fitting_dtype, refuse_giant_rows, turned_array
from eeg2vid.stages.exchange.forms import Form, form_of
from eeg2vid.stages.exchange.items import Known, Options, Rows, rows_of
from eeg2vid.stages.exchange.layouts import GRID, LAYOUTS, Layout, recognise
from eeg2vid.stages.exchange.sources import declared_array, foreign_files, read_array
from eeg2vid.stages.exchange.units import microvolts, squared_microvolts


def read_arrays(schema: Schema, files: list[Path], options: Options, known: Known) -> Content:
    """Read .npy, .npz, .pt files; those of a folder are joined end to end."""
    form = form_of(schema, "arrays")
    sources = {_array_name(schema, files[0], options.array): files}
    for text in options.also:
        name, _, path = text.rpartition("=")
        also = foreign_files(Path(path))
        sources[_array_name(schema, also[0], name or None)] = also
    if len(sources) != 1 + len(options.also):
        raise UsageError(f"Two files for array '{next(iter(sources))}'.", "Name them: `array` de `also` psd=PATH.")
    content = Content()
    for name, paths in sources.items():
        _add_array(content, schema, form, name, paths, options, known)
    return content


def _array_name(schema: Schema, path: Path, given: str | None) -> str:
    """Return the array that a file holds: as declared, the only one there is, or by a word in its path."""
    required = [name for name, spec in schema.arrays.items() if not spec.optional]
    listed = {name for layout in LAYOUTS if layout.schema == schema.name for name in layout.arrays}
    named = schema.family.known if schema.family else {}
    candidates = [given] if given else required or sorted(listed) or sorted(named)
    if schema.spec_of(candidates[0]) is None:
        raise UsageError(f"Schema '{schema.name}' has no array '{candidates[0]}', only {', '.join(schema.arrays)}.")
    for part in (path.name, path.parent.name):  # the published files: DE_1per1s/sub1.npy
        words = re.split(r"[^a-z]+", part.lower())
        candidates = [name for name in candidates if name in words] or candidates
    if len(candidates) > 1:
        raise UsageError(f"{path}: is it {' or '.join(candidates)}?", f"Add `array` {candidates[0]}.")
    return candidates[0]


def _add_array(
    content: Content, schema: Schema, form: Form, name: str, paths: list[Path], options: Options, known: Known
) -> None:
    where = str(paths[0].parent if len(paths) > 1 else paths[0])
    declared = [declared_array(path, options.key) for path in paths]
    if len({(one.shape[1:], one.dtype) for one in declared}) > 1:
        found = ", ".join(dict.fromkeys(f"{one.dtype} {one.shape}" for one in declared))
        raise BadDataError(f"{where}: the files hold arrays of different shapes or types: {found}.")
    shape = (sum(one.shape[0] for one in declared), *declared[0].shape[1:])
    layout = recognise(schema, name, shape, options.layout, where)
    spec = schema.spec_of(name, len(shape) + 1 - layout.leading if name not in schema.arrays else None)
    table = form.table or name
    if spec is None or schema.index.get(spec.dims[0], name) != table:
        raise UsageError(f"Array '{name}' of schema '{schema.name}' comes in with an exported folder only.")
    rows = rows_of(known, options, where)
    _require_count(shape, layout, form, rows, known, where)
    dtype = fitting_dtype(declared[0].dtype, spec, where)
    refuse_giant_rows(shape[layout.leading :], declared[0].dtype, where)
    arrays = [read_array(path, options.key) for path in paths]
    scale = options.scale
    if spec.unit == "µV²/Hz" and layout.facts.get("method") == "published":
        content.remarks.append(f"{where}: power as published, the mean of |FFT|^2, µV²: no density per Hz.")
    if scale is None:
        tell = {"µV": microvolts, "µV²/Hz": squared_microvolts}.get(spec.unit)
        scale = 1.0 if tell is None else tell(content, arrays, layout, where)
    array = turned_array(arrays, layout, spec, rows.places, dtype, scale)
    sizes = dict(zip(spec.dims, array.shape, strict=True))
    if sizes.get("electrode", len(known.electrodes)) != len(known.electrodes):
        raise BadDataError(
            f"{where}: expected {counted(len(known.electrodes), 'electrode')}, found {sizes['electrode']}."
        )
    content.arrays[name] = array
    content.tables |= {table: [form.row(item, known) for item in rows.items]}
    content.tables |= {other: list(make(known)) for other, make in (form.others or {}).items()}
    content.attributes = {**form.attributes(sizes, known, rows.items), **layout.facts}
    content.facts[name] = f"{layout} {dtype}" + ("" if scale == 1.0 else f" x {scale:g}")
    content.files += paths


def _require_count(shape: tuple[int, ...], layout: Layout, form: Form, rows: Rows, known: Known, where: str) -> None:
    """Refuse a file whose leading axes are not the study's."""
    expected: tuple[int, ...] | None
    if layout.leading == len(GRID):
        found, expected, what = shape[:3], rows.grid, "(blocks, slots, clips)"
    else:
        found, expected, what = shape[:1], (len(rows.items),), "events" if rows.grid else "clips"
    if found != expected:
        there = "a study without such a grid" if expected is None else plain(expected)
        raise BadDataError(
            f"{where}: expected {there} {what}, found {plain(found)}.",
            "If the file holds only some blocks or one session, name them: `blocks` 1-6, `session` 1.",
        )
    everything = len(known.events or ())
    if form.whole and len(rows.items) != everything:
        raise BadDataError(
            f"{where}: expected all {counted(everything, 'event')} of the subject, found {len(rows.items)}."
        )


def plain(sizes: Sequence[int]) -> str:
    """Return sizes as people write them."""
    return str(sizes[0]) if len(sizes) == 1 else str(tuple(int(size) for size in sizes))
