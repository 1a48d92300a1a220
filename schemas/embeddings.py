"""Embeddings of captions and pictures, one row per clip."""

from __future__ import annotations

from eeg2vid.schemas.base import ArraySpec, Schema
from eeg2vid.schemas.entities import ClipKey

_FLOATS = ("float16", "float32")

EMBEDDINGS = Schema(
    name="embeddings",
    version=1,
    doc="What a text encoder makes of each clip's caption, and an image encoder of its pictures.",
    arrays={
        "text_states": ArraySpec(
            dims=("clip", "token", "channel"), dtypes=_FLOATS, unit="1", doc="last hidden state of the text encoder"
        ),
        "pooled": ArraySpec(
            dims=("clip", "channel"), dtypes=_FLOATS, unit="1", doc="pooled text embedding", optional=True
        ),
        "image": ArraySpec(
            dims=("clip", "image_channel"), dtypes=_FLOATS, unit="1", doc="image embedding", optional=True
        ),
    },
    tables={"clips": ClipKey},
    index={"clip": "clips"},
)
