"""`decode`: the predicted latents through the VAE's decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.generators import DecodeGenerator
from eeg2vid.stages.generators.generator import Build, Generator
from eeg2vid.stages.pretrained.vae import decode, lay_out_for_cpu, load_vae


class Decode(Generator):
    """Every frame's latents `(channel, latent row, latent column)` to a picture.

    A GPU gets frames of several clips at a time. On a CPU, where the last bit of a picture depends on how many are
    computed together and nothing is gained by more, each clip is computed alone: its bytes depend on nothing else.
    """

    settings: DecodeGenerator

    def __init__(self, settings: DecodeGenerator, build: Build) -> None:
        super().__init__(settings, build)
        build.require_made_by("latents", "vae", "vae")
        self.vae = load_vae(build.models["vae"].folder, build.device)
        if build.device == "cpu":
            lay_out_for_cpu(self.vae)

    def make(
        self, clips: Sequence[str], values: Mapping[str, NDArray[np.float32]], *, fold: str = "", draw: int = 0
    ) -> NDArray[np.uint8]:
        """Return the decoded frames."""
        latents = values["latents"]
        together = 1 if self.build.device == "cpu" else max(1, self.settings.batch // latents.shape[1])
        made = []
        for start in range(0, len(latents), together):
            some = latents[start : start + together]
            frames = decode(self.vae, some.reshape(-1, *some.shape[2:]), batch=self.settings.batch)
            made.append(frames.reshape(*some.shape[:2], *frames.shape[1:]))
        return np.concatenate(made)
