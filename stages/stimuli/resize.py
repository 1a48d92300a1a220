"""Picture sizes: what fits a box, and what a network's stride needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fit_size(width: int, height: int, target_width: int = 512, target_height: int = 288) -> tuple[int, int]:
    """Return the largest width and height inside a box that keep the picture's shape; never larger than it is.

    Parameters
    ----------
    width, height
        The picture, pixels.
    target_width, target_height
        The box, pixels; SEED-DV's published size by default.
    """
    if min(width, height, target_width, target_height) < 1:
        raise ValueError(f"sizes must be positive, found {(width, height, target_width, target_height)}")
    scale = min(target_width / width, target_height / height, 1.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


def pad_to_multiple(frames: NDArray[np.uint8], multiple: int) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Pad at the bottom and the right, repeating the edge, until both sides divide by `multiple`.

    Parameters
    ----------
    frames
        `(..., height, width, 3)`.
    multiple
        The stride, pixels.

    Returns
    -------
    tuple
        The padded frames (the same array where nothing is missing), and the valid `(width, height)`.
    """
    height, width = frames.shape[-3:-1]
    bottom, right = -height % multiple, -width % multiple
    if bottom or right:
        pad = [(0, 0)] * (frames.ndim - 3) + [(0, bottom), (0, right), (0, 0)]
        frames = np.pad(frames, pad, mode="edge")
    return frames, (width, height)
