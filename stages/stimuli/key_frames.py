"""Which pictures of a clip stand for it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

KeyFrame = Literal["first", "middle", "all"]


def key_frames(videos: NDArray[np.uint8], which: KeyFrame) -> NDArray[np.uint8]:
    """Return the pictures that stand for each clip.

    Parameters
    ----------
    videos
        uint8 `(clip, frame, height, width, 3)`.
    which
        `first`; `middle` (frame n // 2: index 3 of 6, the key frame of the published systems); `all`.

    Returns
    -------
    uint8 `(clip, frame, height, width, 3)`, one frame unless `all`.
    """
    middle = videos.shape[1] // 2
    chosen = {"first": slice(0, 1), "middle": slice(middle, middle + 1), "all": slice(None)}[which]
    return videos[:, chosen]
