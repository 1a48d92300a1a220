"""`finetune-video`: a picture network becomes one of clips, on the training clips of each fold."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from eeg2vid.schemas.embeddings import EMBEDDINGS
from eeg2vid.schemas.finetuning import TuningSettings
from eeg2vid.schemas.generators.sampling import SamplingSettings
from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.schemas.latents import LATENTS
from eeg2vid.schemas.recordings import CLIPS, EVENTS
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.video_models import VIDEO_MODELS
from eeg2vid.schemas.videos import VIDEOS
from eeg2vid.stages.cohort.learned import BLOCK
from eeg2vid.stages.decoding.tuning import tune_folds
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Printed, Read, Resources, Stage, Write

_TEXT = ("tokenizer", "text_encoder")
_MINUTES = 180  # a model: 4000 steps of 60 frames at .385 TFLOP forward, three times that in all, at 30 TFLOP a second


class FinetuneVideoSettings(TuningSettings):
    """Settings of `finetune-video`."""

    clips: str = Field(
        "training",
        pattern=rf"^(training|{BLOCK}.+)$",
        description="what is learned: 'training', the clips that train in the fold and test in nobody; "
        "'block:1' or 'block:1,2', those of named blocks in every fold (the published code: block 1)",
    )
    allow_leak: bool = Field(
        False, description="learn named blocks where they are tested, too, and have all that is made of it stamped"
    )
    validation_in_training: bool = Field(False, description="also learn the clips that validate")
    folds: str = Field("all", description="all, last, or fold names separated by commas: one model each")
    inflation: InflationSettings = Field(
        InflationSettings(), description="how the picture network becomes one of clips, and what of it is trained"
    )
    fast_scores: Literal["data-set", "flow"] = Field(
        "data-set",
        description="motion scores that tell slow from fast clips: the data set's own, or what split-videos --motion "
        "found",
    )
    fast_threshold: float | None = Field(
        None, gt=0, description="motion score from which a clip is fast; none: median of the clips learned"
    )
    sample_every: int = Field(
        0, ge=0, le=10_000_000, description="steps, in whole passes, between sheets of what the model makes; 0: none"
    )
    sample_clips: int = Field(4, ge=1, le=64, description="validation clips on a sheet, training clips where none are")
    sampling: SamplingSettings = Field(SamplingSettings(), description="how the clips of sheets are made")
    seed: int = Field(0, ge=0, lt=2**63, description="of order, noise, times and captions left out")

    @field_validator("allow_leak")
    @classmethod
    def _of_blocks(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("clips", BLOCK).startswith(BLOCK):
            raise ValueError("it is for named blocks; of the training clips none is learned that is tested")
        return value


class FinetuneVideo(Stage):
    """Tune the profile's picture network to make clips of captions: one model per fold, of clips that train in it.

    The network gets attention over time and looks from frame to frame; what is trained and kept is that, not a copy
    of the network. No EEG is read, only which clips are tested: those are learned in nobody's name. How far apart the
    frames of a clip are is said where clips are cut (`split-videos`). A batch is divided among all GPUs that PyTorch
    sees, unless one is named (--device cuda:0). Stable Diffusion's state is 0.9 GB: save it less often, --save-every
    600. On one GPU of 24 GB, a batch of 10 clips of 6 x 288 x 512 px takes --precision bfloat16 and --pieces 5.
    """

    name = "finetune-video"
    Settings = FinetuneVideoSettings
    reads = {
        "latents": Read(LATENTS),
        "text": Read(EMBEDDINGS),
        "clips": Read(CLIPS),
        "stimuli": Read(VIDEOS),
        "events": Read(EVENTS, whose="all", eeg=True),
        "folds": Read(FOLDS, whose="all", eeg=True),
    }
    writes = {"video_models": Write(VIDEO_MODELS, "study")}
    roles = ("unet", "scheduler", *_TEXT, "vae")
    uses_torch = True
    panel = "Decode"
    trains = True
    divided = "one fold"
    prints = Printed(
        "video_models", "models", ("fold", "clips", "left_out", "steps", "parameters", "train_loss", "validation_loss")
    )
    resources = Resources(gpus=1, cpus=4, memory_gb=24, minutes=7 * _MINUTES)
    cites = ("wu2023tuneavideo", "liu2024eeg2video", "rombach2022ldm")
    examples = (
        "eeg2vid finetune-video --models sd --device cuda --precision bfloat16 --folds last",
        "eeg2vid finetune-video --models sd --device cuda --shard 2/7",
        "eeg2vid finetune-video --clips block:1 --noise iid --caption-dropout 0 --set inflation.group_norm=clip",
    )

    def needs(self, settings: FinetuneVideoSettings, condition: str, unit: Per) -> Needs:
        """Read motion scores that were measured, and load the text encoder for no caption, only where they are used."""
        needs = super().needs(settings, condition, unit)
        number = {"all": 7, "last": 1}.get(settings.folds, len(settings.folds.split(",")))
        needs = replace(needs, resources=replace(needs.resources, minutes=number * _MINUTES))
        measured = settings.by_motion() and settings.fast_scores == "flow"
        needs = needs if measured else needs.without("stimuli")
        empty = _TEXT if settings.caption_dropout or settings.sample_every else ()
        vae = ("vae",) if settings.sample_every else ()
        return needs.using(("unet", "scheduler", *empty, *vae))

    def run(self, ctx: Context) -> None:
        """Tune a model in every fold."""
        tune_folds(ctx, "video_models")
