"""`shuffled-clips`: each clip is decoded from the EEG of another clip of its run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.statistics.permutation import run_permutations


def sources(runs: NDArray[Any], positions: NDArray[Any], rng: np.random.Generator) -> NDArray[np.integer]:
    """Return, for each test event of a fold, the place of the event whose EEG is decoded for it.

    Parameters
    ----------
    runs, positions
        Run and place in the run of each test event `(event,)`.
    rng
        Within each run a derangement, drawn at random: no clip keeps its own EEG, but one that is alone in its run.
    """
    return run_permutations(runs, positions, 1, rng, folds=runs, derangement=True)[0]
