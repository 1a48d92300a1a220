"""Processor time and memory of SSIM against scikit-image's: python tests/benchmarks/bench_ssim.py [--runs 16]."""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from skimage.metrics import structural_similarity
from ssim_before import score_pairs

from eeg2vid.stages.metrics.frames import FloatArray, Frames
from eeg2vid.stages.metrics.psnr import psnr_matrix
from eeg2vid.stages.metrics.ssim_pairs import PairedSsim, ssim

# Of one SEED-DV test block, 40 runs of 5 clips: every run against every run, places kept, serves all permutations.
FULL_PAIRS = 40 * 200


def by_skimage(decoded: Frames, true: Frames) -> FloatArray:
    """Score frame by frame with scikit-image."""
    height, width = true.shape[2:4]
    pairs = zip(decoded.reshape(-1, height, width, 3), true.reshape(-1, height, width, 3), strict=True)
    scores = [structural_similarity(a, b, data_range=255, channel_axis=-1) for a, b in pairs]
    return np.reshape(scores, true.shape[:2])


def by_block(runs: int, threads: int, before: bool = False) -> Callable[[Frames, Frames], FloatArray]:
    """Return what scores clips of one place of so many runs with each other, as a permutation null does."""
    decoded_index, true_index = np.divmod(np.arange(runs**2), runs)

    def work(decoded: Frames, true: Frames) -> FloatArray:
        if before:
            return score_pairs(decoded, true, decoded_index, true_index)
        return PairedSsim(decoded, true, threads)(decoded_index, true_index)

    return work


def measure(work: Callable[[Frames, Frames], FloatArray], decoded: Frames, true: Frames) -> tuple[float, float, float]:
    """Return seconds by the clock and of the processor, and the peak of what is allocated in MB."""
    start, busy = time.perf_counter(), time.process_time()
    work(decoded, true)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    tracemalloc.start()
    work(decoded, true)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return seconds, busy, peak


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    true = rng.integers(0, 256, (args.runs, 6, 288, 512, 3), dtype=np.uint8)
    decoded = np.clip(true + rng.integers(-60, 60, true.shape, dtype=np.int16), 0, 255).astype(np.uint8)
    gap = np.abs(ssim(decoded[:2], true[:2]) - by_skimage(decoded[:2], true[:2])).max()
    print(f"{args.runs} clips x 6 frames of 512 x 288; largest difference from scikit-image {gap:.1e}")
    print(f"{'':28}{'ms/frame':>9}{'seconds':>9}{'busy':>9}{'peak MB':>9}  {FULL_PAIRS} pairs")
    pairs, first = args.runs**2, 0.0
    rows: list[tuple[str, Callable[[Frames, Frames], FloatArray], int]] = [
        ("scikit-image, loop", by_skimage, args.runs),
        ("pairs, before", by_block(args.runs, 1, before=True), pairs),
        ("pairs", by_block(args.runs, 1), pairs),
        (f"pairs, {args.threads} threads", by_block(args.runs, args.threads), pairs),
    ]
    for name, work, scored in rows:
        seconds, busy, peak = measure(work, decoded, true)
        full = seconds / scored * FULL_PAIRS
        first = full if name.endswith("before") else first
        faster = f", {first / full:.1f} times as fast" if name.startswith("pairs") and first != full else ""
        print(f"{name:28}{1e3 * seconds / scored / 6:9.2f}{seconds:9.2f}{busy:9.2f}{peak:9.1f}  {full:.0f} s{faster}")
    start = time.process_time()
    psnr_matrix(decoded, true)
    print(f"{'psnr_matrix':28}{'':9}{time.process_time() - start:9.2f}{'':18}  {args.runs}^2 pairs")


if __name__ == "__main__":
    main()
