"""`generate`: predictions become videos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from eeg2vid.schemas.entities import EventKey, Fold
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.generators import DecodeGenerator
from eeg2vid.schemas.predictions import PREDICTIONS, PredictionKey
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS, Part
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

_CLIPS_PER_PART = 20
_GREY = 128


class GenerateSettings(Settings):
    """Settings of `generate`."""

    generator: DecodeGenerator = Field(DecodeGenerator(), description="what makes the videos")


class Generate(Stage):
    """Make a video of every predicted clip: an array and one mp4 each.

    Conditions: `mean-video` shows the mean of the fold's training clips every time, `grey` a flat
    grey: what scores without looking at the EEG at all.
    """

    name = "generate"
    Settings = GenerateSettings
    reads = {"predictions": Read(PREDICTIONS), "stimuli": Read(VIDEOS), "folds": Read(FOLDS)}
    writes = {"videos": Write(VIDEOS, "subject")}
    roles = ("vae",)
    acts = "generate"
    uses_torch = True
    divided = f"{_CLIPS_PER_PART} clips"
    panel = "Decode"
    resources = Resources(gpus=1, cpus=4, memory_gb=24, minutes=60)
    examples = ("eeg2vid generate --subject 17", "eeg2vid generate --subject 17 --condition full --device cuda")

    def run(self, ctx: Context) -> None:
        """Make the videos clip by clip."""
        import numpy as np

        from eeg2vid.stages.stimuli.video import write_mp4

        stimuli = ctx.read("stimuli")
        geometry: VideoAttributes = stimuli.attributes()
        keys = ctx.read("predictions").table("latents", PredictionKey)
        make = {"grey": _grey, "mean-video": _mean_video}.get(ctx.condition, _decoded)(ctx)
        for part, wanted in ctx.parts("videos", range(len(keys)), _CLIPS_PER_PART):
            videos = [make(index, keys[index]) for index in wanted]
            part.array("videos", "frames", np.stack(videos))
            rows = [VideoKey(clip=key.clip, event=key.event, fold=key.fold) for key in (keys[k] for k in wanted)]
            part.rows("videos", "clips", rows)
            for row, video in zip(rows, videos, strict=True):
                picture = video[:, : geometry.height, : geometry.width]
                write_mp4(part.media("videos", f"{row.event}.mp4"), picture, fps=geometry.fps)
        ctx.write("videos").attributes(geometry)


def _decoded(ctx: Context) -> Callable[[int, PredictionKey], np.ndarray]:
    """Return what decodes the latents of one event."""
    from eeg2vid.stages.pretrained.vae import decode, load_vae

    predictions = ctx.read("predictions")
    if not predictions.has("latents"):
        raise MissingInputError(
            f"{predictions.address} holds no latents; there is nothing to decode.",
            "Plan a latent mapper: a [train-mapper.<variant>] table with target = 'latents'.",
        )
    model = ctx.model("vae")
    encoded_by = predictions.attributes().targets["latents"].attributes.get("vae") or model.identity
    if encoded_by != model.identity:
        raise UsageError(
            f"{predictions.address} holds latents of another VAE ({encoded_by[:19]}) than"
            f" '{model.name}' of the model profile ({model.identity[:19]}); decoded they would be noise.",
            "Choose the profile that encoded the clips: --models, or `models` in the [study] table of eeg2vid.toml.",
        )
    vae = load_vae(model.folder, ctx.device)
    batch = ctx.settings.generator.batch
    return lambda index, _: decode(vae, predictions.read("latents", index), batch=batch)


def _grey(ctx: Context) -> Callable[[int, PredictionKey], np.ndarray]:
    import numpy as np

    flat = np.full(ctx.read("stimuli").arrays["frames"].shape[1:], _GREY, dtype=np.uint8)
    return lambda *_: flat


def _mean_video(ctx: Context) -> Callable[[int, PredictionKey], np.ndarray]:
    """Return the mean of each fold's training clips (validation included: it may be learned from)."""
    import numpy as np

    stimuli, folds = ctx.read("stimuli"), ctx.read("folds")
    place = {row.clip: index for index, row in enumerate(stimuli.table("clips", VideoKey))}
    events = folds.table("events", EventKey)
    names = [row.fold for row in folds.table("folds", Fold)]
    assignment = folds.read("assignment")
    made: dict[str, Any] = {}

    def mean_of(fold: str) -> np.ndarray:
        if fold not in made:
            learned = np.isin(assignment[names.index(fold)], (Part.TRAIN, Part.VALIDATION))
            clips = sorted({place[events[index].clip] for index in np.flatnonzero(learned)})
            total = np.zeros(stimuli.arrays["frames"].shape[1:], dtype=np.float64)
            for clip in clips:  # streamed: 1200 clips of 512 x 288 do not fit beside everything else
                total += stimuli.read("frames", clip)
            made[fold] = np.rint(total / len(clips)).astype(np.uint8)
        return made[fold]

    return lambda _, key: mean_of(key.fold)
