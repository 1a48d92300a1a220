"""`generate`: predictions become videos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from eeg2vid.schemas.conditions import CONDITIONS, makes_at
from eeg2vid.schemas.generators import AnyGenerator, DecodeGenerator
from eeg2vid.schemas.predictions import PREDICTIONS
from eeg2vid.schemas.recordings import EVENTS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.decoding.conditioned import why_no_clips
from eeg2vid.stages.decoding.generating import CLIPS_PER_PART, Make, generated, nearest_shown, shown_instead
from eeg2vid.stages.decoding.needs import TARGETS
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Read, Resources, Stage, Upstream, Write
from eeg2vid.stages.store.files import link_or_copy
from eeg2vid.stages.targets.table import find_targets


class GenerateSettings(Settings):
    """Settings of `generate`."""

    generator: AnyGenerator = Field(DecodeGenerator(), description="what makes the videos")
    folds: str = Field("all", description="all, last, or fold names separated by commas; of those that were decoded")


class Generate(Stage):
    """Make a video of every predicted clip: an array and one mp4 each.

    Conditions: `mean-video` shows the mean of the fold's training clips every time, `grey` a flat
    grey: what scores without looking at the EEG at all. They read no predictions. `frozen-frame` holds the first
    decoded frame, `nearest-training-video` shows a training clip, `true-latents` is the ceiling of the generator.
    """

    name = "generate"
    version = 2
    Settings = GenerateSettings
    reads = {
        "predictions": Read(PREDICTIONS, eeg=True),
        "stimuli": Read(VIDEOS),
        "folds": Read(FOLDS, eeg=True),
        "events": Read(EVENTS, eeg=True),
        **{role: read for role, read in TARGETS.items() if role != "stimuli"},
    }
    writes = {"videos": Write(VIDEOS, "subject")}
    roles = ("vae",)
    acts = "generate"
    uses_torch = True
    divided = f"{CLIPS_PER_PART} clips"
    panel = "Decode"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=60)
    examples = ("eeg2vid generate --subject 17", "eeg2vid generate --subject 17 --condition full --device cuda")

    def needs(self, settings: GenerateSettings, condition: str, unit: Per) -> Needs:
        """Read no predictions, load no model, where other clips are shown; true values where they are asked for."""
        generator, needs = type(settings.generator), super().needs(settings, condition, unit)
        plain = replace(
            needs.without("events", *(role for role in TARGETS if role != "stimuli")), roles=generator.roles
        )
        makes = makes_at("generate", condition)
        if makes == "videos" and not CONDITIONS[condition].reads:
            return replace(plain.without("predictions"), roles=())
        if makes not in ("videos", "values"):
            return plain
        true = generator.targets[:1] if makes == "videos" else _replaced(settings, condition)
        reads = {role: read for target in find_targets(true) for role, read in target.reads(settings).items()}
        known = plain.reading(**reads, events=self.reads["events"])
        if makes == "videos":
            return replace(known, roles=())
        kept = set(generator.targets) - set(CONDITIONS[condition].replaces)
        return known if kept else known.without("predictions")

    def refuses(self, settings: GenerateSettings, condition: str, upstream: Upstream) -> str:
        """Refuse to replace targets that are not read, or cannot be done without, and to show clips that nobody saw."""
        generator, name = type(settings.generator), settings.generator.name
        if makes_at("generate", condition) == "values":
            for target, what in CONDITIONS[condition].replaces.items():
                if target not in generator.targets:
                    return f"generator '{name}' reads no {target}, only {', '.join(generator.targets)}"
                if what == "none" and target not in generator.without:
                    return f"generator '{name}' makes nothing without {target}"
        return why_no_clips(upstream) if "predictions" in CONDITIONS[condition].reads else ""

    def upgraded_settings(self, settings: dict[str, Any], version: int) -> dict[str, Any] | None:
        """Version 1 made all decoded folds."""
        return {"folds": "all", **settings} if version == 1 else super().upgraded_settings(settings, version)

    def run(self, ctx: Context) -> None:
        """Make the videos, a part's frames at a time."""
        from eeg2vid.stages.stimuli.mp4 import write_mp4
        from eeg2vid.stages.store.chunks import mark_of

        geometry: VideoAttributes = ctx.read("stimuli").attributes()
        keys, make = _shown(ctx)
        for part, wanted in ctx.parts("videos", range(len(keys)), CLIPS_PER_PART):
            videos, rows = make(slice(wanted[0], wanted[-1] + 1)), [keys[k] for k in wanted]
            part.array("videos", "frames", videos)
            part.rows("videos", "clips", rows)
            written: dict[tuple[int, ...], Path] = {}  # a mean video is many clips' one
            for row, video in zip(rows, videos, strict=True):
                picture, film = video[:, : geometry.height, : geometry.width], part.media("videos", f"{row.event}.mp4")
                if (same := written.setdefault(mark_of(video), film)) != film:
                    link_or_copy(same, film)
                else:
                    write_mp4(film, picture, fps=geometry.fps)
        ctx.write("videos").attributes(geometry)


def _shown(ctx: Context) -> tuple[list[VideoKey], Make]:
    """Return the rows of the videos, and what makes them."""
    if makes_at("generate", ctx.condition) != "videos":
        return generated(ctx)
    return nearest_shown(ctx) if CONDITIONS[ctx.condition].reads else shown_instead(ctx)


def _replaced(settings: GenerateSettings, condition: str) -> list[str]:
    """Return the generator's targets whose true values a condition gives it."""
    replaces = CONDITIONS[condition].replaces
    return [target for target in type(settings.generator).targets if replaces.get(target) == "true"]
