"""Clips at a glance: a picture with a row for each clip, its true frames beside the decoded ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH_PX = 112  # of one frame on the sheet, at most
_GAP_PX = 4
_PAPER = 255


def write_sheet(path: Path, true: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> None:
    """Write a PNG of clips; the same clips give the same bytes.

    Parameters
    ----------
    path
        Of the PNG.
    true, decoded
        uint8 `(clip, frame, row, column, rgb)`; the numbers of frames may differ.
    """
    sheet = contact_sheet(true, decoded)
    Image.fromarray(sheet).save(path, format="PNG", optimize=False)


def contact_sheet(true: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the sheet as uint8 `(row, column, rgb)`: true frames left, decoded ones right, a white gap between."""
    rows = [
        np.concatenate([_strip(a), _gap(a, _GAP_PX), _strip(b)], axis=1) for a, b in zip(true, decoded, strict=True)
    ]
    line = np.full((_GAP_PX // 2, rows[0].shape[1], 3), _PAPER, np.uint8)
    parts = [part for row in rows for part in (row, line)]
    return np.concatenate(parts[:-1])


def _strip(video: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the frames side by side, each averaged down to at most `WIDTH_PX`."""
    height, width = _size(video)
    frames = [np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BOX)) for frame in video]
    return np.concatenate(frames, axis=1)


def _gap(video: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    return np.full((_size(video)[0], width, 3), _PAPER, np.uint8)


def _size(video: NDArray[np.uint8]) -> tuple[int, int]:
    height, width = video.shape[1:3]
    shrunk = min(1.0, WIDTH_PX / width)
    return max(1, round(height * shrunk)), max(1, round(width * shrunk))
