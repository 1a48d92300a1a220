"""Films rendered once and kept on disk, for all trainings that learn from films of one size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.simulation.films import ClipSpec, make_spec

FRAMES, INDEX = "frames.npy", "films.json"


@dataclass(frozen=True)
class Shelf:
    """A folder of rendered films.

    Attributes
    ----------
    frames
        uint8 `(clip, frame, height, width, 3)`, mapped from disk.
    concepts, clip_seeds
        `(clip,)`: what `make_spec` makes the clip from.
    captions
        Of the clips.
    flow
        `(clip,)`, true mean flow, px per frame at 512 px and 24 frames per second.
    """

    frames: NDArray[np.uint8]
    concepts: NDArray[np.int64]
    clip_seeds: NDArray[np.int64]
    captions: tuple[str, ...]
    flow: NDArray[np.float64]

    @classmethod
    def open(cls, folder: Path) -> Shelf:
        """Open a folder that `render_films.py` finished; opened once, kept for the process."""
        return _opened(Path(folder).resolve())

    def check(self, seeds: range, size: tuple[int, int]) -> None:
        """Refuse a shelf of other films.

        Raises
        ------
        SystemExit
            Its clip seeds lie outside `seeds`, or its frames are not of `size`.
        """
        if self.frames.shape[2:4] != size:
            raise SystemExit(f"The shelf has frames of {self.frames.shape[2:4]}, wanted are {size} (height, width).")
        if self.clip_seeds.min() < seeds.start or self.clip_seeds.max() >= seeds.stop:
            raise SystemExit(f"The shelf has clip seeds outside {seeds.start}..{seeds.stop - 1}.")

    def draw(self, concepts: Sequence[int], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return rows of `count` clips, the concepts as evenly as possible."""
        rounds = -(-count // len(concepts))
        order = np.concatenate([rng.permutation(np.asarray(concepts)) for _ in range(rounds)])[:count]
        each = np.searchsorted(self.concepts, [order, order + 1])  # the rows are sorted by concept
        rows: NDArray[np.int64] = rng.integers(each[0], each[1])
        return rows

    def specs(self, rows: NDArray[np.int64]) -> list[ClipSpec]:
        """Return what the clips are."""
        return [_spec(int(self.concepts[row]), int(self.clip_seeds[row])) for row in rows]

    def some_frames(self, rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return `count` frames of each clip, evenly spaced from a start drawn for each."""
        every, rest = divmod(self.frames.shape[1], count)
        if rest or not every:
            raise SystemExit(f"{count} evenly spaced frames do not fit into the shelf's {self.frames.shape[1]}.")
        starts = rng.integers(every, size=len(rows))
        return np.stack([self.frames[row, start::every] for row, start in zip(rows, starts, strict=True)])


@lru_cache(maxsize=2)
def _opened(folder: Path) -> Shelf:
    index = json.loads((folder / INDEX).read_text("utf-8"))
    frames = np.load(folder / FRAMES, mmap_mode="r")
    some = (np.array(index[name], np.int64) for name in ("concepts", "clip_seeds"))
    return Shelf(frames, *some, captions=tuple(index["captions"]), flow=np.array(index["flow"]))


@lru_cache(maxsize=100_000)
def _spec(concept: int, seed: int) -> ClipSpec:
    return make_spec(concept, seed)
