"""`caption`: clips become sentences."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.entities import Caption
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.recordings import CAPTIONS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.videos import VIDEOS
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write

_CLIPS_PER_PART = 20


class CaptionSettings(Settings):
    """Settings of `caption`."""

    frame: Literal["first", "middle", "all"] = Field(
        "middle", description="which frame is described; all: each, and the sentence most like the others is kept"
    )
    beams: int = Field(3, ge=1, le=64, description="sentences followed at once; 1 is greedy")
    max_tokens: int = Field(30, ge=3, le=400, description="longest sentence, tokens")
    batch: int = Field(16, ge=1, le=4096, description="frames at a time")
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        "float32", description="what the captioner computes in; below float32 in mixed precision"
    )


class CaptionClips(Stage):
    """Describe each clip in a sentence with the profile's captioner (BLIP).

    Captions that the data set brings come from `ingest`, and these are what other stages read. To read the
    captioner's: `--from captions=caption/default`, or `from = {captions = "caption/default"}` in a recipe.
    """

    name = "caption"
    Settings = CaptionSettings
    reads = {"stimuli": Read(VIDEOS)}
    writes = {"captions": Write(CAPTIONS, "study")}
    roles = ("captioner",)
    uses_torch = True
    divided = f"{_CLIPS_PER_PART} clips"
    panel = "Clips"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=20)
    cites = ("li2022blip",)
    examples = (
        "eeg2vid caption --models sd --device cuda",
        "eeg2vid caption --models sd --device cuda --precision float16 --frame all",
    )

    def run(self, ctx: Context) -> None:
        """Stream the key frames through the captioner."""
        from eeg2vid.stages.engine.streaming import stream_videos
        from eeg2vid.stages.pretrained.captioner import load_captioner, most_typical
        from eeg2vid.stages.stimuli.key_frames import key_frames

        settings: CaptionSettings = ctx.settings
        model = ctx.model("captioner")
        captioner = load_captioner(model.folder, ctx.device)
        for part, keys, videos in stream_videos(ctx, "stimuli", _CLIPS_PER_PART):
            frames = key_frames(videos, settings.frame)
            sentences = captioner.describe(
                frames.reshape(-1, *frames.shape[2:]),
                batch=settings.batch,
                beams=settings.beams,
                max_tokens=settings.max_tokens,
                precision=settings.precision,
            )
            each = frames.shape[1]
            rows = []
            for place, key in enumerate(keys):
                sentence = most_typical([text for text in sentences[place * each : (place + 1) * each] if text] or [""])
                if not sentence:
                    raise BadDataError(
                        f"The captioner {model.name} has no words for clip '{key.clip}'.",
                        "Describe another frame: --frame first, --frame all.",
                    )
                rows.append(Caption(clip=key.clip, caption=sentence))
            part.rows("captions", "captions", rows)
