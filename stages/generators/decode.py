"""`decode`: the predicted latents through the VAE's decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
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
        model = build.models["vae"]
        encoded_by = build.facts["latents"].attributes.get("vae") or model.identity
        if encoded_by != model.identity:
            raise UsageError(
                f"{build.where} holds latents of another VAE ({str(encoded_by)[:19]}) than"
                f" '{model.name}' of the model profile ({model.identity[:19]}); decoded they would be noise.",
                "Choose the profile that encoded the clips: `models`, for this run or in the [study] table of"
                " eeg2vid.toml.",
            )
        self.vae = load_vae(model.folder, build.device)
        if build.device == "cpu":
            lay_out_for_cpu(self.vae)

    def make(self, clips: Sequence[str], values: Mapping[str, NDArray[np.float32]]) -> NDArray[np.uint8]:
        """Return the decoded frames."""
        latents = values["latents"]
        together = 1 if self.build.device == "cpu" else max(1, self.settings.batch // latents.shape[1])
        made = []
        for start in range(0, len(latents), together):
            some = latents[start : start + together]
            frames = decode(self.vae, some.reshape(-1, *some.shape[2:]), batch=self.settings.batch)
            made.append(frames.reshape(*some.shape[:2], *frames.shape[1:]))
        return np.concatenate(made)
