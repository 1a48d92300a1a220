"""Dense optical flow on a coarse grid: small enough to be kept of every clip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli.motion import LUMA, dense_flow, work_size


def flow_on_grid(frames: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.float32]:
    """Return the flow from each picture of a clip to the next, averaged over the cells of a grid.

    It is found on luma 128 px wide, as motion scores are (`stages.stimuli.motion`), and told in pixels of the clip. In
    a clip with fewer pixels than the grid has cells, cells within one pixel have its flow.

    Parameters
    ----------
    frames
        uint8 `(frame, height, width, 3)`, sRGB.

    Returns
    -------
    float32 `(frame - 1, 2, rows, columns)`: to the right and down, px per picture.

    Raises
    ------
    BadDataError
        If there are fewer than two pictures.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or len(frames) < 2:
        raise BadDataError(
            f"Flow of clips: expected uint8 (2 or more, h, w, 3), found {frames.dtype} {frames.shape}.",
            "A clip of one picture shows no motion: split the videos with more `frames`.",
        )
    height, width = frames.shape[1:3]
    small = work_size(width, height)
    flow = dense_flow(np.stack([_resized(one.astype(np.float32) @ LUMA, *small) for one in frames]))
    scale = np.array([width / small[0], height / small[1]], np.float32)
    on_grid = [[_resized(component, columns, rows) for component in step] for step in flow]
    return np.array(on_grid, np.float32) * scale[:, None, None]


def _resized(picture: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Return means over areas."""
    resized = Image.fromarray(np.ascontiguousarray(picture)).resize((width, height), Image.Resampling.BOX)
    return np.asarray(resized, dtype=np.float32)
