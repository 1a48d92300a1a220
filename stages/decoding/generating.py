"""What `generate` shows: videos made from decoded or true values, or what a condition shows instead."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from eeg2vid.schemas.conditions import CONDITIONS, made_by, makes_at
from eeg2vid.schemas.entities import Clip, EventKey, Fold
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.splits import Part
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.schemas.videos import VideoKey, key_alone
from eeg2vid.stages.cohort.clips import rows_of_clips, with_measured_motion
from eeg2vid.stages.cohort.folds import FoldParts, chosen_folds, load_folds
from eeg2vid.stages.cohort.people import gather
from eeg2vid.stages.decoding.conditioned import learned_clips
from eeg2vid.stages.decoding.tuned import tuned_models
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.store.rows import row_reader, whole_pieces
from eeg2vid.stages.targets.table import find_targets

if TYPE_CHECKING:
    import numpy as np

CLIPS_AT_ONCE = 20


class Make(Protocol):
    """From some rows to their videos, uint8 `(row, frame, row, column, rgb)`; another draw has other noise."""

    def __call__(self, part: slice, draw: int = 0) -> np.ndarray:
        """Return the videos of some rows, all of one fold."""


Reader = Callable[["slice | np.ndarray"], "np.ndarray"]
"""From some rows, a slice or their numbers, to their values."""


@dataclass(frozen=True)
class Given:
    """Values that stand for decoded ones: what reads them of some rows, and what is known of them."""

    read: Reader
    facts: TargetFacts


def batches_of(keys: list[VideoKey], size: int) -> list[slice]:
    """Return the rows that are made together: always the same ones, of one fold, at most so many."""
    ends = [k for k in range(1, len(keys)) if keys[k].fold != keys[k - 1].fold]
    spans = itertools.pairwise([0, *ends, len(keys)])
    return [slice(k, min(k + size, last)) for first, last in spans for k in range(first, last, size)]


def true_values(ctx: Context, target: str, keys: list[VideoKey]) -> Given:
    """Return a target's true values of some clips; of a label, all probability on the true class."""
    import numpy as np

    if target == "fast":
        return _true_motion(ctx, keys)
    [found] = find_targets([target])
    cohort = gather(ctx)
    loaded = found.load(ctx, cohort)
    values = loaded.of_fold(_nothing_learned()).values
    place = {event.event: index for index, event in enumerate(cohort.events)}
    rows = np.array([place[key.event] for key in keys], dtype=np.int64)
    return Given(lambda part: values.take(rows[part]), loaded.facts())


def _true_motion(ctx: Context, keys: list[VideoKey]) -> Given:
    """Return which clips are fast, by the scores and the cut that its decoder learned in each fold."""
    import numpy as np

    predictions = ctx.read("predictions")
    facts = predictions.attributes().targets.get("fast")
    if facts is None:
        raise MissingInputError(
            f"{predictions.address} holds no fast; nothing says where a motion score is cut.",
            "Train an encoder of it: eeg2vid train-encoder --targets concept --targets fast",
        )
    rows = {row.clip: row for row in ctx.read("clips").table("clips", Clip)}
    clips = [rows[key.clip] for key in keys]
    if "motion_sha256" in facts.attributes:
        clips = with_measured_motion(ctx.read("stimuli"), clips)
    fast = [
        clip.optical_flow is not None and clip.optical_flow >= facts.thresholds[key.fold]
        for clip, key in zip(clips, keys, strict=True)
    ]
    names = np.array(facts.classes)
    values = (names[None, :] == np.where(fast, "fast", "slow")[:, None]).astype(np.float32)
    return Given(lambda part: values[part], facts)


def no_values(ctx: Context, target: str, keys: list[VideoKey]) -> None:
    """Return nothing: the generator is not given the target, and says itself what it makes without."""


def _nothing_learned() -> FoldParts:
    """Return a fold without events: values are the same in all."""
    import numpy as np

    none = np.zeros(0, dtype=np.int64)
    return FoldParts("", none, none, none)


def generated(ctx: Context) -> tuple[list[VideoKey], Make]:
    """Return what the generator makes videos of, and how: values are read a part at a time."""
    from eeg2vid.stages.generators.generator import Build, Model

    settings = ctx.settings
    targets = settings.generator.reads_targets()
    how = makes_at("generate", ctx.condition)
    replaced = [target for target in targets if how == "values" and target in CONDITIONS[ctx.condition].replaces]
    decoded = [target for target in targets if target not in replaced]
    keys, readers, facts = _decoded(ctx, decoded) if decoded else (_tested(ctx), {}, {})
    for target in replaced:
        given: Given | None = made_by(ctx.condition)(ctx, target, keys)
        if given is not None:
            readers[target], facts[target] = given.read, given.facts
        else:
            facts.pop(target, None)
    models = {role: ctx.model(role) for role in type(settings.generator).roles}
    at_hand = [""]
    generator = settings.generator.built()(
        settings.generator,
        Build(
            models={role: Model(m.name, m.identity, m.folder) for role, m in models.items()},
            facts=facts,
            shape=tuple(ctx.read("stimuli").entries["frames"].shape[1:]),
            device=ctx.device,
            seed=ctx.seed,
            where=str(ctx.read("predictions").address if decoded else ctx.node),
            tuned=tuned_models(ctx, keys),
            mean=lambda target, fold: _mean(readers[target], keys, fold),
            progress=lambda done, total: ctx.reporter.within(at_hand[0], done, total),
        ),
    )

    if (expected := generator.expected_bytes()) is not None:
        ctx.reporter.remark(f"{ctx.node}: about {expected / 2**30:.1f} GiB of memory are needed on {ctx.device}")

    def make(part: slice, draw: int = 0) -> np.ndarray:
        values = {target: read(part) for target, read in readers.items()}
        of_part = keys[part]
        at_hand[0] = f"{of_part[0].clip} .. {of_part[-1].clip}"
        clips = [key.clip for key in of_part]
        videos: np.ndarray = generator.make(clips, values, fold=of_part[0].fold, draw=draw)
        return made_by(ctx.condition)(videos) if how == "frames" else videos

    return keys, make


def _mean(read: Reader, keys: list[VideoKey], fold: str) -> np.ndarray:
    """Return the mean of a fold's decoded values."""
    import numpy as np

    mine = np.array([k for k, key in enumerate(keys) if key.fold == fold])
    some = (mine[k : k + CLIPS_AT_ONCE] for k in range(0, len(mine), CLIPS_AT_ONCE))
    total: np.ndarray = sum(read(rows).sum(axis=0, dtype=np.float64) for rows in some)  # type: ignore[assignment]
    return (total / len(mine)).astype(np.float32)


def _decoded(ctx: Context, targets: list[str]) -> tuple[list[VideoKey], dict[str, Reader], dict[str, TargetFacts]]:
    """Return the rows for which all of some targets were decoded, what reads their values, and what is known of them.

    Raises
    ------
    MissingInputError
        If one was not decoded.
    """
    import numpy as np

    predictions = ctx.read_optional("predictions")
    if predictions is None:
        raise MissingInputError(
            f"{ctx.node}: without EEG nothing is decoded here.",
            "Import what was decoded elsewhere:\n  eeg2vid import FOLDER --as videos --to generate/NAME --subject 1",
        )
    for target in targets:
        if not predictions.has(target):
            raise MissingInputError(
                f"{predictions.address} holds no {target}; there is nothing to decode.",
                f"Plan a mapper to them: a [train-mapper.<variant>] table with targets = ['{target}'].",
            )
    wanted = chosen_folds(ctx.read("folds"), ctx.settings.folds)
    tables = {target: predictions.table(target, PredictionKey) for target in targets}
    places = {t: {(row.fold, row.event): k for k, row in enumerate(rows)} for t, rows in tables.items()}
    shared = [row for row in tables[targets[0]] if all((row.fold, row.event) in one for one in places.values())]
    keys = [VideoKey(clip=row.clip, event=row.event, fold=row.fold) for row in shared if row.fold in wanted]

    def reader(target: str) -> Reader:
        rows = np.array([places[target][key.fold, key.event] for key in keys], dtype=np.int64)
        read = row_reader(predictions.lazy(target))
        return lambda part: read(rows[part].tolist())

    return keys, {target: reader(target) for target in targets}, dict(predictions.attributes().targets)


def shown_instead(ctx: Context) -> tuple[list[VideoKey], Make]:
    """Return the test clips of the folds, and what a condition shows instead of them."""
    import numpy as np

    from eeg2vid.stages.conditions.stimuli import Stimuli

    stimuli, folds, frames = ctx.read("stimuli"), ctx.read_optional("folds"), ctx.read("stimuli").lazy("frames")
    place = {row.clip: index for index, row in enumerate(stimuli.table("clips", VideoKey))}
    if folds is None:  # clips alone: nothing was learned from any of them, so all may be looked at
        keys = [key_alone(clip) for clip in place]
        learned = {keys[0].fold: np.arange(len(place))}
    else:
        keys, learned = _tested(ctx), _learned(ctx, folds, place)

    def stream() -> Iterator[tuple[int, np.ndarray]]:
        step = whole_pieces(frames, CLIPS_AT_ONCE)
        for start in range(0, len(place), step):
            yield start, frames[start : start + step]

    show = made_by(ctx.condition)(Stimuli(tuple(frames.shape[1:]), learned, stream))

    def make(part: slice, draw: int = 0) -> np.ndarray:
        return show([key.fold for key in keys[part]])

    return keys, make


def true_frames(ctx: Context) -> Callable[[Sequence[VideoKey]], np.ndarray]:
    """Return what reads the true frames of some clips, uint8 `(clip, frame, row, column, rgb)`."""
    stimuli = ctx.read("stimuli")
    place = {row.clip: k for k, row in enumerate(stimuli.table("clips", VideoKey))}
    read = row_reader(stimuli.lazy("frames"))
    return lambda keys: read([place[key.clip] for key in keys])


def _learned(ctx: Context, folds: Artifact, place: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Return, by fold, where the clips stand from which it may learn."""
    import numpy as np

    events, names = folds.table("events", EventKey), [row.fold for row in folds.table("folds", Fold)]
    assignment, found = folds.read("assignment"), {}
    for fold in chosen_folds(folds, ctx.settings.folds):
        known = np.flatnonzero(np.isin(assignment[names.index(fold)], (Part.TRAIN, Part.VALIDATION)))
        found[fold] = np.array(sorted({place[events[k].clip] for k in known}), dtype=np.int64)
    return found


def _tested(ctx: Context) -> list[VideoKey]:
    """Return the test clips of the folds, fold by fold."""
    import numpy as np

    folds = ctx.read("folds")
    events, names = folds.table("events", EventKey), [row.fold for row in folds.table("folds", Fold)]
    assignment = folds.read("assignment")
    return [
        VideoKey(clip=events[k].clip, event=events[k].event, fold=fold)
        for fold in chosen_folds(folds, ctx.settings.folds)
        for k in np.flatnonzero(assignment[names.index(fold)] == Part.TEST)
    ]


def nearest_shown(ctx: Context) -> tuple[list[VideoKey], Make]:
    """Return the decoded clips, and for each the training clip whose true value is nearest to the decoded one.

    The value is that of the generator's first target.
    """
    import numpy as np

    target = ctx.settings.generator.reads_targets()[0]
    keys, readers, _ = _decoded(ctx, [target])
    cohort, stimuli = gather(ctx), ctx.read("stimuli")
    [found] = find_targets([target])
    loaded = found.load(ctx, cohort)
    folds: Mapping[str, FoldParts] = {one.fold: one for one in load_folds(ctx, cohort, ctx.settings.folds)}
    rows = rows_of_clips(stimuli, cohort.clips, VideoKey)
    read = row_reader(stimuli.lazy("frames"))
    fold_of = np.array([key.fold for key in keys])
    nearest: dict[str, np.ndarray] = {}  # by fold: a place for each of its rows, found for all of them at once

    def find(name: str) -> np.ndarray:
        if name not in nearest:
            take = loaded.of_fold(folds[name]).values.take
            learned = learned_clips(ctx, cohort, folds[name])
            nearest[name] = np.zeros(len(keys), dtype=np.int64)
            mine = np.flatnonzero(fold_of == name)
            nearest[name][mine] = made_by(ctx.condition)(readers[target](mine), take, learned)
        return nearest[name]

    def make(part: slice, draw: int = 0) -> np.ndarray:
        found = [find(key.fold)[part.start + k] for k, key in enumerate(keys[part])]
        return read([int(rows[one]) for one in found])

    return keys, make
