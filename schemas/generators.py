"""Settings of the generators: what turns predictions into videos."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.settings import Settings


class DecodeGenerator(Settings):
    """The predicted latents through the VAE's decoder, frame by frame; no generative prior."""

    name: Literal["decode"] = "decode"
    batch: int = Field(24, ge=1, le=4096, description="frames at a time")
