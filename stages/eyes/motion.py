"""`motion`: clips to the optical flow between their pictures; no network."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import MotionEye
from eeg2vid.stages.eyes.eye import Arrays, Eye
from eeg2vid.stages.stimuli.flow_grid import flow_on_grid

GRID = (36, 64)  # rows, columns: an eighth of the field's 288 x 512


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
        with _a_clip_each() as threads:
            for k, found in enumerate(threads.map(lambda clip: flow_on_grid(clip, *GRID), frames)):
                flow[k] = found
                self.build.within("clips", k + 1, len(frames))
        return {"flow": flow}


@contextmanager
def _a_clip_each() -> Iterator[ThreadPoolExecutor]:
    """Give each thread clips of its own: shared out among threads, so small pictures cost ten times as much."""
    count = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that begin now take it over
    try:
        with ThreadPoolExecutor(count) as threads:
            yield threads
    finally:
        torch.set_num_threads(count)
