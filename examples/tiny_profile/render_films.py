"""Render the films that the tiny models learn from, once for all trainings.

    python examples/tiny_profile/render_films.py --out build/films --each 600 --workers 2

About 22 ms a film on one CPU core (12 to draw it, 10 for its true flow), and
129 KB on disk.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
from films_data import CONCEPTS, DURATION, only_the_parent_stops
from numpy.typing import NDArray
from shelf import FRAMES, INDEX

from eeg2vid.stages.simulation.captions import caption
from eeg2vid.stages.simulation.films import TRAINING_SEEDS, optical_flow, render_clip, sample_specs

SHOWN = 6  # frames of a clip
PIECE = 100  # films rendered at a time

Piece = tuple[NDArray[np.uint8], list[int], list[str], list[float]]


def render(concept: int, number: int, count: int, seed: int, size: tuple[int, int]) -> Piece:
    """Render one piece: frames, clip seeds, captions, flow."""
    specs = sample_specs([concept] * count, np.random.default_rng([seed, concept, number, 61]), seeds=TRAINING_SEEDS)
    flow = optical_flow(specs)
    height, width = size
    frames = [render_clip(spec, width=width, height=height, fps=SHOWN / DURATION, duration=DURATION) for spec in specs]
    captions = [caption(spec, float(pace)) for spec, pace in zip(specs, flow, strict=True)]
    return np.stack(frames), [spec.seed for spec in specs], captions, flow.tolist()


def main(argv: list[str] | None = None) -> None:
    """Render piece by piece into the mapped file; the index is written last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the films")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=int, default=600, help="films of each of the 40 concepts")
    parser.add_argument("--size", type=int, nargs=2, default=(64, 112), help="height and width, px")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    part, began = args.out / "frames.part.npy", time.monotonic()
    shape = (len(CONCEPTS) * args.each, SHOWN, *args.size, 3)
    frames = np.lib.format.open_memmap(part, "w+", np.uint8, shape)
    pieces = [(c, k, min(PIECE, args.each - k)) for c in CONCEPTS for k in range(0, args.each, PIECE)]
    index: dict[str, list[object]] = {"concepts": [], "clip_seeds": [], "captions": [], "flow": []}
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(args.workers, mp_context=spawn, initializer=only_the_parent_stops) as pool:
        made = pool.map(render, *zip(*pieces, strict=True), repeat(args.seed), repeat(tuple(args.size)))
        for (concept, _, count), (pictures, seeds, captions, flow) in zip(pieces, made, strict=True):
            row = len(index["concepts"])
            frames[row : row + count] = pictures
            index["concepts"] += [concept] * count
            index["clip_seeds"] += seeds
            index["captions"] += captions
            index["flow"] += flow
            if (row + count) % 1000 == 0:
                print(f"{row + count} of {shape[0]} films  {time.monotonic() - began:.0f} s", flush=True)
    frames.flush()
    part.replace(args.out / FRAMES)
    (args.out / INDEX).write_text(json.dumps(index), encoding="utf-8")


if __name__ == "__main__":
    main()
