"""`grey`: a flat grey picture, every time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.conditions.stimuli import Make, Stimuli

_GREY = 128


def make(stimuli: Stimuli) -> Make:
    """Return what shows grey."""

    def show(folds: Sequence[str]) -> NDArray[np.uint8]:
        return np.full((len(folds), *stimuli.shape), _GREY, dtype=np.uint8)

    return show
