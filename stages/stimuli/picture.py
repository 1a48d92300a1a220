"""A decoded picture as it is shown: upright, with square pixels, in RGB of the right levels.

Colours follow the film's own colour tag; without one, FFmpeg's default (BT.601) is taken, as OpenCV does. What is
transparent shows white, as in a browser. Interlaced pictures stay as they are stored, both fields in one.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation
from numpy.typing import NDArray

from eeg2vid.stages.stimuli.orientation import Orientation, orientation_of

# Without full chroma interpolation libswscale converts YUV by tables that come out up to two levels too dark.
EXACT = (
    Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
)


def displayed_size(frame: VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Return width and height as displayed, pixels.

    Parameters
    ----------
    frame
        A decoded picture; its display matrix is applied.
    pixel_aspect
        Width of a stored pixel by its height; None or 0 where the film does not say: square.
    """
    width, height = _square(frame, pixel_aspect)
    return (height, width) if orientation_of(frame).turned else (width, height)


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
    orientation: Orientation = orientation_of(frame)
    width, height = size[::-1] if orientation.turned else size
    shown = _square(frame, pixel_aspect)
    scale = max(width / shown[0], height / shown[1])
    full = round(shown[0] * scale), round(shown[1] * scale)
    # rounding of `fit_size` and here: one pixel is stretched, more is cut off
    across, down = (n if n - side > 1 else side for n, side in zip(full, (width, height), strict=True))
    shrinks = across * down < frame.width * frame.height
    method = Interpolation.AREA if shrinks else Interpolation.BICUBIC
    source = _understood(frame)
    # equal to the bit, but not where rows are mixed two by two
    planar = source.format.name.startswith(("yuv", "nv12")) and (not shrinks or frame.height >= 2 * down)
    form = "gbrp" if planar else "rgb24"
    made = source.reformat(width=across, height=down, format=form, interpolation=method | EXACT, threads=1)
    picture = _interleaved(made) if planar else made.to_ndarray()
    left, top = (across - width) // 2, (down - height) // 2
    middle = picture[top : top + height, left : left + width]
    return np.ascontiguousarray(orientation.applied(middle.astype(np.uint8, copy=False)), dtype=np.uint8)


def _interleaved(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return a picture of planes G, B, R: libswscale makes these in half the time of RGB, the same to the bit."""
    picture = np.empty((frame.height, frame.width, 3), np.uint8)
    for channel, plane in zip((1, 2, 0), frame.planes, strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[call-overload]
        picture[..., channel] = rows[:, : frame.width]
    return picture


def _square(frame: VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Return width and height in square pixels; the shorter side of a pixel grows, so that no detail is lost."""
    aspect = float(pixel_aspect or 1)
    if aspect >= 1:
        return round(frame.width * aspect), frame.height
    return frame.width, round(frame.height / aspect)


def _understood(frame: VideoFrame) -> VideoFrame:
    """Return the frame itself, or in RGB where libswscale would not show it as it is meant."""
    kinds = frame.format
    full = frame.color_range == ColorRange.JPEG or kinds.name.startswith("yuvj")
    if kinds.name.startswith("gray") and not kinds.name.startswith("grayf"):
        bits = kinds.components[0].bits
        if frame.color_range == ColorRange.MPEG or bits > 8:
            return _of_rgb(np.repeat(_grey(frame, bits)[..., None], 3, axis=2))
    elif any(component.is_alpha for component in kinds.components) or kinds.has_palette:
        rgba = frame.reformat(format="rgba", interpolation=EXACT, threads=1).to_ndarray().astype(np.float64)
        alpha = rgba[..., 3:] / 255
        if alpha.min() < 1:
            return _of_rgb(rgba[..., :3] * alpha + 255 * (1 - alpha))
    elif full and not kinds.is_rgb and kinds.components[0].bits > 8:
        # to 8 bits libswscale shifts full range instead of rescaling it: up to one level off
        deep = frame.reformat(format="rgb48le", interpolation=EXACT, threads=1).to_ndarray()
        return _of_rgb(deep / 257)
    return _unflagged(frame) if frame.interlaced_frame else frame


def _grey(frame: VideoFrame, bits: int) -> NDArray[np.float64]:
    """Return grey levels 0 to 255, `(height, width)`; libswscale takes limited range for full range."""
    plane = frame.planes[0]
    dtype = "u1" if bits <= 8 else ">u2" if frame.format.is_big_endian else "<u2"
    rows = np.frombuffer(bytes(plane), dtype).reshape(plane.height, -1)[:, : plane.width].astype(np.float64)
    if frame.color_range == ColorRange.MPEG:
        return (rows / 2 ** (bits - 8) - 16) / 219 * 255  # ITU-R BT.601-7, section 2.5.1
    return rows / (2**bits - 1) * 255


def _unflagged(frame: VideoFrame) -> VideoFrame:
    """Return a copy that is not called interlaced: libswscale would resize each field by itself, which makes combs."""
    copy = VideoFrame(frame.width, frame.height, frame.format.name)
    copy.colorspace, copy.color_range = frame.colorspace, frame.color_range
    for target, plane in zip(copy.planes, frame.planes, strict=True):
        rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
        wider = max(0, target.line_size - plane.line_size)
        target.update(np.pad(rows, ((0, 0), (0, wider)))[:, : target.line_size].tobytes())
    return copy


def _of_rgb(levels: NDArray[np.float64]) -> VideoFrame:
    return VideoFrame.from_ndarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8), format="rgb24")
