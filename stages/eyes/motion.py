"""`motion`: clips to the optical flow between their pictures; no network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import MotionEye
from eeg2vid.stages.eyes.eye import Arrays, Eye
from eeg2vid.stages.stimuli.flow_grid import flow_on_grid

GRID = (36, 64)  # rows, columns: a 16th of the field's 288 x 512, cells of 8 px


class MotionLook(Eye):
    """The flow from each picture to the next, on a grid."""

    settings: MotionEye

    def look(self, frames: NDArray[np.uint8]) -> Arrays:
        """Return `flow` `(clip, frame - 1, 2, 36, 64)`: to the right and down, px of the clip per picture.

        Raises
        ------
        BadDataError
            If a clip has one picture: nothing can move.
        """
        flow = np.empty((len(frames), max(0, frames.shape[1] - 1), 2, *GRID), np.float32)
        for k, clip in enumerate(frames):
            flow[k] = flow_on_grid(clip, *GRID)
            self.build.within("clips", k + 1, len(frames))
        return {"flow": flow}
