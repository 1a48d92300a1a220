"""Time and memory of epochs and band features for one subject of SEED-DV's full size.

Run `python tests/benchmarks/bench_features.py`. The recordings lie in a memory-mapped float64 file. Every case runs in
a process of its own, so that its peak memory is its own; the obvious loop over clips and electrodes runs in
the same process, on all clips: it has the form of the released script (a taper made at each call, a full complex
FFT, a band added up bin by bin). Loop and features take turns, block by block, and the best of seven counts for
both, so that other work on the machine hits both alike; the loop's best block counts seven times.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy.fft

from eeg2vid.stages.signal.epochs import cut_epochs
from eeg2vid.stages.signal.features import BANDS, band_features

BLOCKS, ELECTRODES, SAMPLES, FS = 7, 62, 104000, 200
CASES: dict[str, dict[str, Any]] = {
    "corrected, per 1 s": {"method": "corrected", "window_s": 1.0},
    "corrected, per 2 s": {"method": "corrected", "window_s": 2.0},
    "published, per 1 s": {"method": "published", "window_s": 1.0},
    "published, per 2 s": {"method": "published", "window_s": 2.0},
    "corrected, 0.5 s every 0.25 s": {"window_s": 0.5, "step_s": 0.25, "bands": BANDS[1:]},
    "welch, per 2 s": {"spectrum": "welch", "window_s": 2.0, "segment_s": 1.0},
    "multitaper, per 2 s": {"spectrum": "multitaper", "window_s": 2.0},
}


def onsets() -> np.ndarray:
    """Return the first sample of each clip of a block: 40 runs of a 3-s hint and 5 clips of 2 s."""
    runs, clips = np.meshgrid(np.arange(40), np.arange(5), indexing="ij")
    return (FS * (13 * runs + 3 + 2 * clips)).ravel()


def loop_over_channels(window: np.ndarray, published: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return DE and PSD of one window `(electrode, sample)` the obvious way."""
    length = window.shape[1]
    n_fft = FS if published else length
    hertz, shift = n_fft // FS, 1 if published else 0
    taper = np.array([0.5 - 0.5 * np.cos(2 * np.pi * n / (length + 1)) for n in range(1, length + 1)])
    de, psd = np.zeros((len(window), len(BANDS))), np.zeros((len(window), len(BANDS)))
    for channel in range(len(window)):
        magnitude = abs(scipy.fft.fft(window[channel] * taper, n_fft)[: n_fft // 2])
        for band, (low, high) in enumerate(BANDS):
            bins = range(int(low) * hertz - shift, int(high) * hertz)
            power = 0
            for k in bins:
                power = power + magnitude[k] * magnitude[k]
            power = power / len(bins)
            psd[channel][band] = power
            de[channel][band] = math.log(100 * power, 2)
    return de, psd


def loop(block: np.ndarray, window_s: float, published: bool) -> None:
    """Describe all clips of a block the obvious way."""
    length = round(window_s * FS)
    for onset in onsets():
        epoch = block[:, onset : onset + 2 * FS] * 1e6
        for start in range(0, epoch.shape[1], length):
            loop_over_channels(epoch[:, start : start + length], published)


def seconds(work: Callable[[], object]) -> float:
    """Return the time a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mb() -> float:
    """Return the peak resident memory of this process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def case(name: str, file: Path) -> dict[str, float | str]:
    """Measure one definition."""
    blocks = np.load(file, mmap_mode="r")
    settings: dict[str, Any] = CASES[name]
    epochs = np.empty((BLOCKS * onsets().size, ELECTRODES, 2 * FS), dtype=np.float32)
    rows = np.arange(len(epochs)).reshape(BLOCKS, -1)

    def cut() -> None:
        for block, here in zip(blocks, rows, strict=True):
            cut_epochs(block, onsets(), 2 * FS, into=(epochs, here))

    def describe(threads: int) -> None:
        band_features(epochs, FS, threads=threads, dtype=np.float32, **settings)

    times: dict[str, list[float]] = {"cut s": [], "1 thread s": [], "2 threads s": [], "loop s": []}
    for block in blocks:
        times["cut s"].append(seconds(cut))
        times["1 thread s"].append(seconds(lambda: describe(1)))
        times["2 threads s"].append(seconds(lambda: describe(2)))
        if "method" in settings:
            work = lambda b=block: loop(b, settings["window_s"], settings["method"] == "published")  # noqa: E731
            times["loop s"].append(BLOCKS * seconds(work))
    best = {what: min(measured) for what, measured in times.items() if measured}
    row = {"case": name, **best, "peak MiB": peak_mb()}
    if "loop s" in best:
        row |= {f"ratio, {n}": best["loop s"] / best[what] for n, what in ((1, "1 thread s"), (2, "2 threads s"))}
        row["with cut"] = best["loop s"] / (best["2 threads s"] + best["cut s"])
    return row


def main() -> None:
    """Print one line per case."""
    if len(sys.argv) == 3:
        print(json.dumps(case(sys.argv[1], Path(sys.argv[2]))))
        return
    print(f"{BLOCKS} x {ELECTRODES} x {SAMPLES} float64, memory-mapped; {BLOCKS * onsets().size} clips of 2 s")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "eeg.npy"
        eeg = np.lib.format.open_memmap(file, mode="w+", dtype=np.float64, shape=(BLOCKS, ELECTRODES, SAMPLES))
        rng = np.random.default_rng(0)
        for block in eeg:
            block[:] = rng.standard_normal(block.shape) * 1e-5
        eeg.flush()
        for index, name in enumerate(CASES):
            command = [sys.executable, __file__, name, str(file)]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            if not index:
                print("  ".join(f"{title:>{29 if title == 'case' else 11}}" for title in row))
            print("  ".join(f"{v:>29}" if isinstance(v, str) else f"{v:>11.3g}" for v in row.values()), flush=True)


if __name__ == "__main__":
    main()
