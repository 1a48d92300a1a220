"""A decoded picture as it is shown: upright, with square pixels, in RGB of the right levels.

Colours follow the film's own colour tag; without one, FFmpeg's default (BT.601) is taken, as OpenCV does.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

# Without full chroma interpolation libswscale converts YUV by tables that come out up to two levels too dark.
EXACT = (
    Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
)


def displayed_size(frame: VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Return width and height as displayed, pixels.

    Parameters
    ----------
    frame
        A decoded picture; its rotation flag is applied.
    pixel_aspect
        Width of a stored pixel by its height; None or 0 where the film does not say: square.
    """
    width, height = _square(frame, pixel_aspect)
    return (height, width) if frame.rotation % 180 else (width, height)


def to_rgb(frame: VideoFrame, size: tuple[int, int], pixel_aspect: Fraction | None = None) -> NDArray[np.uint8]:
    """Return the picture, turned upright, resized until it fills `size`, and its middle cut out.

    Parameters
    ----------
    frame
        A decoded picture.
    size
        Width and height of the result, pixels.
    pixel_aspect
        Width of a stored pixel by its height; None or 0 where the film does not say: square.

    Returns
    -------
    numpy.ndarray
        `(height, width, 3)`, uint8.
    """
    turns = round(frame.rotation / 90) % 4
    width, height = size if turns % 2 == 0 else size[::-1]
    shown = _square(frame, pixel_aspect)
    scale = max(width / shown[0], height / shown[1])
    full = round(shown[0] * scale), round(shown[1] * scale)
    # rounding of `fit_size` and here: one pixel is stretched, more is cut off
    across, down = (n if n - side > 1 else side for n, side in zip(full, (width, height), strict=True))
    shrinks = across * down < frame.width * frame.height
    method = Interpolation.AREA if shrinks else Interpolation.BICUBIC
    picture = frame.reformat(
        width=across, height=down, format="rgb24", interpolation=method | EXACT, threads=1
    ).to_ndarray()
    left, top = (across - width) // 2, (down - height) // 2
    middle = picture[top : top + height, left : left + width]
    return np.ascontiguousarray(np.rot90(middle, turns), dtype=np.uint8)


def _square(frame: VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Return width and height in square pixels; the shorter side of a pixel grows, so that no detail is lost."""
    aspect = float(pixel_aspect or 1)
    if aspect >= 1:
        return round(frame.width * aspect), frame.height
    return frame.width, round(frame.height / aspect)
