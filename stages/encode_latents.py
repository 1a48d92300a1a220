"""`encode-latents`: clips become VAE latents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.latents import LATENTS, LatentAttributes
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.engine.context import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write


class EncodeLatentsSettings(Settings):
    """Settings of `encode-latents`."""

    batch: int = Field(24, ge=1, le=4096, description="frames at a time")
    precision: Literal["float16", "float32"] = Field("float32", description="precision of the stored latents")


class EncodeLatents(Stage):
    """Encode every frame with the profile's VAE: posterior means, times the scaling factor.

    Pictures enter in [-1, 1]. Any diffusers AutoencoderKL will do (`--models`).
    """

    name = "encode-latents"
    Settings = EncodeLatentsSettings
    reads = {"stimuli": Read(VIDEOS)}
    writes = {"latents": Write(LATENTS, "study")}
    roles = ("vae",)
    uses_torch = True
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=15)
    cites = ("rombach2022ldm",)
    examples = ("eeg2vid encode-latents --models sd --device cuda",)

    def run(self, ctx: Context) -> None:
        """Stream the clips through the encoder."""
        from eeg2vid.stages.diffusion.vae import encode, factor, load_vae

        settings: EncodeLatentsSettings = ctx.settings
        stimuli = ctx.read("stimuli")
        geometry: VideoAttributes = stimuli.attributes()
        vae = load_vae(ctx.model("vae").folder, ctx.device)
        clips, frames, rows, columns, _ = stimuli.arrays["frames"].shape
        step = factor(vae)
        shape = (clips, frames, int(vae.config.latent_channels), rows // step, columns // step)
        out = ctx.write("latents")
        latents = out.create("latents", shape, settings.precision)
        for index in ctx.track("encode-latents: clips", range(clips), clips):
            encoded = encode(vae, stimuli.read("frames", index), batch=settings.batch)
            latents[index] = encoded.astype(settings.precision)
        out.table("clips", [ClipKey(clip=row.clip) for row in stimuli.table("clips", VideoKey)])
        out.attributes(
            LatentAttributes(
                fps=geometry.fps,
                height=geometry.height,
                width=geometry.width,
                scaling_factor=float(vae.config.scaling_factor),
            )
        )
