"""What pictures cost on their way in and out: python tests/benchmarks/bench_clips.py.

CPU seconds a picture, one thread, the obvious way and ours in turns, best of three: YUV to RGB packed and by planes;
the tiny VAE with a whole clip at a time in PyTorch's own layout, and as `encode` and `decode` compute.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import av
import numpy as np
import torch
from av.video.reformatter import Interpolation

from eeg2vid.stages.pretrained.vae import decode, encode, lay_out_for_cpu, load_vae
from eeg2vid.stages.stimuli.picture import EXACT, to_rgb

FRAMES = 6
TINY = Path(__file__).resolve().parents[2] / "stages" / "profiles" / "tiny" / "vae"


def best(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the least CPU time of each, in turns."""
    found = dict.fromkeys(works, float("inf"))
    for _ in range(3):
        for name, work in works.items():
            start = time.process_time()
            work()
            found[name] = min(found[name], time.process_time() - start)
    return found


def pictures(width: int, height: int) -> np.ndarray:
    """Return smooth noise, uint8 `(FRAMES, height, width, 3)`."""
    coarse = np.random.default_rng(0).integers(0, 256, (FRAMES, height // 8, width // 8, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


def converted(width: int, height: int, size: tuple[int, int]) -> dict[str, float]:
    """Measure one size of film."""
    drawn = [av.VideoFrame.from_ndarray(one, format="rgb24") for one in pictures(width, height)]
    frames = [frame.reformat(format="yuv420p") for frame in drawn]
    method = (Interpolation.BICUBIC if size == (width, height) else Interpolation.AREA) | EXACT

    def packed() -> list[np.ndarray]:
        return [f.reformat(*size, format="rgb24", interpolation=method, threads=1).to_ndarray() for f in frames]

    def planes() -> list[np.ndarray]:
        return [to_rgb(frame, size) for frame in frames]

    assert all(np.array_equal(one, other) for one, other in zip(packed(), planes(), strict=True))
    return best({"before": packed, "now": planes})


def coded(width: int, height: int) -> dict[str, dict[str, float]]:
    """Measure encoding and decoding of one size of clip."""
    whole, ours = load_vae(TINY), load_vae(TINY)
    lay_out_for_cpu(ours)
    clip = pictures(width, height)
    latents = encode(ours, clip)
    pixels = torch.from_numpy(clip).permute(0, 3, 1, 2) / 127.5 - 1
    scaled = torch.from_numpy(latents) / whole.config.scaling_factor

    def encoded_whole() -> None:
        with torch.inference_mode():
            whole.encode(pixels)

    def decoded_whole() -> None:
        with torch.inference_mode():
            whole.decode(scaled)

    return {
        "encode": best({"before": encoded_whole, "now": lambda: encode(ours, clip)}),
        "decode": best({"before": decoded_whole, "now": lambda: decode(ours, latents)}),
    }


def main() -> None:
    """Print milliseconds a picture."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    torch.set_num_threads(1)
    rows = {f"to RGB, {w}x{h} to 512x288": converted(w, h, (512, 288)) for w, h in ((512, 288), (1920, 1080))}
    for width, height in ((112, 64), (512, 288)):
        rows |= {f"{what}, {width}x{height}": found for what, found in coded(width, height).items()}
    for name, found in rows.items():
        before, now = (1e3 * found[when] / FRAMES for when in ("before", "now"))
        print(f"{name:>30}: before {before:8.2f} ms, now {now:8.2f} ms, ratio {before / now:.2f}")


if __name__ == "__main__":
    main()
