"""Settings of the generator `decode`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.generators.generator import Generator


class DecodeGenerator(Generator):
    """The predicted latents through the VAE's decoder, frame by frame; no generative prior."""

    version = 2  # channels last on a CPU: last bits differ
    builds = "eeg2vid.stages.generators.decode:Decode"
    cites = ("rombach2022ldm",)
    roles = ("vae",)
    targets = ("latents",)

    name: Literal["decode"] = "decode"
    batch: int = Field(24, ge=1, le=4096, description="frames at a time")

    def methods(self) -> str:
        """Return how frames come about."""
        return "the VAE's decoder, frame by frame from the decoded latents, without a generative prior"
