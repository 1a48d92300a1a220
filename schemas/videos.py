"""Videos: the stimuli and what was decoded."""

from __future__ import annotations

from pydantic import Field

from eeg2vid.schemas.base import ArraySpec, Attributes, Schema
from eeg2vid.schemas.entities import Row


class VideoKey(Row):
    """What one index of the `clip` axis stands for; `event` and `fold` are empty for stimuli.

    Without EEG a decoded clip is its own event, in no fold.
    """

    clip: str
    event: str = ""
    fold: str = ""


def key_alone(clip: str) -> VideoKey:
    """Return the key of a decoded clip that nobody was shown here: it is its own event, and no fold tests it."""
    return VideoKey(clip=clip, event=clip)


class VideoAttributes(Attributes):
    """Timing and geometry."""

    fps: float = Field(gt=0)
    height: int = Field(gt=0, description="rows that hold the picture; below it is padding")
    width: int = Field(gt=0, description="columns that hold the picture; right of it is padding")
    motion: str = Field("", description="what the motion scores measure; '' if there are none")


VIDEOS = Schema(
    name="videos",
    version=1,
    doc="Short videos as frames, padded at the bottom and right to multiples of 8.",
    arrays={
        "frames": ArraySpec(
            dims=("clip", "frame", "row", "column", "rgb"), dtypes=("uint8",), unit="1", doc="sRGB, 0..255"
        ),
        "samples": ArraySpec(
            dims=("clip", "sample", "frame", "row", "column", "rgb"),
            dtypes=("uint8",),
            unit="1",
            doc="further videos of each clip, made with other noise; `frames` is what is scored",
            optional=True,
        ),
        "motion": ArraySpec(
            dims=("clip",), dtypes=("float32",), unit="px", doc="motion score, px per picture", optional=True
        ),
    },
    tables={"clips": VideoKey},
    index={"clip": "clips"},
    attributes=VideoAttributes,
    media=True,
)
