"""VAE latents of clips."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import ClipKey


class LatentAttributes(Attributes):
    """How the latents were made; needed to turn them back into frames."""

    fps: float = Field(gt=0)
    height: int = Field(gt=0, description="rows of the picture without padding, px")
    width: int = Field(gt=0, description="columns of the picture without padding, px")
    scaling_factor: float = Field(gt=0, description="latents are what the VAE's posterior gives times this")
    posterior: Literal["mean", "sample"] = Field("mean", description="what of the VAE's posterior was taken")
    vae: str = Field("", description="identity of the VAE's weights; only the same VAE can decode; '' if unknown")


LATENTS = Schema(
    name="latents",
    version=1,
    doc="Scaled VAE latents of every frame: posterior means, or samples; pictures in [-1, 1].",
    arrays={
        "latents": ArraySpec(
            dims=("clip", "frame", "channel", "latent_row", "latent_column"),
            dtypes=("float16", "float32"),
            unit="1",
            doc="latents x scaling factor",
        ),
        "channel_mean": ArraySpec(
            dims=("clip", "channel"), dtypes=("float32",), unit="1", doc="mean over a clip's frames", optional=True
        ),
        "channel_std": ArraySpec(
            dims=("clip", "channel"), dtypes=("float32",), unit="1", doc="deviation over a clip's frames", optional=True
        ),
    },
    tables={"clips": ClipKey},
    index={"clip": "clips"},
    attributes=LatentAttributes,
)
