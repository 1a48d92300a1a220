"""SSIM as it was computed up to 2026-11: exact window sums in int32, those of the decoded clip anew for every pair.

Only for `bench_ssim.py`, which measures both ways in one run.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from eeg2vid.stages.metrics.frames import FloatArray, Frames, IntArray

_N = 49
_TILE_ELEMENTS = 2**16
_SAMPLE = _N / (_N - 1)
_C1 = (0.01 * 255) ** 2 * _N**2
_C2 = (0.03 * 255) ** 2 * _N**2

_Int32 = npt.NDArray[np.int32]


def score_pairs(decoded: Frames, true: Frames, decoded_index: IntArray, true_index: IntArray) -> FloatArray:
    """Return the mean SSIM over frames of each pair of clips; a true clip's window sums serve all its partners."""
    frames, height, width, channels = true.shape[1:]
    rows = max(1, _TILE_ELEMENTS // (width * channels))
    scratch, scores = _Scratch(), np.zeros(len(true_index))
    tiles = [(f, slice(r, min(r + rows, height - 6) + 6)) for f in range(frames) for r in range(0, height - 6, rows)]
    for event in np.unique(true_index):
        cuts = [true[event, frame, part][None] for frame, part in tiles]
        kept = [_moments(cut, scratch) for cut in cuts]
        for pair in np.flatnonzero(true_index == event):
            for (frame, part), cut, moments in zip(tiles, cuts, kept, strict=True):
                other = decoded[decoded_index[pair], frame, part][None]
                scores[pair] += _compare(other, cut, moments, scratch)[0]
    return scores / (frames * (height - 6) * (width - 6) * channels)


class _Scratch:
    """Named buffers of one thread, used over and over.

    Fresh arrays of this size come from the operating system page by page, which costs more than the arithmetic.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, npt.NDArray[Any]] = {}

    def integers(self, name: str, shape: tuple[int, ...]) -> _Int32:
        return self._take(name, shape, np.int32)

    def floats(self, name: str, shape: tuple[int, ...]) -> FloatArray:
        return self._take(name, shape, np.float64)

    def _take(self, name: str, shape: tuple[int, ...], dtype: type[Any]) -> npt.NDArray[Any]:
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[name] = np.empty(size, dtype=dtype)
        return buffer[:size].reshape(shape)


def _window_sums(values: _Int32, out: _Int32, scratch: _Scratch) -> None:
    """Sum `values` ``(frame, height, width, channel)`` over each whole window; both sides shrink by six."""
    frames, height, width, channels = values.shape
    rows = scratch.integers("rows", (frames, height - 6, width, channels))
    pairs = scratch.integers("pairs", (frames, height - 1, width, channels))
    np.add(values[:, :-1], values[:, 1:], out=pairs)
    np.add(pairs[:, :-5], pairs[:, 2:-3], out=rows)
    rows += pairs[:, 4:-1]
    rows += values[:, 6:]
    pairs = scratch.integers("pairs", (frames, height - 6, width - 1, channels))
    np.add(rows[:, :, :-1], rows[:, :, 1:], out=pairs)
    np.add(pairs[:, :, :-5], pairs[:, :, 2:-3], out=out)
    out += pairs[:, :, 4:-1]
    out += rows[:, :, 6:]


def _moments(frames: Frames, scratch: _Scratch, side: str | None = None) -> tuple[_Int32, _Int32]:
    """Return the sum and N^2 times the (population) variance of each window, in buffers of `side` or to keep."""
    shape = (len(frames), frames.shape[1] - 6, frames.shape[2] - 6, frames.shape[3])
    if side is None:
        total, spread = np.empty(shape, np.int32), np.empty(shape, np.int32)
    else:
        total, spread = scratch.integers(f"total {side}", shape), scratch.integers(f"spread {side}", shape)
    wide = scratch.integers("wide", frames.shape)
    wide[...] = frames
    _window_sums(wide, total, scratch)
    wide *= wide
    _window_sums(wide, spread, scratch)
    spread *= _N
    spread -= np.multiply(total, total, out=scratch.integers("square", shape))
    return total, spread


def _compare(a: Frames, b: Frames, of_b: tuple[_Int32, _Int32], scratch: _Scratch) -> FloatArray:
    """Return the sum of SSIM over the windows of each frame of `a`, with the frames `b` of the given moments."""
    sum_b, spread_b = of_b
    sum_a, spread_a = _moments(a, scratch, "a")
    product = scratch.integers("wide", a.shape)
    np.multiply(a, b, out=product, dtype=np.int32)
    joint = scratch.integers("joint", sum_b.shape)
    _window_sums(product, joint, scratch)
    means = np.multiply(sum_a, sum_b, out=scratch.integers("means", sum_b.shape))
    joint *= _N
    joint -= means
    sum_a *= sum_a
    sum_a += np.multiply(sum_b, sum_b, out=scratch.integers("square", sum_b.shape))
    spread_a += spread_b

    quotient = np.multiply(means, 2.0, out=scratch.floats("quotient", sum_b.shape))
    quotient += _C1
    factor = np.add(sum_a, _C1, out=scratch.floats("factor", sum_b.shape))
    quotient /= factor  # now, not last: equal frames then score exactly 1
    np.multiply(joint, 2.0 * _SAMPLE, out=factor)
    factor += _C2
    quotient *= factor
    np.multiply(spread_a, _SAMPLE, out=factor)
    factor += _C2
    quotient /= factor
    return np.asarray(quotient.reshape(len(a), -1).sum(axis=1), dtype=np.float64)
