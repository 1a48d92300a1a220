"""Structural similarity of clips, for any list of pairs: which pixels are held when, and by which thread.

`ssim` equals ``skimage.metrics.structural_similarity(a, b, data_range=255, channel_axis=-1)`` of each frame to 4e-6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, Frames, IntArray, check_frames
from eeg2vid.stages.metrics.ssim_windows import (
    UNIFORM,
    Scratch,
    Window,
    moments,
    similarity_map,
    sum_of_windows,
)

_TILE_ELEMENTS = 192 * 2**10  # pixels x channels at once: smaller tiles make threads wait for the interpreter
_BLOCK_CLIPS = 40  # of a side at once: at full size 140 MB of moments a thread
_BLOCK_BYTES = 128 * 2**20  # of pixels of a side at once


def ssim(decoded: Frames, true: Frames, threads: int = 1) -> FloatArray:
    """Return the structural similarity of each decoded frame with its true frame.

    Parameters
    ----------
    decoded, true
        uint8 ``(..., height, width, channel)``, both of one shape.
    threads
        Tiles worked on at the same time. It changes the time taken, never the result.

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
    picture = decoded.shape[-3:]
    every = np.arange(int(np.prod(decoded.shape[:-3])))
    pairs = PairedSsim(decoded.reshape(-1, 1, *picture), true.reshape(-1, 1, *picture), threads)
    return pairs.frames(every, every).reshape(decoded.shape[:-3])


@dataclass(frozen=True)
class PairedSsim:
    """Mean SSIM over frames of decoded clip i with true clip j, for any list of pairs (i, j).

    A pair metric for `eeg2vid.stages.metrics.pairing`. The sides may be arrays in memory or on disk: clips are read one
    at a time, at most `_BLOCK_CLIPS` of a side are held. Where runs change places and clips keep theirs, only clips of
    one place are ever paired, so that each clip is read once.

    Parameters
    ----------
    decoded, true
        uint8 ``(event, frame, height, width, channel)``, both of one shape.
    threads
        Tiles worked on at the same time. It changes the time taken, never the result.
    window
        What slides over the frames.
    prepare
        Done to every true clip first, from uint8 ``(frame, height, width, channel)`` to any numbers 0..255.

    Raises
    ------
    BadDataError
        If the clips are not uint8, differ in shape, or are smaller than the window.
    """

    decoded: Any
    true: Any
    threads: int = 1
    window: Window = UNIFORM
    prepare: Callable[[Frames], NDArray[Any]] | None = None

    def __post_init__(self) -> None:
        check_frames(self.decoded, self.true, ndim=5)
        height, width = self.decoded.shape[2:4]
        size = self.window.size - 2 * self.window.pad
        if min(height, width) < size:
            raise BadDataError(
                f"SSIM compares windows of {size} x {size} pixels, but the frames are {width} x {height}.",
                "Score larger frames, or leave SSIM out.",
            )

    def __call__(self, decoded_index: IntArray, true_index: IntArray) -> FloatArray:
        """Return float64 ``(pair,)`` for event indices ``(pair,)`` into both sides."""
        return np.asarray(self.frames(decoded_index, true_index).mean(axis=1))

    def frames(self, decoded_index: IntArray, true_index: IntArray) -> FloatArray:
        """Return float64 ``(pair, frame)`` for event indices ``(pair,)`` into both sides."""
        scores = np.empty((len(true_index), self.decoded.shape[1]))
        for pairs in self._blocks(np.asarray(decoded_index), np.asarray(true_index)):
            decoded_events, a = np.unique(decoded_index[pairs], return_inverse=True)
            true_events, b = np.unique(true_index[pairs], return_inverse=True)
            sides = [self._read(self.decoded, decoded_events), self._read(self.true, true_events, self.prepare)]
            scores[pairs] = self._score_block(sides, a, b)
        return scores

    def _read(self, side: Any, events: IntArray, prepare: Callable[[Frames], Any] | None = None) -> list[NDArray[Any]]:
        def one(event: int) -> NDArray[Any]:
            clip = np.asarray(side[event])
            clip = clip if prepare is None else prepare(clip)
            pad = self.window.pad
            return np.pad(clip, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="symmetric") if pad else clip

        return _each(lambda event, _: one(event), events.tolist(), self.threads)

    def _blocks(self, decoded_index: IntArray, true_index: IntArray) -> Iterator[IntArray]:
        """Yield the pairs that are worked on together, those of one true clip side by side."""
        events = self.true.shape[0]
        graph = coo_array((np.ones(len(true_index)), (decoded_index, true_index + events)), shape=(2 * events,) * 2)
        group = connected_components(graph, directed=False)[1][decoded_index]
        clip_bytes = int(np.prod(self.true.shape[1:])) * (1 if self.prepare is None else 4)
        most = max(1, min(_BLOCK_CLIPS, _BLOCK_BYTES // clip_bytes))
        for one in np.unique(group):
            pairs = np.flatnonzero(group == one)
            blocks = [_spread(index[pairs], most) for index in (true_index, decoded_index)]
            order = np.lexsort((decoded_index[pairs], true_index[pairs], *blocks))
            cuts = np.flatnonzero(np.any([np.diff(block[order]) != 0 for block in blocks], axis=0)) + 1
            yield from np.split(pairs[order], cuts)

    def _score_block(self, sides: list[list[NDArray[Any]]], a: IntArray, b: IntArray) -> FloatArray:
        shape = sides[0][0].shape
        tiles = _tiles(shape, self.window.size, self.threads)

        def score(tile: _Tile, scratch: Scratch) -> FloatArray:
            held = [moments(tile.cut(clip), self.window, scratch, f"{k}") for k, clip in enumerate(sides[0])]
            part = np.empty((len(a), tile.frames.stop - tile.frames.start))
            other, before = held[0], -1
            for pair, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
                if j != before:
                    other, before = moments(tile.cut(sides[1][j]), self.window, scratch, "true"), j
                flat = similarity_map(held[i], other, shape[2] * shape[3], shape[3], self.window, scratch)
                part[pair] = sum_of_windows(flat, tile.cut(sides[0][0]).shape, self.window)
            return part

        sums = np.zeros((len(a), shape[0]))
        for tile, part in zip(tiles, _each(score, tiles, self.threads), strict=True):
            sums[:, tile.frames] += part
        reach = self.window.size - 1
        return np.asarray(sums / ((shape[1] - reach) * (shape[2] - reach) * shape[3]))


def _spread(index: IntArray, most: int) -> IntArray:
    """Return a block of each entry, so that no block has more than `most` different ones."""
    values, place = np.unique(index, return_inverse=True)
    blocks = -(-len(values) // most)
    return np.asarray(place * blocks // len(values))


@dataclass(frozen=True)
class _Tile:
    """Some frames, and the rows of pixels that the windows worked on at once need."""

    frames: slice
    rows: slice

    def cut(self, frames: NDArray[Any]) -> NDArray[Any]:
        return frames[self.frames, self.rows]


def _tiles(shape: tuple[int, ...], size: int, threads: int) -> list[_Tile]:
    """Divide by rows, whatever the threads, and by frames, which are summed apart, so that all threads have work."""
    frames, height, width, channels = shape
    windows = height - size + 1
    rows = min(windows, max(1, _TILE_ELEMENTS // (width * channels)))
    step = max(1, min(_TILE_ELEMENTS // (height * width * channels), frames // threads)) if rows == windows else 1
    return [
        _Tile(slice(frame, min(frame + step, frames)), slice(row, min(row + rows, windows) + size - 1))
        for frame in range(0, frames, step)
        for row in range(0, windows, rows)
    ]


def _each(work: Callable[[Any, Scratch], Any], items: list[Any], threads: int) -> list[Any]:
    """Return the results in the order of the items; every thread takes each `threads`-th item."""

    def share(worker: int) -> list[Any]:
        scratch = Scratch()
        return [work(item, scratch) for item in items[worker::threads]]

    threads = max(1, min(threads, len(items)))
    if threads == 1:
        return share(0)
    results: list[Any] = [None] * len(items)
    with ThreadPoolExecutor(threads) as pool:  # numpy lets go of the interpreter lock in these loops
        for worker, part in enumerate(pool.map(share, range(threads))):
            results[worker::threads] = part
    return results
