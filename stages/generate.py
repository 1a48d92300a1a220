"""`generate`: predictions become videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydantic import Field

from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.entities import EventKey, Fold
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.generators import AnyGenerator, DecodeGenerator
from eeg2vid.schemas.predictions import PREDICTIONS, PredictionKey
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS, Part
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey, key_alone
from eeg2vid.stages.cohort.folds import chosen_folds
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Read, Resources, Stage, Write
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.store.rows import row_reader, whole_pieces

if TYPE_CHECKING:
    import numpy as np

_CLIPS_PER_PART = 20
Make = Callable[[slice], "np.ndarray"]


class GenerateSettings(Settings):
    """Settings of `generate`."""

    generator: AnyGenerator = Field(DecodeGenerator(), description="what makes the videos")
    folds: str = Field("all", description="all, last, or fold names separated by commas; of those that were decoded")


class Generate(Stage):
    """Make a video of every predicted clip: an array and one mp4 each.

    Conditions: `mean-video` shows the mean of the fold's training clips every time, `grey` a flat
    grey: what scores without looking at the EEG at all. They read no predictions.
    """

    name = "generate"
    version = 2
    Settings = GenerateSettings
    reads = {"predictions": Read(PREDICTIONS, eeg=True), "stimuli": Read(VIDEOS), "folds": Read(FOLDS, eeg=True)}
    writes = {"videos": Write(VIDEOS, "subject")}
    roles = ("vae",)
    acts = "generate"
    uses_torch = True
    divided = f"{_CLIPS_PER_PART} clips"
    panel = "Decode"
    resources = Resources(gpus=1, cpus=4, memory_gb=24, minutes=60)
    examples = ("eeg2vid generate --subject 17", "eeg2vid generate --subject 17 --condition full --device cuda")

    def needs(self, settings: GenerateSettings, condition: str, unit: Per) -> Needs:
        """Read no predictions, and load no model, where other clips are shown instead."""
        needs = super().needs(settings, condition, unit)
        if condition != FULL and "clips" in CONDITIONS[condition].replaces:
            return replace(needs.without("predictions"), roles=())
        return replace(needs, roles=type(settings.generator).roles)

    def upgraded_settings(self, settings: dict[str, Any], version: int) -> dict[str, Any] | None:
        """Version 1 made all decoded folds."""
        return {"folds": "all", **settings} if version == 1 else super().upgraded_settings(settings, version)

    def run(self, ctx: Context) -> None:
        """Make the videos, a part's frames at a time."""
        from eeg2vid.stages.stimuli.video import write_mp4

        geometry: VideoAttributes = ctx.read("stimuli").attributes()
        keys, make = _shown_instead(ctx) if _shows_others(ctx) else _generated(ctx)
        for part, wanted in ctx.parts("videos", range(len(keys)), _CLIPS_PER_PART):
            videos, rows = make(slice(wanted[0], wanted[-1] + 1)), [keys[k] for k in wanted]
            part.array("videos", "frames", videos)
            part.rows("videos", "clips", rows)
            for row, video in zip(rows, videos, strict=True):
                picture = video[:, : geometry.height, : geometry.width]
                write_mp4(part.media("videos", f"{row.event}.mp4"), picture, fps=geometry.fps)
        ctx.write("videos").attributes(geometry)


def _shows_others(ctx: Context) -> bool:
    return ctx.condition != FULL and "clips" in CONDITIONS[ctx.condition].replaces


def _generated(ctx: Context) -> tuple[list[VideoKey], Make]:
    """Return what the generator makes videos of, and how: values are read a part at a time."""
    from eeg2vid.stages.generators.generator import Build, Model

    settings, predictions = ctx.settings, ctx.read_optional("predictions")
    if predictions is None:
        raise MissingInputError(
            f"{ctx.node}: without EEG nothing is decoded here.",
            "Import what was decoded elsewhere:\n  eeg2vid import FOLDER --as videos --to generate/NAME --subject 1",
        )
    targets = type(settings.generator).targets
    for target in targets:
        if not predictions.has(target):
            raise MissingInputError(
                f"{predictions.address} holds no {target}; there is nothing to decode.",
                f"Plan a mapper to them: a [train-mapper.<variant>] table with targets = ['{target}'].",
            )
    wanted = chosen_folds(ctx.read("folds"), settings.folds)
    tables = {target: predictions.table(target, PredictionKey) for target in targets}
    places = {t: {(row.fold, row.event): k for k, row in enumerate(rows)} for t, rows in tables.items()}
    shared = [row for row in tables[targets[0]] if all((row.fold, row.event) in one for one in places.values())]
    keys = [VideoKey(clip=row.clip, event=row.event, fold=row.fold) for row in shared if row.fold in wanted]
    rows = {target: [place[key.fold, key.event] for key in keys] for target, place in places.items()}
    models = {role: ctx.model(role) for role in type(settings.generator).roles}
    generator = settings.generator.built()(
        settings.generator,
        Build(
            models={role: Model(m.name, m.identity, m.folder) for role, m in models.items()},
            facts=predictions.attributes().targets,
            shape=tuple(ctx.read("stimuli").entries["frames"].shape[1:]),
            device=ctx.device,
            seed=ctx.seed,
            where=str(predictions.address),
        ),
    )

    readers = {target: row_reader(predictions.lazy(target)) for target in targets}

    def make(part: slice) -> np.ndarray:
        values = {target: read(rows[target][part]) for target, read in readers.items()}
        videos: np.ndarray = generator.make([key.clip for key in keys[part]], values)
        return videos

    return keys, make


def _shown_instead(ctx: Context) -> tuple[list[VideoKey], Make]:
    """Return the test clips of the folds, and what a condition shows instead of them."""
    import numpy as np

    from eeg2vid.stages.conditions.stimuli import Stimuli

    stimuli = ctx.read("stimuli")
    place = {row.clip: index for index, row in enumerate(stimuli.table("clips", VideoKey))}
    if folds := ctx.read_optional("folds"):
        keys, learned = _tested(folds, ctx.settings.folds, place)
    else:  # clips alone: nothing was learned from any of them, so all may be looked at
        keys = [key_alone(clip) for clip in place]
        learned = {keys[0].fold: np.arange(len(place))}
    frames = stimuli.lazy("frames")

    def stream() -> Iterator[tuple[int, np.ndarray]]:
        step = whole_pieces(frames, _CLIPS_PER_PART)
        for start in range(0, len(place), step):
            yield start, frames[start : start + step]

    module, _, function = CONDITIONS[ctx.condition].maker.partition(":")
    show = getattr(import_module(module), function)(Stimuli(tuple(frames.shape[1:]), learned, stream))
    return keys, lambda part: show([key.fold for key in keys[part]])


def _tested(folds: Artifact, wanted: str, place: Mapping[str, int]) -> tuple[list[VideoKey], dict[str, np.ndarray]]:
    """Return the test clips of the wanted folds; by fold, where the clips stand from which it may learn."""
    import numpy as np

    events, names = folds.table("events", EventKey), [row.fold for row in folds.table("folds", Fold)]
    assignment = folds.read("assignment")
    keys, learned = [], {}
    for fold in chosen_folds(folds, wanted):
        part = assignment[names.index(fold)]
        tested = [events[k] for k in np.flatnonzero(part == Part.TEST)]
        keys += [VideoKey(clip=event.clip, event=event.event, fold=fold) for event in tested]
        known = np.flatnonzero(np.isin(part, (Part.TRAIN, Part.VALIDATION)))
        learned[fold] = np.array(sorted({place[events[k].clip] for k in known}), dtype=np.int64)
    return keys, learned
