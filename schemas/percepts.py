"""Percepts: what an eye sees in clips, true or decoded."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from eeg2vid.schemas.base import Attributes, Family, Schema
from eeg2vid.schemas.videos import VideoKey


class PerceptAttributes(Attributes):
    """Who looked: percepts may be compared where all of this is equal."""

    eye: str = Field("", description="name of the eye; '' if unknown")
    version: int = Field(1, ge=1, description="of the eye")
    settings: dict[str, Any] = Field({}, description="of the eye: what it looks at")
    models: dict[str, str] = Field({}, description="identity of the weights of each model role")
    classes: dict[str, tuple[str, ...]] = Field(
        {}, description="names of the classes of an array of logits; absent where unknown"
    )
    concept_of_class: tuple[int, ...] = Field(
        (), description="of `logits`: the concept that each class belongs to, 0 for none; empty where unknown"
    )


PERCEPTS = Schema(
    name="percepts",
    version=1,
    doc="What an eye sees in each clip: arrays by the names that the eye gives them.",
    tables={"clips": VideoKey},
    index={"clip": "clips"},
    family=Family(
        axis="clip",
        known={
            "image": ("image_channel",),
            "frames": ("frame", "image_channel"),
            "distance": ("true_clip",),
            "features": ("feature",),
            "flow": ("step", "direction", "grid_row", "grid_column"),
        },
        dtypes=("float32", "float16"),
        unit="1",
        doc="what the eye sees in each clip",
    ),
    attributes=PerceptAttributes,
)
