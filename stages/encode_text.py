"""`encode-text`: captions become text states."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.embeddings import EMBEDDINGS, TextAttributes
from eeg2vid.schemas.entities import Caption, ClipKey
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.recordings import CAPTIONS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.words import counted
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write

_CAPTIONS_PER_PART = 100


class EncodeTextSettings(Settings):
    """Settings of `encode-text`."""

    batch: int = Field(50, ge=1, le=4096, description="captions at a time")
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        "float32", description="what the text encoder computes in; below float32 in mixed precision"
    )
    stored: Literal["float16", "float32"] = Field("float32", description="precision of the stored states")


class EncodeText(Stage):
    """Encode each clip's caption with the profile's CLIP text encoder: 77 states, and one pooled.

    The states are what a diffusion model is told: the last hidden layer, padding included. The data set's captions
    are read unless `--from captions=caption/default` names the captioner's.
    """

    name = "encode-text"
    Settings = EncodeTextSettings
    reads = {"captions": Read(CAPTIONS)}
    writes = {"text": Write(EMBEDDINGS, "study")}
    roles = ("tokenizer", "text_encoder")
    uses_torch = True
    divided = f"{_CAPTIONS_PER_PART} captions"
    panel = "Clips"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=10)
    cites = ("radford2021clip",)
    examples = (
        "eeg2vid encode-text --models sd --device cuda",
        "eeg2vid encode-text --models sd --from captions=caption/default",
    )

    def run(self, ctx: Context) -> None:
        """Stream the captions through the encoder."""
        from eeg2vid.stages.engine.streaming import stream
        from eeg2vid.stages.pretrained.text import load_text_encoder

        settings: EncodeTextSettings = ctx.settings
        captions = ctx.read("captions").table("captions", Caption)
        if not captions:
            raise MissingInputError(
                f"{ctx.read('captions').address} holds no captions: the data set brings none.",
                "Let the captioner write them, and read its:\n  eeg2vid caption\n"
                "  eeg2vid encode-text --from captions=caption/default",
            )
        encoder = load_text_encoder(ctx.model("text_encoder").folder, ctx.model("tokenizer").folder, ctx.device)
        cut = 0
        for part, rows in stream(ctx, "captions", captions, _CAPTIONS_PER_PART):
            found = encoder.encode([row.caption for row in rows], batch=settings.batch, precision=settings.precision)
            part.array("text", "text_states", found.states.astype(settings.stored))
            part.array("text", "pooled", found.pooled.astype(settings.stored))
            part.rows("text", "clips", [ClipKey(clip=row.clip) for row in rows])
            cut += found.cut
        if cut:
            ctx.reporter.remark(
                f"{counted(cut, 'caption')} longer than {counted(encoder.length, 'token')}: what is "
                "beyond was not read."
            )
        ctx.write("text").attributes(
            TextAttributes(text_encoder=ctx.model("text_encoder").identity, tokenizer=ctx.model("tokenizer").identity)
        )
