"""`shuffled-training`: decoders learn from EEG whose clips are those of a run drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.statistics.permutation import run_permutations


def partners(
    blocks: NDArray[Any], runs: NDArray[Any], positions: NDArray[Any], rng: np.random.Generator
) -> NDArray[np.integer]:
    """Return, for each event of a part that is learned from, the place of the event whose clip it is paired with.

    Runs change places whole and within their blocks: what a block shares, and what depends on the place in the run,
    stays. A run may draw itself: were that ruled out, a decoder could learn which clip was *not* shown. All do not,
    wherever anything can change places.

    Parameters
    ----------
    blocks, runs, positions
        Block, run and place in the run of each event `(event,)`; labels of several people must differ.
    rng
        Source of randomness.
    """
    kept = np.arange(len(runs))
    if not len(runs):
        return kept
    while True:
        drawn = run_permutations(runs, positions, 1, rng, folds=blocks)[0]
        if (drawn != kept).any() or not _can_change(blocks):
            return drawn


def _can_change(blocks: NDArray[Any]) -> bool:
    """Tell whether some block has two events: two runs change places, a single one's clips do."""
    return bool(np.unique(blocks, return_counts=True)[1].max() > 1)
