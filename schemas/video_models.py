"""Tuned video models: an adapter for each fold, and how its training went."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import Attributes, Schema
from eeg2vid.schemas.entities import Label, Row


class VideoModel(Row):
    """One tuned model and what it learned from."""

    fold: str
    path: str
    clips: int = Field(description="learned from")
    left_out: int = Field(description="clips that train in somebody and were not learned, for they test in another")
    validation_clips: int = Field(description="on which the loss was told besides")
    steps: int
    parameters: int = Field(description="trained")
    train_loss: float = Field(description="mean over the last pass")
    validation_loss: float | None = Field(None, description="after it, on the validation clips")


class TunedPass(Row):
    """One pass through the clips of one model."""

    path: str = Field(description="the model's")
    step: int = Field(description="steps done after it")
    train_loss: float
    validation_loss: float | None = None


class LearnedClip(Row):
    """One clip that one model learned."""

    path: str = Field(description="the model's")
    clip: Label


class VideoModelAttributes(Attributes):
    """What the models go with."""

    base: str = Field(description="identity of the picture network's weights")
    prediction: str = Field(description="what it predicts: epsilon or v_prediction")
    vae: str = Field("", description="identity of the VAE of the latents; only the same VAE can decode; '' if unknown")
    text_encoder: str = Field("", description="identity of the text encoder of the captions; '' if unknown")
    frames: int = Field(ge=1, description="of a clip")
    fps: float = Field(gt=0, description="of the clips")
    noise: str = Field(description="iid: each frame its own; mixed: a part of it shared by the frames")


VIDEO_MODELS = Schema(
    name="video-models",
    version=1,
    doc="Adapters that make a picture network one of clips, tuned on the training clips of each fold: models/<fold>/.",
    tables={"models": VideoModel, "history": TunedPass, "clips": LearnedClip},
    attributes=VideoModelAttributes,
    models=True,
    media=True,
)
