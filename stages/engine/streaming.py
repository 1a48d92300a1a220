"""The loop of stages that send many items through one model: part by part, counted, and how fast it went is said."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from eeg2vid.schemas.videos import VideoAttributes, VideoKey
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.part import WorkPart

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")


def stream(ctx: Context, what: str, items: Sequence[T], size: int) -> Iterator[tuple[WorkPart, Sequence[T]]]:
    """Yield the parts that are still to be made here with their items; at the end tell how many were made how fast.

    Begin it when the models are loaded, and make all that a part holds of its items alone, in batches that stay
    within it: parts may be made in any order, by several processes.

    Parameters
    ----------
    ctx
        The unit at work.
    what
        Name of the items.
    items
        All of them, the same for every process.
    size
        Items per part; a constant of the stage.
    """
    count, started = 0, time.perf_counter()
    for part, some in ctx.parts(what, items, size):
        yield part, some
        count += len(some)
    seconds = max(time.perf_counter() - started, 1e-9)
    if count:
        ctx.reporter.remark(
            f"{ctx.node}: {count} {what} in {seconds:.1f} s on {ctx.device}, {count / seconds:.3g} {what}/s"
        )


def stream_videos(
    ctx: Context, role: str, size: int, *, padded: bool = False
) -> Iterator[tuple[WorkPart, list[VideoKey], np.ndarray]]:
    """Stream the clips of an artifact of videos: yield a part, what its clips are, and their frames.

    Parameters
    ----------
    ctx, size
        As for `stream`.
    role
        Of the videos.
    padded
        Keep the padding at the bottom and on the right.

    Yields
    ------
    Part, keys, frames uint8 `(clip, frame, height, width, 3)`.
    """
    videos = ctx.read(role)
    geometry: VideoAttributes = videos.attributes()
    keys = videos.table("clips", VideoKey)
    kept = (slice(None), slice(None)) if padded else (slice(geometry.height), slice(geometry.width))
    for part, clips in stream(ctx, "clips", range(len(keys)), size):
        frames = videos.read("frames", slice(clips[0], clips[-1] + 1))
        yield part, [keys[k] for k in clips], frames[:, :, kept[0], kept[1]]
