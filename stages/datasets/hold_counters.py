"""Counters over chunks of one recording, whose memory does not grow: repeated values, and the outermost ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HELD_S, HELD_SAMPLES = 0.2, 10  # one electrode repeats a value that long ..
ALL_S, ALL_SAMPLES = 0.05, 5  # .. or all of them at once
CHANCE = 1e-9  # of a repeat that long, by how often the electrode repeats a value anyway
RAIL_SAMPLES = 8  # at the end of the scale ..
RAIL_RATIO = 5  # .. and so many times as many as on the step below; a sine has 2.4, EEG less than 1
_STRETCH = 256  # samples whose outermost value is looked at first
_BINS, _FINER = 64, 2**0.25  # of lengths, each so many times the last

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Fault:
    """What one electrode shows.

    Attributes
    ----------
    electrode
        Its place.
    share
        Of the recording's samples.
    first_s
        When it first does, s.
    """

    electrode: int
    share: float
    first_s: float


class HoldCounter:
    """Counts repeated values over chunks of one recording; the memory does not grow with it."""

    def __init__(self, n_electrodes: int, sfreq: float) -> None:
        self._n, self._sfreq = n_electrodes, sfreq
        alone, together = max(HELD_SAMPLES, HELD_S * sfreq), max(ALL_SAMPLES, ALL_S * sfreq)
        least = np.array([alone] * n_electrodes + [together])  # the last row: all at once
        self._edges = least[:, None] * _FINER ** np.arange(_BINS)
        self.repeats = np.zeros(n_electrodes + 1, np.int64)  # samples that repeat the one before
        self.holds = np.zeros(n_electrodes + 1, np.int64)  # stretches of two or more equal samples
        self._count = np.zeros((n_electrodes + 1, _BINS), np.int64)
        self._samples = np.zeros((n_electrodes + 1, _BINS), np.int64)
        self._first = np.full((n_electrodes + 1, _BINS), np.iinfo(np.int64).max)
        self._open = np.zeros(n_electrodes + 1, np.int64)  # repeats of a stretch that reaches the chunk's end
        self._last: NDArray[np.floating] | None = None
        self.n_samples = 0

    def add(self, chunk: NDArray[np.floating]) -> None:
        """Take the next `(electrode, sample)`."""
        length = chunk.shape[1]
        same = np.zeros((self._n + 1, length + 1), np.bool_)
        np.equal(chunk[:, 1:], chunk[:, :-1], out=same[:-1, 1:-1])
        if self._last is not None:
            same[:-1, 0] = chunk[:, 0] == self._last
        np.logical_and.reduce(same[:-1], axis=0, out=same[-1])
        repeats = np.count_nonzero(same, axis=1)
        self.repeats += repeats
        for row in np.flatnonzero(repeats + self._open):  # hardly any electrode stored in fine steps repeats a value
            self._row(int(row), same[row], length)
        self._last = chunk[:, -1].copy()
        self.n_samples += length

    def _row(self, row: int, same: NDArray[np.bool_], length: int) -> None:
        begins = np.flatnonzero(same[:-1] & ~np.concatenate([[False], same[:-2]]))
        ends = np.flatnonzero(same[:-1] & ~same[1:]) + 1
        repeats = (ends - begins).astype(np.int64)
        firsts = self.n_samples + begins - 1
        carried = self._open[row]
        if carried and begins.size and begins[0] == 0:
            repeats[0] += carried
            firsts[0] -= carried
        elif carried:
            repeats = np.concatenate([[carried], repeats])
            firsts = np.concatenate([[self.n_samples - carried - 1], firsts])
        self._open[row] = 0
        if ends.size and ends[-1] == length:
            self._open[row] = repeats[-1]
            repeats, firsts = repeats[:-1], firsts[:-1]
        self._keep(row, repeats, firsts)

    def _keep(self, row: int, repeats: Ints, firsts: Ints) -> None:
        self.holds[row] += repeats.size
        long = repeats + 1 >= self._edges[row, 0]
        for size, first in zip(repeats[long] + 1, firsts[long], strict=True):
            place = int(np.searchsorted(self._edges[row], size, side="right")) - 1
            self._count[row, place] += 1
            self._samples[row, place] += size
            self._first[row, place] = min(self._first[row, place], first)

    def finish(self) -> None:
        """Close what reaches the recording's end."""
        for row in np.flatnonzero(self._open):
            repeats = self._open[[row]]
            self._keep(int(row), repeats, self.n_samples - 1 - repeats)
        self._open[:] = 0

    @property
    def changes(self) -> Ints:
        """Return how often each electrode's value changes."""
        return self.n_samples - 1 - self.repeats[:-1]

    @property
    def longest(self) -> Ints:
        """Return how many samples lie in stretches that are long for one electrode, whatever is ordinary for it."""
        found: Ints = self._samples[:-1].sum(axis=1)
        return found

    def fault(self, row: int) -> Fault | None:
        """Return what one row repeats for longer than is ordinary for it."""
        n_long, long = int(self._count[row].sum()), int(self._samples[row].sum())
        stretches = self.n_samples - int(self.repeats[row]) - n_long
        again = max(1 - max(stretches, 1) / max(self.n_samples - long, 1), 1e-9)  # the next sample is the same
        told = self._edges[row] >= 1 + np.log(CHANCE) / np.log(again)
        samples = int(self._samples[row, told].sum())
        if not samples:
            return None
        return Fault(row, samples / self.n_samples, float(self._first[row, told].min()) / self._sfreq)


class RailCounter:
    """Counts samples on the outermost value and on the one next to it; `sign` -1 looks at the lower end."""

    def __init__(self, n_electrodes: int, sign: int) -> None:
        self._sign = sign
        self._values = np.full((2, n_electrodes), -np.inf)  # outermost, next
        self._counts = np.zeros((2, n_electrodes), np.int64)
        self.first = np.zeros(n_electrodes, np.int64)
        self._n_samples = 0

    def add(self, chunk: NDArray[np.floating]) -> NDArray[np.floating]:
        """Take the next `(electrode, sample)`; return the outermost value of each electrode, NaN where there is one."""
        blocks = _blocks(chunk)
        outer = [block.max(axis=2) if self._sign > 0 else -block.min(axis=2) for block in blocks]
        ends = np.concatenate(outer, axis=1)  # of each stretch of samples
        top = ends.max(axis=1)
        second, counts, firsts = (
            np.full(len(top), -np.inf),
            np.zeros((2, len(top)), np.int64),
            np.zeros_like(self.first),
        )
        for row, highest in enumerate(top):
            near = np.flatnonzero(ends[row] == highest).tolist()
            values = np.concatenate([self._sign * _block(chunk, row, k) for k in near]) if near else chunk[row, :0]
            lower = [values[values < highest], ends[row][ends[row] < highest]]
            second[row] = next_one = max((part.max() for part in lower if part.size), default=-np.inf)
            others = np.flatnonzero((ends[row] >= next_one) & (ends[row] < highest)).tolist()
            counts[0, row] = np.count_nonzero(values == highest)
            counts[1, row] = np.count_nonzero(values == next_one)
            counts[1, row] += sum(int(np.count_nonzero(self._sign * _block(chunk, row, k) == next_one)) for k in others)
            if near:
                firsts[row] = near[0] * _STRETCH + (self._sign * _block(chunk, row, near[0]) == highest).argmax()
        self.first = np.where(top > self._values[0], self._n_samples + firsts, self.first)
        for value, count in zip((top, second), counts, strict=True):
            self._merge(value.astype(np.float64), np.where(np.isfinite(value), count, 0))
        self._n_samples += chunk.shape[1]
        return self._sign * top

    def _merge(self, value: Floats, count: Ints) -> None:
        above, same_top = value > self._values[0], value == self._values[0]
        between, same_next = (value < self._values[0]) & (value > self._values[1]), value == self._values[1]
        values, counts = self._values.copy(), self._counts.copy()
        values[1] = np.where(above, self._values[0], np.where(between, value, self._values[1]))
        counts[1] = np.where(
            above, self._counts[0], np.where(between, count, self._counts[1] + np.where(same_next, count, 0))
        )
        values[0] = np.where(above, value, self._values[0])
        counts[0] = np.where(above, count, self._counts[0] + np.where(same_top, count, 0))
        self._values, self._counts = values, counts

    @property
    def value(self) -> Floats:
        """Return the outermost value."""
        return self._sign * self._values[0]

    def clipped(self) -> NDArray[np.bool_]:
        """Return which electrodes lie on it too often."""
        found: NDArray[np.bool_] = (self._counts[0] >= RAIL_SAMPLES) & (self._counts[0] >= RAIL_RATIO * self._counts[1])
        return found

    @property
    def count(self) -> Ints:
        """Return how many samples have the outermost value."""
        return self._counts[0]


def _blocks(chunk: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    """Return a chunk as stretches of samples, `(electrode, stretch, sample)`, and what is left of it as another."""
    whole = chunk.shape[1] - chunk.shape[1] % _STRETCH
    parts = [chunk[:, :whole].reshape(len(chunk), -1, _STRETCH), chunk[:, None, whole:]]
    return [part for part in parts if part.size]


def _block(chunk: NDArray[np.floating], row: int, k: int) -> NDArray[np.floating]:
    return chunk[row, k * _STRETCH : (k + 1) * _STRETCH]
