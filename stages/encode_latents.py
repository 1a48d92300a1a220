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

_CLIPS_PER_PART = 20


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
    divided = f"{_CLIPS_PER_PART} clips"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=15)
    cites = ("rombach2022ldm",)
    examples = ("eeg2vid encode-latents --models sd --device cuda",)

    def run(self, ctx: Context) -> None:
        """Stream the clips through the encoder."""
        from eeg2vid.stages.diffusion.vae import encode, load_vae

        settings: EncodeLatentsSettings = ctx.settings
        stimuli = ctx.read("stimuli")
        geometry: VideoAttributes = stimuli.attributes()
        vae = load_vae(ctx.model("vae").folder, ctx.device)
        keys = stimuli.table("clips", VideoKey)
        for part, clips in ctx.parts("clips", range(len(keys)), _CLIPS_PER_PART):
            videos = stimuli.read("frames", slice(clips[0], clips[-1] + 1))
            encoded = encode(vae, videos.reshape(-1, *videos.shape[2:]), batch=settings.batch)
            latents = encoded.reshape(*videos.shape[:2], *encoded.shape[1:])
            part.array("latents", "latents", latents.astype(settings.precision))
            part.rows("latents", "clips", [ClipKey(clip=keys[k].clip) for k in clips])
        ctx.write("latents").attributes(
            LatentAttributes(
                fps=geometry.fps,
                height=geometry.height,
                width=geometry.width,
                scaling_factor=float(vae.config.scaling_factor),
                vae=ctx.model("vae").identity,
            )
        )
