"""What can be measured on any clip without knowing what it shows: colours by place, contrast, change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CLIPS = 16  # measured at once
_SOFT = 1e-3  # added before logarithms: a clip without any contrast or change has a finite one


def opponent(rgb: Floats) -> Floats:
    """Turn RGB in [0, 1] into luminance, red-green and blue-yellow, along the last axis."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    return np.stack([(red + green + blue) / 3, red - green, blue - (red + green) / 2], axis=-1)


def layout(frames: NDArray[np.uint8]) -> Floats:
    """Measure the opponent colours of a clip on a grid of 2 rows x 3 columns.

    Parameters
    ----------
    frames
        uint8 `(..., frame, height, width, 3)`; what does not divide into the grid, at most a row and two columns at the
        edge, is left out.

    Returns
    -------
    `(..., 2, 3, 3)`: row, column, (luminance, red-green, blue-yellow), means over time and cell, RGB in [0, 1].
    """
    *lead, count, height, width, _ = frames.shape
    rows, columns = height // 2, width // 3
    cells = frames[..., : 2 * rows, : 3 * columns, :].reshape(*lead, count, 2, rows, 3, columns, 3)
    return opponent(cells.mean(axis=(-6, -4, -2), dtype=np.float64) / 255)


MEASURES = 20


def measure(frames: NDArray[np.uint8]) -> Floats:
    """Return what is measured on clips, `(clip, 20)`.

    Parameters
    ----------
    frames
        uint8 `(clip, frame, height, width, 3)`.

    Returns
    -------
    The 18 colours of `layout`, ln of the contrast (standard deviation of luminance within a picture), ln of the change
    (mean absolute difference of luminance from one picture to the next; 0 in a clip of one picture).
    """
    out = np.empty((len(frames), MEASURES))
    for first in range(0, len(frames), _CLIPS):
        part = frames[first : first + _CLIPS]
        grey = part.mean(axis=-1, dtype=np.float32) / np.float32(255)
        contrast = grey.std(axis=(2, 3)).mean(axis=1)
        change = np.abs(np.diff(grey, axis=1)).mean(axis=(1, 2, 3)) if part.shape[1] > 1 else np.zeros(len(part))
        out[first : first + _CLIPS, :18] = layout(part).reshape(len(part), -1)
        out[first : first + _CLIPS, 18] = np.log(contrast + _SOFT)
        out[first : first + _CLIPS, 19] = np.log(change + _SOFT)
    return out
