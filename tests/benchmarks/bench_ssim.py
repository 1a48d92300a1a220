"""Processor time and memory of SSIM against scikit-image's: python tests/benchmarks/bench_ssim.py [--clips 20]."""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from skimage.metrics import structural_similarity

from eeg2vid.stages.metrics.frames import FloatArray, Frames
from eeg2vid.stages.metrics.psnr import psnr_matrix
from eeg2vid.stages.metrics.ssim_windows import PairedSsim, ssim

FULL_CLIPS = 200  # one SEED-DV test block: 40 runs of 5 clips
FULL_PAIRS = 40 * FULL_CLIPS  # every run against every run, places kept: what any number of permutations needs


def by_skimage(decoded: Frames, true: Frames) -> FloatArray:
    """Score frame by frame with scikit-image."""
    height, width = true.shape[2:4]
    pairs = zip(decoded.reshape(-1, height, width, 3), true.reshape(-1, height, width, 3), strict=True)
    scores = [structural_similarity(a, b, data_range=255, channel_axis=-1) for a, b in pairs]
    return np.reshape(scores, true.shape[:2])


def by_pairs(decoded: Frames, true: Frames) -> FloatArray:
    """Score every true clip with five decoded ones, as a permutation null does."""
    clips = len(true)
    place = np.arange(5 * clips)
    return PairedSsim(decoded, true)((place + place // clips) % clips, place % clips)


def measure(work: Callable[[Frames, Frames], FloatArray], decoded: Frames, true: Frames) -> tuple[float, float]:
    """Return processor seconds, and the peak of what is allocated (MB, over the first two clips at most)."""
    start = time.process_time()
    work(decoded, true)
    seconds = time.process_time() - start
    tracemalloc.start()
    work(decoded[:2], true[:2])
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return seconds, peak


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=20)
    clips = parser.parse_args().clips
    rng = np.random.default_rng(0)
    true = rng.integers(0, 256, (clips, 6, 288, 512, 3), dtype=np.uint8)
    decoded = np.clip(true + rng.integers(-60, 60, true.shape, dtype=np.int16), 0, 255).astype(np.uint8)
    gap = np.abs(ssim(decoded[:2], true[:2]) - by_skimage(decoded[:2], true[:2])).max()
    print(f"{clips} clips x 6 frames of 512 x 288; largest difference from scikit-image {gap:.1e}")
    print(f"{'':28}{'ms/frame':>9}{'seconds':>9}{'peak MB':>9}  at full size")
    rows: list[tuple[str, Callable[[Frames, Frames], FloatArray], int, int]] = [
        ("scikit-image, loop", by_skimage, clips, FULL_CLIPS),
        ("ssim", ssim, clips, FULL_CLIPS),
        ("PairedSsim (null)", by_pairs, 5 * clips, FULL_PAIRS),
    ]
    for name, work, scored, full in rows:
        seconds, peak = measure(work, decoded, true)
        each = seconds / scored
        print(f"{name:28}{1e3 * each / 6:9.1f}{seconds:9.2f}{peak:9.1f}  {each * full:.0f} s for {full} clips")
    start = time.process_time()
    psnr_matrix(decoded, true)
    print(f"{'psnr_matrix':28}{'':9}{time.process_time() - start:9.2f}{'':9}  {clips}^2 pairs")


if __name__ == "__main__":
    main()
