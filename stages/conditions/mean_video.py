"""`mean-video`: the mean of the fold's training clips (validation included: it may be learned from), every time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.conditions.stimuli import Make, Stimuli


def make(stimuli: Stimuli) -> Make:
    """Return what shows the mean; every clip is read once for all folds together, when it is first asked for."""
    means: dict[str, NDArray[np.uint8]] = {}

    def show(folds: Sequence[str]) -> NDArray[np.uint8]:
        if not means:
            means.update(_means(stimuli))
        return np.stack([means[fold] for fold in folds])

    return show


def _means(stimuli: Stimuli) -> dict[str, NDArray[np.uint8]]:
    totals = {fold: np.zeros(stimuli.shape, dtype=np.int64) for fold in stimuli.learned}
    for start, clips in stimuli.stream():
        for fold, learned in stimuli.learned.items():
            here = learned[(learned >= start) & (learned < start + len(clips))] - start
            if here.size:
                totals[fold] += clips[here].sum(axis=0, dtype=np.int64)
    return {
        fold: np.rint(total / max(1, len(stimuli.learned[fold]))).astype(np.uint8) for fold, total in totals.items()
    }
