"""`generate`: predictions become videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from eeg2vid.schemas.conditions import CONDITIONS, makes_at
from eeg2vid.schemas.generators import AnyGenerator, DecodeGenerator
from eeg2vid.schemas.predictions import PREDICTIONS
from eeg2vid.schemas.recordings import EVENTS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.video_models import VIDEO_MODELS
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.decoding.conditioned import why_no_clips
from eeg2vid.stages.decoding.generating import (
    CLIPS_AT_ONCE,
    Make,
    batches_of,
    generated,
    nearest_shown,
    shown_instead,
    true_frames,
)
from eeg2vid.stages.decoding.needs import TARGETS
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Read, Resources, Stage, Upstream, Write
from eeg2vid.stages.store.files import link_or_copy
from eeg2vid.stages.targets.table import find_targets

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.store.part import WorkPart

_BESIDES = {"video_models": Read(VIDEO_MODELS)}  # what generators may read besides their targets


class GenerateSettings(Settings):
    """Settings of `generate`."""

    generator: AnyGenerator = Field(DecodeGenerator(), description="what makes the videos")
    folds: str = Field("all", description="all, last, or fold names separated by commas; of those that were decoded")


class Generate(Stage):
    """Make a video of every predicted clip: an array and one mp4 each.

    `decode` sends decoded latents through the VAE. `inflated` lets the network that `finetune-video` tuned (or the
    picture network) make clips of decoded text, latents and motion; where it was stopped it goes on at the next batch
    of clips. Sheets show true frames beside decoded ones.

    Conditions: `mean-video` shows the mean of the fold's training clips every time, `grey` a flat
    grey: what scores without looking at the EEG at all. They read no predictions. `frozen-frame` holds the first
    decoded frame, `nearest-training-video` shows a training clip. `true-latents`, `true-text` and `true-motion` are
    ceilings, `no-text`, `no-seq2seq` and `no-dana` leave a decoder out.
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
        **_BESIDES,
    }
    writes = {"videos": Write(VIDEOS, "subject")}
    roles = ("vae", "unet", "scheduler", "text_encoder", "tokenizer")
    acts = "generate"
    uses_torch = True
    divided = f"{CLIPS_AT_ONCE} clips of a fold"
    panel = "Decode"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=60)
    examples = (
        "eeg2vid generate --subject 17",
        "eeg2vid generate --subject 17 --generator inflated --device cuda --set generator.precision=bfloat16",
        "eeg2vid generate --variant eeg2video~true-text --shard 1/4",
    )

    def needs(self, settings: GenerateSettings, condition: str, unit: Per) -> Needs:
        """Read no predictions, load no model, where other clips are shown; true values where they are asked for."""
        generator, needs = settings.generator, super().needs(settings, condition, unit)
        besides = {role: read for role, read in _BESIDES.items() if role in generator.also_reads()}
        plain = replace(
            needs.without("events", *_BESIDES, *(role for role in TARGETS if role != "stimuli")),
            roles=type(generator).roles,
        )
        makes = makes_at("generate", condition)
        if makes == "videos" and not CONDITIONS[condition].reads:
            return replace(plain.without("predictions"), roles=())
        if makes not in ("videos", "values"):
            return plain.reading(**besides)
        targets = generator.reads_targets()
        true = targets[:1] if makes == "videos" else _replaced(settings, condition)
        reads = {role: read for target in true for role, read in _true_reads(target, settings).items()}
        known = plain.reading(**reads, events=self.reads["events"])
        if makes == "videos":
            return replace(known, roles=())
        known = known.reading(**besides)
        needed = "fast" in true or set(targets) - set(CONDITIONS[condition].replaces)
        return known if needed else known.without("predictions")

    def refuses(self, settings: GenerateSettings, condition: str, upstream: Upstream) -> str:
        """Refuse to replace targets that are not read, or cannot be done without, and to show clips that nobody saw."""
        generator, name = settings.generator, settings.generator.name
        targets = generator.reads_targets()
        if makes_at("generate", condition) == "values":
            for target, what in CONDITIONS[condition].replaces.items():
                if target not in targets:
                    return f"generator '{name}' reads no {target}, only {', '.join(targets)}"
                if what == "none" and target not in generator.without:
                    return f"generator '{name}' makes nothing without {target}"
        return why_no_clips(upstream) if "predictions" in CONDITIONS[condition].reads else ""

    def upgraded_settings(self, settings: dict[str, Any], version: int) -> dict[str, Any] | None:
        """Version 1 made all decoded folds."""
        return {"folds": "all", **settings} if version == 1 else super().upgraded_settings(settings, version)

    def run(self, ctx: Context) -> None:
        """Make the videos, a part's frames at a time."""
        import numpy as np

        from eeg2vid.stages.diffusion.memory import GIB, forget_peak, peak_bytes

        generator, geometry = ctx.settings.generator, ctx.read("stimuli").attributes()
        keys, make = _shown(ctx)
        instead = makes_at("generate", ctx.condition) == "videos"
        draws = 1 if instead else generator.draws()
        true = None if instead else true_frames(ctx)
        batches = batches_of(keys, generator.together())
        forget_peak(ctx.device)
        for part, [batch] in ctx.parts("videos", batches):
            rows, videos = keys[batch], [make(batch, draw) for draw in range(draws)]
            part.rows("videos", "clips", rows)
            part.array("videos", "frames", videos[0])
            if draws > 1:
                part.array("videos", "samples", np.stack(videos[1:], axis=1))
            for draw, films in enumerate(videos):
                another = f".{draw + 1}" if draw else ""
                _write_films(part, [f"{row.event}{another}.mp4" for row in rows], films, geometry)
            if true is not None:
                _write_sheet(part, f"sheet-{batches.index(batch):04d}.png", true(rows), videos[0], geometry)
        if not instead and "unet" in generator.roles:
            ctx.reporter.remark(
                f"{ctx.node}: {peak_bytes(ctx.device) / GIB:.1f} GiB of memory were needed on {ctx.device}"
            )
        ctx.write("videos").attributes(geometry)


def _write_films(part: WorkPart, names: Sequence[str], videos: np.ndarray, geometry: VideoAttributes) -> None:
    """Write an mp4 of each video; equal ones are one file's content (a mean video is many clips')."""
    from eeg2vid.stages.stimuli.mp4 import write_mp4
    from eeg2vid.stages.store.chunks import mark_of

    written: dict[tuple[int, ...], Path] = {}
    for name, video in zip(names, videos, strict=True):
        film = part.media("videos", name)
        if (same := written.setdefault(mark_of(video), film)) != film:
            link_or_copy(same, film)
        else:
            write_mp4(film, video[:, : geometry.height, : geometry.width], fps=geometry.fps)


def _write_sheet(part: WorkPart, name: str, true: np.ndarray, decoded: np.ndarray, geometry: VideoAttributes) -> None:
    """Write a picture of some clips, true frames beside decoded ones: to be looked at."""
    from eeg2vid.stages.stimuli.contact_sheet import write_sheet

    cut = (slice(None), slice(None), slice(geometry.height), slice(geometry.width))
    write_sheet(part.media("videos", name), true[cut], decoded[cut])


def _true_reads(target: str, settings: GenerateSettings) -> dict[str, Read]:
    """Return what a target's true values are read from; those of motion are cut as its decoder learned it."""
    if target == "fast":
        return {"clips": TARGETS["clips"]}
    [found] = find_targets([target])
    return found.reads(settings)


def _shown(ctx: Context) -> tuple[list[VideoKey], Make]:
    """Return the rows of the videos, and what makes them."""
    if makes_at("generate", ctx.condition) != "videos":
        return generated(ctx)
    return nearest_shown(ctx) if CONDITIONS[ctx.condition].reads else shown_instead(ctx)


def _replaced(settings: GenerateSettings, condition: str) -> list[str]:
    """Return the generator's targets whose true values a condition gives it."""
    replaces = CONDITIONS[condition].replaces
    return [target for target in settings.generator.reads_targets() if replaces.get(target) == "true"]
