"""Clips as sprites: the frames of a clip stacked in one WebP picture, which a style sheet plays.

A page with thousands of `<video>` elements does not play; one with thousands of background pictures does. Frames are
stacked from top to bottom, so that the browser shows frame k of n at the vertical position k / (n - 1).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.reporting.page.views import Frames

WIDTH = 192  # px of a tile on the page: three of them and their scores fit a laptop's window
MAX_FRAMES = 8
_BUDGET = 48_000_000  # characters of all sprites of a page; with its text it stays under 60 MB
_LARGEST = 40_000  # bytes of one sprite, however few there are
_QUALITIES = (75, 50)
_POOREST = 25  # what is still too large at this quality looks better narrower
_WIDTHS = (192, 128, 96, 64, 32, 16)
_METHOD = 2  # of WebP: 0 fast .. 6 small

Clip = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Geometry:
    """How the clips of a page are shown.

    Attributes
    ----------
    frames
        Frames of a sprite.
    height, width
        The picture within a clip's frames, px; what lies outside is padding.
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


def geometry_of(shape: Sequence[int], picture: tuple[int, int] | None) -> Geometry:
    """Return how clips of `shape` `(clip, frame, height, width, 3)` are shown.

    Small clips are enlarged by a whole factor, so that their pixels stay square; large ones shrink to `WIDTH`.

    Raises
    ------
    BadDataError
        If the shape is not that of clips, or the picture does not fit into the frames.
    """
    if len(shape) != 5 or shape[-1] != 3 or 0 in shape[1:]:
        raise BadDataError(f"The videos have the shape {tuple(shape)}, expected (clip, frame, height, width, 3).")
    height, width = picture or (shape[2], shape[3])
    if not (0 < height <= shape[2] and 0 < width <= shape[3]):
        raise BadDataError(f"The picture is {width} x {height} px, but the frames are {shape[3]} x {shape[2]} px.")
    tile_width = width * (WIDTH // width) if width <= WIDTH else WIDTH
    return Geometry(min(shape[1], MAX_FRAMES), height, width, max(1, round(tile_width * height / width)), tile_width)


def read_clip(frames: Frames, index: int, geometry: Geometry) -> Clip:
    """Return one clip without its padding, thinned evenly to the frames of a sprite.

    Raises
    ------
    BadDataError
        If the clip is not uint8.
    """
    clip = np.asarray(frames[index])
    if clip.dtype != np.uint8:
        raise BadDataError(f"Videos hold {clip.dtype}, expected uint8 (0..255).")
    kept = np.arange(geometry.frames) * len(clip) // geometry.frames
    return np.ascontiguousarray(clip[kept, : geometry.height, : geometry.width])


def is_constant(frames: Frames, folds: Sequence[str]) -> bool:
    """Return whether all clips of every fold are one and the same, and some fold has several.

    Stops at the first difference, so a condition that varies costs a few reads.
    """
    first: dict[str, Clip] = {}
    compared = False
    for index, fold in enumerate(folds):
        clip = np.asarray(frames[index])
        if fold not in first:
            first[fold] = clip
        elif not np.array_equal(first[fold], clip):
            return False
        else:
            compared = True
    return compared


def encode_strip(clip: Clip, limit: int = _LARGEST) -> bytes:
    """Return a clip uint8 `(frame, height, width, 3)` as one WebP picture, frames from top to bottom.

    Takes the best picture of at most `limit` bytes: lossless where small clips allow it, else lossy, else
    narrower. The same clip gives the same bytes.
    """
    own = clip.shape[2]
    data = b""
    if own <= WIDTH and clip.size <= 8 * limit:  # else it cannot fit: spare the slow attempt
        data = _webp(_stack(clip, own), lossless=True)
        if len(data) <= limit:
            return data
    for width in [min(own, WIDTH), *(step for step in _WIDTHS if step < min(own, WIDTH))]:
        stacked = _stack(clip, width)
        data = _webp(stacked, quality=_POOREST)
        if len(data) <= limit:
            better = (_webp(stacked, quality=quality) for quality in _QUALITIES)
            return next((attempt for attempt in better if len(attempt) <= limit), data)
    return data


def _stack(clip: Clip, width: int) -> Image.Image:
    count, height, own, _ = clip.shape
    if width == own:
        return Image.fromarray(clip.reshape(count * height, own, 3))
    size = (width, max(1, round(height * width / own)))
    stacked = Image.new("RGB", (size[0], size[1] * count))
    for k, frame in enumerate(clip):  # one by one: a picture resized whole would blend frames where they meet
        stacked.paste(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR), (0, k * size[1]))
    return stacked


def _webp(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", method=_METHOD, **options)
    return buffer.getvalue()


@dataclass
class SpriteSheet:
    """The sprites of a page within a budget; shared ones are written once, as style-sheet classes.

    Attributes
    ----------
    expected
        How many sprites the page will have: fixes what one may weigh.
    rules
        The style-sheet rules of the shared sprites.
    """

    expected: int
    rules: list[str] = field(default_factory=list)
    _names: dict[object, str] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """Bytes one sprite may have; base64 makes 4 characters of 3 bytes."""
        return min(_LARGEST, _BUDGET * 3 // 4 // max(1, self.expected))

    def own(self, clip: Clip) -> str:
        """Return a clip's sprite as `url(data:...)`."""
        return f"url(data:image/webp;base64,{base64.b64encode(encode_strip(clip, self.limit)).decode('ascii')})"

    def shared(self, key: object, clip: Callable[[], Clip]) -> str:
        """Return the class of a sprite that several places show; `clip` is called for the first of them only."""
        if key not in self._names:
            self._names[key] = f"s{len(self._names)}"
            self.rules.append(f".{self._names[key]}{{background-image:{self.own(clip())}}}")
        return self._names[key]
