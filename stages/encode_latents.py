"""`encode-latents`: clips become VAE latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.latents import LATENTS, LatentAttributes
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write

if TYPE_CHECKING:
    import numpy as np

_CLIPS_PER_PART = 20


class EncodeLatentsSettings(Settings):
    """Settings of `encode-latents`."""

    batch: int = Field(24, ge=1, le=4096, description="frames at a time")
    posterior: Literal["mean", "sample"] = Field("mean", description="what to take of the VAE's posterior")
    seed: int = Field(0, ge=0, description="of the samples")
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        "float32", description="what the VAE computes in; below float32 in mixed precision"
    )
    stored: Literal["float16", "float32"] = Field("float32", description="precision of the stored latents")


class EncodeLatents(Stage):
    """Encode every frame with the profile's VAE: its posterior's mean or a sample, times the scaling factor.

    Pictures enter in [-1, 1]. Any diffusers AutoencoderKL will do (`--models`). Mean and deviation of each channel
    are kept clip by clip, so that those of a fold's training clips can be had alone.
    """

    name = "encode-latents"
    version = 2
    Settings = EncodeLatentsSettings
    reads = {"stimuli": Read(VIDEOS)}
    writes = {"latents": Write(LATENTS, "study")}
    roles = ("vae",)
    uses_torch = True
    divided = f"{_CLIPS_PER_PART} clips"
    panel = "Clips"
    resources = Resources(gpus=1, cpus=4, memory_gb=8, minutes=15)
    cites = ("rombach2022ldm",)
    examples = (
        "eeg2vid encode-latents --models sd --device cuda",
        "eeg2vid encode-latents --models sd --device cuda --precision bfloat16 --batch 96",
        "eeg2vid encode-latents --posterior sample --seed 1",
    )

    def run(self, ctx: Context) -> None:
        """Stream the clips through the encoder."""
        from eeg2vid.stages.engine.streaming import stream_videos
        from eeg2vid.stages.pretrained.latent_statistics import channel_statistics
        from eeg2vid.stages.pretrained.vae import encode, load_vae

        settings: EncodeLatentsSettings = ctx.settings
        geometry: VideoAttributes = ctx.read("stimuli").attributes()
        vae = load_vae(ctx.model("vae").folder, ctx.device)
        for part, keys, videos in stream_videos(ctx, "stimuli", _CLIPS_PER_PART, padded=True):
            frames = videos.reshape(-1, *videos.shape[2:])
            noise = _noise(ctx, keys, vae, videos.shape) if settings.posterior == "sample" else None
            encoded = encode(vae, frames, batch=settings.batch, noise=noise, precision=settings.precision)
            latents = encoded.reshape(*videos.shape[:2], *encoded.shape[1:]).astype(settings.stored)
            mean, std = channel_statistics(latents)
            part.array("latents", "latents", latents)
            part.array("latents", "channel_mean", mean)
            part.array("latents", "channel_std", std)
            part.rows("latents", "clips", [ClipKey(clip=key.clip) for key in keys])
        ctx.write("latents").attributes(
            LatentAttributes(
                fps=geometry.fps,
                height=geometry.height,
                width=geometry.width,
                scaling_factor=float(vae.config.scaling_factor),
                posterior=settings.posterior,
                vae=ctx.model("vae").identity,
            )
        )


def _noise(ctx: Context, keys: Sequence[VideoKey], vae: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return the noise of some clips' frames, of the latents' shape: a clip's depends on nothing but the clip."""
    import numpy as np

    from eeg2vid.stages.pretrained.vae import factor

    sides = tuple(side // factor(vae) for side in shape[2:4])
    each = (shape[1], int(vae.config.latent_channels), *sides)
    seeds = [ctx.seed("posterior", key.clip) for key in keys]
    return np.concatenate([np.random.default_rng(seed).standard_normal(each, "f4") for seed in seeds])
