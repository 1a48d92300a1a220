"""The generator: decoded values in, uint8 pictures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.generators.generator import Build, Generator
from eeg2vid.stages.pretrained.vae import decode, lay_out_for_cpu, load_vae
from eeg2vid_gru.settings import SteadySettings


class Steady(Generator):
    """The mean of a clip's latents, decoded once and held."""

    def __init__(self, settings: SteadySettings, build: Build) -> None:
        super().__init__(settings, build)
        build.require_made_by("latents", "vae", "vae")  # latents of another VAE would decode to noise
        self.vae = load_vae(build.models["vae"].folder, build.device)
        if build.device == "cpu":
            lay_out_for_cpu(self.vae)

    def make(
        self, clips: Sequence[str], values: Mapping[str, NDArray[np.float32]], *, fold: str = "", draw: int = 0
    ) -> NDArray[np.uint8]:
        """Return the videos, clip by clip: the last bit of a picture depends on how many are decoded together."""
        means = values["latents"].mean(axis=1)
        pictures = [decode(self.vae, mean[None], batch=1) for mean in means]
        return np.repeat(np.stack(pictures), self.build.shape[0], axis=1)
