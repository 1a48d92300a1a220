"""`encode-images`: key frames become image embeddings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.embeddings import IMAGE_EMBEDDINGS, ImageAttributes
from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.videos import VIDEOS, VideoAttributes, VideoKey
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write

_CLIPS_PER_PART = 50


class EncodeImagesSettings(Settings):
    """Settings of `encode-images`."""

    frame: Literal["first", "middle", "all"] = Field(
        "middle", description="which frame is encoded; all: each, and the mean of the embeddings is kept"
    )
    batch: int = Field(32, ge=1, le=4096, description="frames at a time")
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        "float32", description="what the image encoder computes in; below float32 in mixed precision"
    )
    stored: Literal["float16", "float32"] = Field("float32", description="precision of the stored embeddings")


class EncodeImages(Stage):
    """Encode each clip's key frame with the profile's CLIP image encoder, projected, not normalised.

    Pictures are resized and cropped as the encoder's `preprocessor_config.json` says: CLIP sees the middle square.
    """

    name = "encode-images"
    Settings = EncodeImagesSettings
    reads = {"stimuli": Read(VIDEOS)}
    writes = {"images": Write(IMAGE_EMBEDDINGS, "study")}
    roles = ("image_encoder",)
    uses_torch = True
    divided = f"{_CLIPS_PER_PART} clips"
    panel = "Clips"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=10)
    cites = ("radford2021clip",)
    examples = (
        "eeg2vid encode-images --models sd --device cuda",
        "eeg2vid encode-images --models sd --frame all",
    )

    def run(self, ctx: Context) -> None:
        """Stream the key frames through the encoder."""
        from eeg2vid.stages.engine.rate import Rate
        from eeg2vid.stages.pretrained.image_encoder import load_image_encoder
        from eeg2vid.stages.stimuli.key_frames import key_frames

        settings: EncodeImagesSettings = ctx.settings
        stimuli = ctx.read("stimuli")
        geometry: VideoAttributes = stimuli.attributes()
        keys = stimuli.table("clips", VideoKey)
        encoder = load_image_encoder(ctx.model("image_encoder").folder, ctx.device)
        rate = Rate(ctx, "clips")
        for part, clips in ctx.parts("clips", range(len(keys)), _CLIPS_PER_PART):
            videos = stimuli.read("frames", slice(clips[0], clips[-1] + 1))
            frames = key_frames(videos, settings.frame, height=geometry.height, width=geometry.width)
            found = encoder.encode(
                frames.reshape(-1, *frames.shape[2:]), batch=settings.batch, precision=settings.precision
            )
            images = found.reshape(*frames.shape[:2], -1).mean(axis=1)
            part.array("images", "image", images.astype(settings.stored))
            part.rows("images", "clips", [ClipKey(clip=keys[k].clip) for k in clips])
            rate.add(len(clips))
        rate.say()
        ctx.write("images").attributes(
            ImageAttributes(image_encoder=ctx.model("image_encoder").identity, frames=settings.frame)
        )
