"""Sharp jumps of few heights in a signal that otherwise moves little: pulses or steps of an analog trigger line.

Noise, a slow drift or a high-pass filter hide its levels from `code_lines`; from one sample to the next its jumps stay
as high as they were. What looks alike and is none: electrodes pop by any height, blinks, saccades and heart beats take
longer, muscles jump all the time, and what a stimulator or a movement does is seen by other electrodes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

JUMP = 10.0  # a change by so many median changes is a jump: 6.7 standard deviations of white noise
LOW = 7.0  # .. and one by so many belongs to one, or is of no clear kind
LONGEST_S, LONGEST = 0.01, 2  # s and samples that a jump may take
MOST_A_SECOND = 5.0
BETWEEN = 0.1  # changes of no clear kind, by jumps: what is sharp has hardly any
GAP, SPREAD = 6.0, 3.0  # median changes between two heights, and within one (white noise has 1.5)
REPEATS, REPEATING = 4, 0.9  # jumps of a height, on average, and the share of the jumps that have such a height
SURE, DOUBTFUL = 12, 8  # jumps; six pulses, four
SHARED = 0.5  # share of the jumps at which another electrode jumps too ..
ALIKE = 1 / 3  # .. by so much of their height
MANY = 0.25  # share of the electrodes: lines are few
_KEPT = 8192  # largest changes of an electrode that are kept, at least
_THIN = 8

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Jumps:
    """The jumps of one electrode: samples, heights, how many heights there are, whether they leave no doubt."""

    electrode: int
    at: Ints
    heights: Floats
    n_heights: int
    sure: bool


class JumpCounter:
    """Keeps the largest changes of each electrode, over chunks of one recording."""

    def __init__(self, n_electrodes: int) -> None:
        self._at: list[Ints] = [np.empty(0, np.int64)] * n_electrodes
        self._change: list[Floats] = [np.empty(0)] * n_electrodes
        self._floor = np.zeros(n_electrodes)  # every larger change is kept
        self._last: NDArray[np.floating] = np.empty(0)
        self._buffer = np.empty((n_electrodes, 0))
        self._n_samples = 0

    def add(self, chunk: NDArray[np.floating]) -> Floats:
        """Take the next `(electrode, sample)`; return each sample's change from the one before, until the next call."""
        if self._buffer.shape[1] < chunk.shape[1]:
            self._buffer = np.empty(chunk.shape)
        change = self._buffer[:, : chunk.shape[1]]
        np.subtract(chunk[:, 1:], chunk[:, :-1], out=change[:, 1:], dtype=np.float64)
        np.subtract(chunk[:, 0], self._last if self._n_samples else chunk[:, 0], out=change[:, 0], dtype=np.float64)
        for row, values in enumerate(change):
            sizes = np.abs(values)
            if not self._floor[row]:
                self._floor[row] = _first_floor(sizes)
            large = np.flatnonzero(sizes > self._floor[row])
            self._at[row] = np.concatenate([self._at[row], large + self._n_samples])
            self._change[row] = np.concatenate([self._change[row], values[large]])
            self._cut(row)
        self._last = chunk[:, -1].copy()
        self._n_samples += chunk.shape[1]
        return change

    def _cut(self, row: int) -> None:
        sizes = np.abs(self._change[row])
        if len(sizes) > 2 * _KEPT:
            self._floor[row] = np.partition(sizes, -_KEPT)[-_KEPT]
            kept = sizes > self._floor[row]
            self._at[row], self._change[row] = self._at[row][kept], self._change[row][kept]

    def find(self, rows: Sequence[int], near: NDArray[np.floating], sfreq: float) -> list[Jumps]:
        """Return the electrodes that jump sharply, by few heights, and where no other electrode does.

        Parameters
        ----------
        rows
            Electrodes that are looked at.
        near
            Median absolute change from a sample to the next, `(electrode,)`.
        sfreq
            Hz.
        """
        longest = max(LONGEST, round(LONGEST_S * sfreq))
        judged = (self._judged(row, float(near[row]), longest, sfreq) for row in rows)
        found = [jumps for jumps in judged if jumps is not None]
        alone = {jumps.electrode for jumps in found}
        others = [row for row in rows if row not in alone]
        if len(found) > len(rows) / 2:
            return []  # whatever it is, the whole head has it
        many = len(found) > max(1.0, MANY * len(rows))
        return [
            Jumps(jumps.electrode, jumps.at, jumps.heights, jumps.n_heights, jumps.sure and not many)
            for jumps in found
            if not any(self._shares(row, float(near[row]), jumps, longest) for row in others)
        ]

    def _judged(self, row: int, near: float, longest: int, sfreq: float) -> Jumps | None:
        large = np.abs(self._change[row]) > LOW * near
        if near == 0 or self._floor[row] > LOW * near or not DOUBTFUL <= large.sum() <= _KEPT:
            return None
        at, change = self._at[row][large], self._change[row][large]
        begins = np.flatnonzero(np.concatenate([[True], (np.diff(at) > 1) | (change[1:] * change[:-1] < 0)]))
        heights = np.add.reduceat(change, begins)
        lengths = np.diff(np.append(begins, len(at)))
        jumps = (np.abs(heights) >= JUMP * near) & (lengths <= longest)
        where, n = at[begins], int(jumps.sum())
        if not DOUBTFUL <= n <= MOST_A_SECOND * self._n_samples / sfreq:
            return None
        # what rings beside a jump belongs to it
        unclear = int((~jumps & ~_beside(where, where[jumps], longest)).sum())
        groups = _same_heights(np.abs(heights[jumps]), near)
        again = sum(len(group) for group in groups if len(group) > 1 and group.std() <= SPREAD * near)
        if unclear > BETWEEN * n or len(groups) * REPEATS > n or again < REPEATING * n:
            return None
        return Jumps(row, where[jumps], heights[jumps], len(groups), n >= SURE)

    def _shares(self, row: int, near: float, jumps: Jumps, longest: int) -> bool:
        """Return whether another electrode jumps too where one does, by a good part of its height."""
        least = max(ALIKE * float(np.median(np.abs(jumps.heights))), LOW * near)
        large = np.abs(self._change[row]) >= least
        return bool(_beside(jumps.at, self._at[row][large], longest).mean() >= SHARED)


def _first_floor(sizes: Floats) -> float:
    """Return what somewhat more than `_KEPT` of many sizes lie above, by every eighth of them; 0 of few."""
    few = _KEPT * 5 // 4 // _THIN
    if len(sizes) < 2 * _KEPT:
        return 0.0
    floor = float(np.partition(sizes[::_THIN], -few)[-few])
    return floor if np.count_nonzero(sizes > floor) >= _KEPT else 0.0


def _same_heights(heights: Floats, near: float) -> list[Floats]:
    """Split heights where nothing lies between them for longer than noise explains."""
    ordered = np.sort(heights)
    return np.split(ordered, np.flatnonzero(np.diff(ordered) > GAP * near) + 1)


def _beside(at: Ints, marks: Ints, reach: int) -> NDArray[np.bool_]:
    """Return which samples lie within some samples of a mark; marks are in order."""
    if not len(marks):
        return np.zeros(len(at), bool)
    after = np.searchsorted(marks, at)
    right = np.abs(marks[np.minimum(after, len(marks) - 1)] - at)
    left = np.abs(marks[np.maximum(after - 1, 0)] - at)
    found: NDArray[np.bool_] = np.minimum(left, right) <= reach
    return found
