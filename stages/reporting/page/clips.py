"""The page's clips: which sprites are needed, and the rows that show them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.reporting.numbers import number
from eeg2vid.stages.reporting.page.sprites import Geometry, SpriteSheet, is_constant, read_clip
from eeg2vid.stages.reporting.page.views import ClipRow, ClipSection, ClipView, Frames, SubjectView


def check_shapes(subject: str, clips: int, arrays: Iterable[tuple[str, Frames]], shape: Sequence[int]) -> None:
    """Check that every array holds one video of the page's size for each of the subject's clips.

    Raises
    ------
    BadDataError
        If one does not.
    """
    for name, array in arrays:
        if tuple(array.shape) != (clips, *shape[1:]):
            raise BadDataError(
                f"Subject {subject}: the {name} videos have the shape {tuple(array.shape)}, "
                f"expected {(clips, *shape[1:])}, one for each test clip."
            )


def clip_sections(views: Sequence[SubjectView], geometry: Geometry) -> tuple[SpriteSheet, list[ClipSection]]:
    """Encode every sprite of the page."""
    constant: list[set[str]] = []
    for view in views:
        arrays = [("true", view.truth), *((f"'{name}'", array) for name, array in view.decoded.items())]
        check_shapes(view.subject, len(view.clips), arrays, views[0].truth.shape)
        folds = [clip.fold for clip in view.clips]
        constant.append({name for name, array in view.decoded.items() if is_constant(array, folds)} - {FULL})
    truths = len({clip.clip for view in views for clip in view.clips})
    varying = sum(len(v.clips) * (len(v.decoded) - len(same)) for v, same in zip(views, constant, strict=True))
    sheet = SpriteSheet(truths + varying)
    order = list(dict.fromkeys(name for view in views for name in view.decoded))
    pairs = zip(views, constant, strict=True)
    return sheet, [_clip_section(view, same, order, sheet, geometry) for view, same in pairs]


def _heading(clip: ClipView, name_fold: bool) -> str:
    run = f"run {clip.run}" if clip.run != clip.clip else ""  # where runs are not known, the clip stands for its own
    return " · ".join(part for part in (clip.concept, run, f"fold {clip.fold}" * name_fold) if part)


def _clip_section(
    view: SubjectView, constant: set[str], order: list[str], sheet: SpriteSheet, geometry: Geometry
) -> ClipSection:
    varying = [name for name in view.decoded if name not in constant]
    name_folds = len({clip.fold for clip in view.clips}) > 1  # of a single fold the page's head tells
    rows: list[ClipRow] = []
    for index, clip in enumerate(view.clips):
        values = {name: value for name, value in clip.scores.items() if math.isfinite(value)}
        new_run = index == 0 or clip.run != view.clips[index - 1].run
        rows.append(
            ClipRow(
                clip,
                _heading(clip, name_folds) if new_run else "",
                sheet.shared(("clip", clip.clip), partial(read_clip, view.truth, index, geometry)),
                [(order.index(n), sheet.own(read_clip(view.decoded[n], index, geometry))) for n in varying],
                [(name, number(value)) for name, value in values.items()],
                json.dumps(values),
            )
        )
    first = {clip.fold: index for index, clip in reversed(list(enumerate(view.clips)))}
    constants = []
    for name in (name for name in view.decoded if name in constant):
        for fold, index in sorted(first.items(), key=lambda item: item[1]):
            frames = read_clip(view.decoded[name], index, geometry)
            constants.append(
                (name, fold if name_folds else "", sheet.shared(frames.tobytes(), partial(np.array, frames)))
            )
    scored = max((row.n_events for row in view.scores if row.condition == FULL and row.kind == "video"), default=0)
    return ClipSection(
        view.label,
        [(order.index(name), name) for name in varying],
        rows,
        constants,
        len(rows) == scored,
        scored,
    )
