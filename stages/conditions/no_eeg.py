"""`no-eeg`: the mean of the training EEG, every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.conditions.signals import Signals

_CHUNK_EVENTS = 64


def make(given: Signals, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """Return each input's mean over the events that may be learned from, once for each tested event."""
    return {name: np.repeat(_mean(given, name)[None], len(given.tested), axis=0) for name in given.names}


def _mean(given: Signals, name: str) -> NDArray[np.float32]:
    total = np.zeros(given.inputs.shapes()[name])
    for start in range(0, len(given.learned), _CHUNK_EVENTS):
        some = given.inputs.gather(name, given.learned[start : start + _CHUNK_EVENTS])
        total += some.sum(axis=0, dtype=np.float64)
    mean: NDArray[np.float32] = (total / len(given.learned)).astype(np.float32)
    return mean
