"""`frozen-frame`: the first decoded frame, held."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hold(videos: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return videos `(clip, frame, row, column, rgb)` that show their first frame all the time."""
    return np.repeat(videos[:, :1], videos.shape[1], axis=1)
