"""Time and memory of epochs and band features for one subject of SEED-DV's full size.

Run `python tests/benchmarks/bench_features.py`. Every case runs in a process of its own, so that its peak
memory is its own. Two loops over clips and electrodes are timed on some clips and scaled up: `bins` adds up a
band bin by bin in Python, as the released script does; `bands` is the best a loop can do, one numpy mean per band.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy.fft

from eeg2vid.stages.signal.epochs import cut_epochs
from eeg2vid.stages.signal.features import BANDS, band_features

BLOCKS, ELECTRODES, SAMPLES, FS = 7, 62, 104000, 200
LOOP_CLIPS = 20


def onsets() -> np.ndarray:
    """Return the first sample of each clip of a block: 40 runs of a 3-s hint and 5 clips of 2 s."""
    runs, clips = np.meshgrid(np.arange(40), np.arange(5), indexing="ij")
    return (FS * (13 * runs + 3 + 2 * clips)).ravel()


def loop(epochs: np.ndarray, window_s: float, method: str, by_bin: bool) -> None:
    """Compute DE and PSD the obvious way."""
    length = round(window_s * FS)
    taper = np.array([0.5 - 0.5 * math.cos(2 * math.pi * n / (length + 1)) for n in range(1, length + 1)])
    n_fft = FS if method == "published" else length
    hertz = n_fft // FS
    shift = 1 if method == "published" else 0
    for epoch in epochs:
        for channel in epoch:
            for start in range(0, channel.size, length):
                magnitude = np.abs(scipy.fft.fft(channel[start : start + length] * taper, n_fft)[: n_fft // 2])
                for low, high in BANDS:
                    bins = range(int(low) * hertz - shift, int(high) * hertz)
                    if by_bin:
                        power = 0.0
                        for k in bins:
                            power += magnitude[k] * magnitude[k]
                        power /= len(bins)
                    else:
                        power = float(np.mean(magnitude[bins.start : bins.stop] ** 2))
                    math.log2(100 * power)


def timed_loop(epochs: np.ndarray, window_s: float, method: str, by_bin: bool) -> float:
    """Return the seconds of a loop over all clips, scaled up from some."""
    few = epochs[:LOOP_CLIPS].astype(np.float64)
    start = time.perf_counter()
    loop(few, window_s, method, by_bin)
    return (time.perf_counter() - start) * len(epochs) / LOOP_CLIPS


def peak_mb() -> float:
    """Return the peak resident memory of this process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def case(window_s: float, method: str) -> dict[str, float | str]:
    """Measure one definition and window."""
    rng = np.random.default_rng(0)
    eeg = rng.standard_normal((BLOCKS, ELECTRODES, SAMPLES))
    eeg *= 1e-5
    data_mb = peak_mb()
    start = time.perf_counter()
    epochs = np.concatenate([cut_epochs(block, onsets(), 2 * FS) for block in eeg])
    cut_s = time.perf_counter() - start
    start = time.perf_counter()
    band_features(epochs, FS, BANDS, window_s=window_s, method=method, dtype=np.float32)  # type: ignore[arg-type]
    features_s = time.perf_counter() - start
    peak = peak_mb()
    bins_s, bands_s = (timed_loop(epochs, window_s, method, by_bin) for by_bin in (True, False))
    return {
        "case": f"{method}, per {window_s:g} s",
        "epochs s": cut_s,
        "features s": features_s,
        "loop 'bins' s": bins_s,
        "ratio": bins_s / features_s,
        "loop 'bands' s": bands_s,
        "ratio to it": bands_s / features_s,
        "data MiB": data_mb,
        "peak MiB": peak,
    }


def main() -> None:
    """Print one line per case."""
    if len(sys.argv) == 3:
        print(json.dumps(case(float(sys.argv[1]), sys.argv[2])))
        return
    print(f"{BLOCKS} x {ELECTRODES} x {SAMPLES} float64, {BLOCKS * 200} events, 1 thread; loop on {LOOP_CLIPS} clips")
    for index, (window_s, method) in enumerate(
        [(1, "corrected"), (2, "corrected"), (1, "published"), (2, "published")]
    ):
        command = [sys.executable, __file__, str(window_s), method]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        if not index:
            print("  ".join(f"{name:>19}" for name in row))
        print("  ".join(f"{v:>19}" if isinstance(v, str) else f"{v:>19.2f}" for v in row.values()))


if __name__ == "__main__":
    main()
