"""Structural similarity of 8-bit frames, the variant that the published systems print.

It equals ``skimage.metrics.structural_similarity(a, b, data_range=255, channel_axis=-1)``: a flat window of 7 x 7
pixels, sample covariance, windows that lie wholly in the frame, the mean over windows and channels (Wang et al.,
"Image quality assessment: from error visibility to structural similarity", IEEE TIP 2004, equation 13).

With N = 49 pixels per window and window sums Sx, Sy, Sxx, Syy, Sxy, all terms times N^2 are integers that fit 32
bits: Sx Sy <= (49 * 255)^2, and N Sxy - Sx Sy likewise. So everything up to the last quotient is exact and no
variance can come out negative; only that quotient is float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, Frames, IntArray, check_frames

WINDOW = 7  # pixels
_N = WINDOW * WINDOW
_TILE_ELEMENTS = 2**16  # pixels x channels at once, so that the window sums stay in cache
_SAMPLE = _N / (_N - 1)  # sample instead of population covariance
_C1 = (0.01 * 255) ** 2 * _N**2
_C2 = (0.03 * 255) ** 2 * _N**2

_Int32 = npt.NDArray[np.int32]


def ssim(decoded: Frames, true: Frames, threads: int = 1) -> FloatArray:
    """Return the structural similarity of each decoded frame with its true frame.

    Parameters
    ----------
    decoded, true
        uint8 ``(..., height, width, channel)``, both of one shape.
    threads
        Frames worked on at the same time. It changes the time taken, never the result.

    Returns
    -------
    numpy.ndarray
        float64 ``(...)``: 1 for equal frames, about 0 for unrelated ones.

    Raises
    ------
    BadDataError
        If the frames are not uint8, differ in shape, or are smaller than the window.
    """
    check_frames(decoded, true)
    _check_size(decoded.shape)
    flat_decoded = decoded.reshape(-1, *decoded.shape[-3:])
    flat_true = true.reshape(-1, *true.shape[-3:])

    def score(tile: _Tile, scratch: _Scratch) -> FloatArray:
        a, b = tile.cut(flat_decoded), tile.cut(flat_true)
        return _compare(a, b, _moments(b, scratch, "b"), scratch)

    tiles = _tiles(flat_true.shape)
    return _mean_over_windows(tiles, _each(score, tiles, threads), flat_true.shape).reshape(decoded.shape[:-3])


class SsimReference:
    """One clip with its window sums, to be compared with many others.

    Parameters
    ----------
    frames
        uint8 ``(frame, height, width, channel)``. The sums take eight bytes per pixel and channel: 21 MB for a clip
        of six frames of 512 x 288.
    scratch
        Buffers to share with other references of the same thread.

    Raises
    ------
    BadDataError
        If the frames are not uint8, not four-dimensional, or smaller than the window.
    """

    def __init__(self, frames: Frames, scratch: _Scratch | None = None) -> None:
        check_frames(frames, frames, ndim=4)
        _check_size(frames.shape)
        self.frames = frames
        self._tiles = _tiles(frames.shape)
        self._scratch = scratch or _Scratch()
        self._moments = [_moments(tile.cut(frames), self._scratch) for tile in self._tiles]

    def ssim(self, frames: Frames) -> FloatArray:
        """Return float64 ``(frame,)``, the similarity of each given frame with the frame of the same place.

        One reference serves one thread at a time.
        """
        check_frames(frames, self.frames)
        sums = [
            _compare(tile.cut(frames), tile.cut(self.frames), moments, self._scratch)
            for tile, moments in zip(self._tiles, self._moments, strict=True)
        ]
        return _mean_over_windows(self._tiles, sums, frames.shape)


class PairedSsim:
    """Mean SSIM over frames of decoded clip i with true clip j, for any list of pairs (i, j).

    A pair metric for `eeg2vid.stages.metrics.pairing`. Clips are read one at a time, so the sides may be arrays in
    memory or on disk; the window sums of a true clip are computed once for all its partners.

    Parameters
    ----------
    decoded, true
        uint8 ``(event, frame, height, width, channel)``, both of one shape.
    threads
        True clips worked on at the same time. It changes the time taken, never the result.

    Raises
    ------
    BadDataError
        If the clips are not uint8, differ in shape, or are smaller than the window.
    """

    def __init__(self, decoded: Any, true: Any, threads: int = 1) -> None:
        check_frames(decoded, true, ndim=5)
        _check_size(decoded.shape)
        self.decoded, self.true, self.threads = decoded, true, threads

    def __call__(self, decoded_index: IntArray, true_index: IntArray) -> FloatArray:
        """Return float64 ``(pair,)`` for event indices ``(pair,)`` into both sides."""
        scores = np.empty(len(true_index))

        def fill(true_event: int, scratch: _Scratch) -> None:
            reference = SsimReference(np.asarray(self.true[true_event]), scratch)
            for pair in np.flatnonzero(true_index == true_event):
                scores[pair] = reference.ssim(np.asarray(self.decoded[int(decoded_index[pair])])).mean()

        _each(fill, [int(event) for event in np.unique(true_index)], self.threads)
        return scores


@dataclass(frozen=True)
class _Tile:
    """Some frames, and the rows of windows worked on at once."""

    frames: slice
    rows: slice

    def cut(self, frames: Frames) -> Frames:
        return frames[self.frames, self.rows.start : self.rows.stop + WINDOW - 1]


def _tiles(shape: tuple[int, ...]) -> list[_Tile]:
    frames, height, width, channels = shape
    windows = height - WINDOW + 1
    rows = min(windows, max(1, _TILE_ELEMENTS // (width * channels)))
    step = max(1, _TILE_ELEMENTS // (height * width * channels)) if rows == windows else 1
    return [
        _Tile(slice(frame, min(frame + step, frames)), slice(row, min(row + rows, windows)))
        for frame in range(0, frames, step)
        for row in range(0, windows, rows)
    ]


def _mean_over_windows(tiles: list[_Tile], sums: list[FloatArray], shape: tuple[int, ...]) -> FloatArray:
    frames, height, width, channels = shape
    total = np.zeros(frames)
    for tile, part in zip(tiles, sums, strict=True):
        total[tile.frames] += part
    return total / ((height - WINDOW + 1) * (width - WINDOW + 1) * channels)


def _check_size(shape: tuple[int, ...]) -> None:
    height, width = shape[-3:-1]
    if min(height, width) < WINDOW:
        raise BadDataError(
            f"SSIM compares windows of {WINDOW} x {WINDOW} pixels, but the frames are {width} x {height}.",
            "Score larger frames, or leave SSIM out.",
        )


def _each(work: Callable[[Any, _Scratch], Any], items: list[Any], threads: int) -> list[Any]:
    """Return the results in the order of the items; every thread takes each `threads`-th item."""

    def share(worker: int) -> list[Any]:
        scratch = _Scratch()
        return [work(item, scratch) for item in items[worker::threads]]

    threads = max(1, min(threads, len(items)))
    if threads == 1:
        return share(0)
    results: list[Any] = [None] * len(items)
    with ThreadPoolExecutor(threads) as pool:  # numpy lets go of the interpreter lock in these loops
        for worker, part in enumerate(pool.map(share, range(threads))):
            results[worker::threads] = part
    return results


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
