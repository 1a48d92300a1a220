"""Clips as sprites: the frames of a clip from top to bottom of a picture, which a style sheet plays.

A page with thousands of `<video>` elements does not play, and an animated WebP cannot be paused; thousands of
background pictures do both. The browser shows frame k of n at the vertical position k / (n - 1).
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from eeg2vid.schemas.errors import BadDataError

WIDTH = 192  # px of a tile on the page: three of them and their scores fit a laptop's window
LEAST = 160  # px: narrower clips are enlarged to at least this, by a whole factor so that their pixels stay square
SMALL = 128  # px: wider ones are not enlarged, twice their width would leave no room for the scores
MAX_FRAMES = 8
LOSSLESS = 100  # the quality that keeps every value
_MOST = 16383  # px of a side of a WebP picture

Clip = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Geometry:
    """How the clips of a report are shown.

    Attributes
    ----------
    frames
        Frames of a sprite.
    height, width
        Of a clip, px.
    tile_height, tile_width
        The picture on the page, px.
    """

    frames: int
    height: int
    width: int
    tile_height: int
    tile_width: int

    @property
    def pixelated(self) -> bool:
        """Whether the clips are shown larger than they are, by a whole factor."""
        return self.tile_width > self.width

    @property
    def stored(self) -> tuple[int, int]:
        """Height and width of a frame as it is stored, px: small ones as they are, the browser enlarges them."""
        return (self.height, self.width) if self.width <= self.tile_width else (self.tile_height, self.tile_width)


def geometry_of(shape: Sequence[int]) -> Geometry:
    """Return how clips of `shape` `(clip, frame, height, width, 3)` are shown.

    Small clips are enlarged by a whole factor, so that their pixels stay square; large ones shrink to `WIDTH`.

    Raises
    ------
    BadDataError
        If the shape is not that of clips, or no sprite can hold it.
    """
    if len(shape) != 5 or shape[-1] != 3 or 0 in shape[1:]:
        raise BadDataError(f"The videos have the shape {tuple(shape)}, expected (clip, frame, height, width, 3).")
    height, width = shape[2], shape[3]
    if width <= SMALL:
        tile_width = width * math.ceil(LEAST / width)
    else:
        tile_width = min(width, WIDTH)
    found = Geometry(min(shape[1], MAX_FRAMES), height, width, max(1, round(tile_width * height / width)), tile_width)
    if found.frames * found.stored[0] > _MOST:
        raise BadDataError(
            f"A sprite of {found.frames} frames of {width} x {height} px is {found.frames * found.stored[0]} px high, "
            f"expected at most {_MOST}.",
            "Cut the stimuli to another shape: `height` of split-videos.",
        )
    return found


def sprite_of(clip: npt.NDArray[Any], geometry: Geometry) -> Clip:
    """Return the sprite of one clip `(frame, height, width, 3)`: uint8 `(frames * height, width, 3)` as stored.

    Thinned evenly to the frames of a sprite, reduced where it is wider than its tile.

    Raises
    ------
    BadDataError
        If the clip is not uint8.
    """
    if clip.dtype != np.uint8:
        raise BadDataError(f"Videos hold {clip.dtype}, expected uint8 (0..255).")
    kept = np.arange(geometry.frames) * len(clip) // geometry.frames
    frames = clip[kept]
    height, width = geometry.stored
    if width == geometry.width:
        return frames.reshape(-1, width, 3)
    sprite = np.empty((geometry.frames, height, width, 3), np.uint8)
    for k, frame in enumerate(frames):  # one by one: a picture resized whole would blend frames where they meet
        sprite[k] = np.asarray(_reduced(frame, (width, height)))
    return sprite.reshape(-1, width, 3)


def _reduced(frame: Clip, size: tuple[int, int]) -> Image.Image:
    """Return a frame reduced; `reducing_gap` averages whole pixels first: the same look in two thirds of the time."""
    return Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0)


def webp(picture: Clip, quality: int) -> bytes:
    """Return a picture as WebP; the same picture gives the same bytes.

    Measured on clips of 192 x 108 px: method 2 is 6 % smaller than 0 or 1 in 1.3 times their time, 4 again 4 % in twice
    that. Lossless, method 0 is 3 % larger than 2 in a seventh of its time.
    """
    buffer = io.BytesIO()
    image = Image.fromarray(picture)
    if quality >= LOSSLESS:
        image.save(buffer, "WEBP", lossless=True, method=0, quality=0)
    else:
        image.save(buffer, "WEBP", method=2, quality=quality)
    return buffer.getvalue()
