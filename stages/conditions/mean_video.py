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
    """Return each fold's mean; clips of which the same folds learn are summed together, so that each is added once."""
    n_clips = 1 + max((int(learned.max()) for learned in stimuli.learned.values() if learned.size), default=-1)
    learns = np.zeros((len(stimuli.learned), n_clips), dtype=np.bool_)
    for fold, learned in zip(learns, stimuli.learned.values(), strict=True):
        fold[learned] = True
    alike, which = np.unique(learns, axis=1, return_inverse=True)
    totals = np.zeros((alike.shape[1], *stimuli.shape), dtype=np.uint32)
    for start, clips in stimuli.stream():
        for group, clip in zip(which[start : start + len(clips)].tolist(), clips, strict=False):
            totals[group] += clip
    return {
        fold: np.rint(totals[of].sum(axis=0, dtype=np.float64) / max(1, len(learned))).astype(np.uint8)
        for (fold, learned), of in zip(stimuli.learned.items(), alike, strict=True)
    }
