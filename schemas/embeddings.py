"""Embeddings of captions and of pictures, one row per clip."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import ClipKey

_FLOATS = ("float16", "float32")


class TextAttributes(Attributes):
    """How the captions were encoded."""

    text_encoder: str = Field("", description="identity of the text encoder's weights; '' if unknown")
    tokenizer: str = Field("", description="identity of the tokenizer; '' if unknown")


class ImageAttributes(Attributes):
    """How the pictures were encoded."""

    image_encoder: str = Field("", description="identity of the image encoder's weights; '' if unknown")
    frames: str = Field("", description="'first', 'middle', or 'all': the mean over all frames; '' if unknown")


EMBEDDINGS = Schema(
    name="embeddings",
    version=1,
    doc="What a text encoder makes of each clip's caption.",
    arrays={
        "text_states": ArraySpec(
            dims=("clip", "token", "channel"), dtypes=_FLOATS, unit="1", doc="last hidden state of the text encoder"
        ),
        "pooled": ArraySpec(
            dims=("clip", "pooled_channel"), dtypes=_FLOATS, unit="1", doc="pooled text embedding", optional=True
        ),
    },
    tables={"clips": ClipKey},
    index={"clip": "clips"},
    attributes=TextAttributes,
)

IMAGE_EMBEDDINGS = Schema(
    name="image-embeddings",
    version=1,
    doc="What an image encoder makes of each clip's key frames; read, no longer written: see percepts.",
    arrays={
        "image": ArraySpec(
            dims=("clip", "image_channel"), dtypes=_FLOATS, unit="1", doc="projected image embedding, not normalised"
        )
    },
    tables={"clips": ClipKey},
    index={"clip": "clips"},
    attributes=ImageAttributes,
)
