"""Time and memory of all metrics on one test block: python tests/benchmarks/bench_score.py [--height 64 --width 112].

Made-up clips, and what eyes of the tiny models' sizes would have seen in them; every measure, wrong pairings, intervals
and tests included, as `score` asks them of one condition.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from eeg2vid.stages.metrics.metric import Given, Judge, Keys, Labels, Sides
from eeg2vid.stages.metrics.scoring import Effort, score
from eeg2vid.stages.metrics.table import METRICS

RUNS, LONG, FRAMES, CLASSES, CONCEPTS = 40, 5, 6, 128, 40


def keys() -> Keys:
    """Return one test block: 40 runs of five clips."""
    names = [f"e{k}" for k in range(RUNS * LONG)]
    runs = np.repeat([f"r{k:02}" for k in range(RUNS)], LONG)
    folds = np.repeat("block-7", len(names))
    return Keys("1", names, names, runs, np.tile(np.arange(LONG), RUNS), folds, np.repeat(np.arange(RUNS), LONG))


def sides(rng: np.random.Generator, *shape: int) -> Sides:
    """Return something seen in decoded and true clips."""
    true = rng.normal(size=(RUNS * LONG, *shape)).astype(np.float32)
    return Sides((0.3 * true + rng.normal(size=true.shape)).astype(np.float32), true)


def clips(rng: np.random.Generator, height: int, width: int, threads: int) -> Given:
    """Return decoded clips with all that eyes can have seen in them."""
    true = rng.integers(0, 256, (RUNS * LONG, FRAMES, height, width, 3), dtype=np.uint8)
    noise = rng.integers(0, 256, true.shape, dtype=np.uint8)
    decoded = (true // 4 + noise // 4 * 3).astype(np.uint8)
    percepts = {
        "image-classifier": {"logits": sides(rng, FRAMES, CLASSES)},
        "video-classifier": {"logits": sides(rng, CLASSES), "features": sides(rng, 192)},
        "image-encoder": {"image": sides(rng, 128), "frames": sides(rng, FRAMES, 128)},
        "i3d": {"logits": sides(rng, 400), "features": sides(rng, 1024)},
        "motion": {"flow": sides(rng, FRAMES - 1, 2, 36, 64)},
    }
    of = tuple(1 + k // 3 if k < 3 * CONCEPTS else 0 for k in range(CLASSES))
    judges = {eye: Judge(eye, {}, {}, of if eye.endswith("classifier") else ()) for eye in percepts}
    return Given(keys(), "full", frames=Sides(decoded, true), percepts=percepts, judges=judges, threads=threads)


def main() -> None:
    """Print seconds and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--height", type=int, default=64)
    parser.add_argument("--width", type=int, default=112)
    parser.add_argument("--permutations", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    labels = Labels(
        rng.dirichlet(np.ones(CONCEPTS), RUNS * LONG), np.repeat(np.arange(RUNS), LONG), np.zeros(RUNS * LONG, int)
    )
    everything = (
        clips(rng, asked.height, asked.width, asked.threads),
        Given(keys(), "full", "latents", values=sides(rng, FRAMES, 4, 8, 14)),
        Given(keys(), "full", "concept", labels=labels),
    )
    start, work, rows = time.perf_counter(), time.process_time(), 0
    for given in everything:
        scores, looks = score(given, Effort(asked.permutations, 0))
        rows += len(scores) + len(looks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{RUNS * LONG} clips x {FRAMES} frames of {asked.width} x {asked.height}, {asked.permutations} permutations, "
        f"{len(METRICS)} metrics, {rows} measures: {time.perf_counter() - start:.1f} s "
        f"({time.process_time() - work:.1f} s of processor time) on {asked.threads} threads, peak {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
