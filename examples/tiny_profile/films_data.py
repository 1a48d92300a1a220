"""A stream of simulated films to learn from: frames, captions and the truth, drawn anew for every step.

Batch `k` of seed `s` is a function of (s, k) alone, whoever renders it, so a training that goes on at step `k` sees
what it would have seen uninterrupted. Either nothing is stored and worker processes render ahead, or the films come
from a shelf (`render_films.py`) that several trainings share.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray
from shelf import Shelf

from eeg2vid.stages.simulation.films import ClipSpec, caption, check_seeds, render_clip, sample_specs

CONCEPTS: tuple[int, ...] = tuple(range(1, 41))
DURATION = 2.0  # s


class Batch(TypedDict):
    """One batch: `frames` is uint8 `(batch, frame, height, width, 3)`."""

    frames: NDArray[np.uint8]
    captions: list[str]
    specs: list[ClipSpec]
    flow: NotRequired[NDArray[np.float64]]  # `(clip,)`, true mean flow, px per frame at 512 px and 24 frames per second


def only_the_parent_stops() -> None:
    """Leave signals to the parent, and end when it does."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(0)), daemon=True).start()


@dataclass(frozen=True)
class Films:
    """Films of one range of clip seeds.

    Attributes
    ----------
    seeds
        `TRAINING_SEEDS` to learn from, `JUDGING_SEEDS` to judge by.
    size
        Height and width of the frames, px.
    frames
        Frames of a clip, evenly spread over its 2 s from 0 on.
    concepts
        Which of the 40 appear; every batch holds them as evenly as it can.
    workers
        Processes that render ahead; 0 renders here, when asked. The films do not depend on it.
    told
        Captions too; without, they are "", and half the time is saved (a caption needs the clip's true flow).
    shelf
        Folder of films rendered once (`render_films.py`), of these seeds and this size: batches are drawn from it.
    """

    seeds: range
    size: tuple[int, int] = (64, 112)
    frames: int = 6
    concepts: Sequence[int] = CONCEPTS
    workers: int = 0
    told: bool = True
    shelf: Path | None = None

    @property
    def origin(self) -> str:
        """Where the films come from, for a card."""
        if self.shelf is None:
            return "none seen twice"
        return f"drawn from {len(Shelf.open(self.shelf).captions)} rendered films"

    def specs(self, count: int, seed: int, step: int = 0) -> list[ClipSpec]:
        """Draw the clips of one batch."""
        rng = np.random.default_rng([seed, step, 7_301])
        rounds = -(-count // len(self.concepts))
        order = np.concatenate([rng.permutation(np.asarray(self.concepts)) for _ in range(rounds)])
        specs = sample_specs(order[:count].tolist(), rng, seeds=self.seeds)
        check_seeds(specs, self.seeds)
        return specs

    def batch(self, count: int, seed: int, step: int = 0) -> Batch:
        """Draw and render batch number `step` of `count` clips; from a shelf, with captions and flow."""
        if self.shelf is not None:
            return self._taken(count, seed, step)
        specs = self.specs(count, seed, step)
        height, width = self.size
        frames = np.empty((count, self.frames, height, width, 3), np.uint8)
        for row, spec in enumerate(specs):
            frames[row] = render_clip(spec, width=width, height=height, fps=self.frames / DURATION, duration=DURATION)
        return {"frames": frames, "captions": [caption(spec) if self.told else "" for spec in specs], "specs": specs}

    def _taken(self, count: int, seed: int, step: int) -> Batch:
        shelf = Shelf.open(self.shelf)
        shelf.check(self.seeds, self.size)
        rng = np.random.default_rng([seed, step, 7_301])
        rows = shelf.draw(self.concepts, count, rng)
        specs = shelf.specs(rows)
        return {
            "frames": shelf.some_frames(rows, self.frames, rng),
            "captions": [shelf.captions[row] for row in rows],
            "specs": specs,
            "flow": shelf.flow[rows],
        }

    def batches(self, batch: int, steps: int | None, seed: int, first: int = 0) -> Iterator[Batch]:
        """Yield the batches number `first` to `steps` - 1 (None: without end), each of `batch` clips."""
        number = first
        if not self.workers or self.shelf is not None:
            while steps is None or number < steps:
                yield self.batch(batch, seed, number)
                number += 1
            return
        pool = ProcessPoolExecutor(
            self.workers, mp_context=multiprocessing.get_context("spawn"), initializer=only_the_parent_stops
        )
        try:
            ahead = deque()
            while True:
                while len(ahead) < 2 * self.workers + 2 and (steps is None or number < steps):
                    ahead.append(pool.submit(self.batch, batch, seed, number))
                    number += 1
                if not ahead:
                    return
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
