"""What a simulated study shows when: concepts, their order, the clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.protocol import (
    CLIP_S,
    CLIPS_PER_RUN,
    CONCEPT_ORDER,
    FILM_NAMES,
    HINT_S,
    RUN_S,
    SFREQ,
)
from eeg2vid.stages.simulation.films import STUDY_SEEDS, ClipSpec, motion_course, sample_specs
from eeg2vid.stages.simulation.worlds import ORDERS, Order


@dataclass(frozen=True)
class StudyPlan:
    """What is shown when.

    Attributes
    ----------
    order
        Concept ids in order of presentation, int64 `(block, slot)`.
    clips
        The clips of every block, `(block)(5 * slot + position)`.
    """

    order: NDArray[np.int64]
    clips: tuple[tuple[ClipSpec, ...], ...]

    @property
    def n_samples(self) -> int:
        """Return the length of a block, samples."""
        return round(self.order.shape[1] * RUN_S * SFREQ)

    @property
    def hints(self) -> NDArray[np.intp]:
        """Return when each hint starts, samples since the block's start, `(slot,)`."""
        return np.round(np.arange(self.order.shape[1]) * RUN_S * SFREQ).astype(np.intp)

    @property
    def onsets(self) -> NDArray[np.intp]:
        """Return when each clip starts, samples since the block's start, `(5 * slot + position,)`."""
        positions = np.round((HINT_S + CLIP_S * np.arange(CLIPS_PER_RUN)) * SFREQ).astype(np.intp)
        return (self.hints[:, None] + positions).ravel()


def _orders(chosen: NDArray[np.int64], blocks: int, seed: int, order: Order) -> NDArray[np.int64]:
    whole = len(chosen) == len(CONCEPT_ORDER[0])
    if order == "published" and whole:
        return np.array(CONCEPT_ORDER[:blocks], np.int64)
    drawn = np.stack([np.random.default_rng([seed, 0, k]).permutation(chosen) for k in range(blocks)])
    if order == "same":
        drawn[:] = CONCEPT_ORDER[0] if whole else drawn[0]
    return drawn


def plan_study(*, blocks: int, concepts: int, seed: int, order: Order = "published") -> StudyPlan:
    """Choose the concepts, their order and the clips: the same for every subject, size and signal strength.

    Fewer than 40 concepts are spread evenly over the 40.

    Parameters
    ----------
    order
        "published": as in SEED-DV for all 40 concepts, for fewer in a random order per block; "random": a new random
        order in each block, as null tests want; "same": one order in all blocks.

    Raises
    ------
    UsageError
        If there are not 1..7 blocks and 1..40 concepts, or the order is not known.
    """
    for name, value, most in (("blocks", blocks, len(FILM_NAMES)), ("concepts", concepts, len(CONCEPT_ORDER[0]))):
        if not 1 <= value <= most:
            raise UsageError(f"{name}: expected 1 to {most}, found {value}.")
    if order not in ORDERS:
        raise UsageError(f"order: expected published, random or same, found {order!r}.")
    chosen = np.round(np.linspace(1, len(CONCEPT_ORDER[0]), concepts)).astype(np.int64)
    table = _orders(chosen, blocks, seed, order)
    shown = np.repeat(table, CLIPS_PER_RUN, axis=1)
    specs = sample_specs(shown.ravel().tolist(), np.random.default_rng([seed, 1]), seeds=STUDY_SEEDS)
    per_block = shown.shape[1]
    clips = tuple(tuple(specs[k * per_block : (k + 1) * per_block]) for k in range(blocks))
    return StudyPlan(table, clips)


def motion_of(specs: Sequence[ClipSpec]) -> NDArray[np.float64]:
    """Return the motion energy of clips over time, relative to its mean, `(clip, time)` at `MOTION_RATE_HZ`."""
    return np.stack([motion_course(spec) for spec in specs])
