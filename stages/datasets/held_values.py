"""Samples that say nothing: values that stay for long (dropouts), and values at the end of the scale (clipping).

Both are told apart from EEG that is stored in coarse steps: an electrode that often repeats a value by itself is asked
for longer repeats, and at the end of a scale more samples lie than on the step below it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Check

HELD_S, HELD_SAMPLES = 0.2, 10  # one electrode repeats a value that long ..
ALL_S, ALL_SAMPLES = 0.05, 5  # .. or all of them at once
FEWEST_TOGETHER = 4  # electrodes: fewer may well repeat at once by chance
CHANCE = 1e-9  # of a repeat that long, by how often the electrode repeats a value anyway
RAIL_SAMPLES = 8  # at the end of the scale ..
RAIL_RATIO = 5  # .. and so many times as many as on the step below; a sine has 2.4, EEG less than 1
_BINS, _FINER = 64, 2**0.25  # of lengths, each so many times the last
_SHOWN = 8

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


@dataclass(frozen=True)
class Held:
    """What was found in one recording; electrodes that never change are in neither list.

    Attributes
    ----------
    dropouts, clipped
        Electrodes that repeat a value for long; that lie at the end of their scale.
    together
        All electrodes repeat their values at once, for less than each by itself would be told for; or None.
    """

    dropouts: tuple[Fault, ...] = ()
    clipped: tuple[Fault, ...] = ()
    together: Fault | None = None

    def arranged(self, order: Sequence[int]) -> Held:
        """Return the same for some of the electrodes, in the order given."""
        return self._moved({old: new for new, old in enumerate(order)})

    def without(self, electrodes: Collection[int]) -> Held:
        """Return the same with nothing said of some electrodes."""
        told = {fault.electrode for fault in (*self.dropouts, *self.clipped)}
        return self._moved({electrode: electrode for electrode in told if electrode not in electrodes})

    def _moved(self, place: Mapping[int, int]) -> Held:
        dropouts, clipped = (
            tuple(replace(fault, electrode=place[fault.electrode]) for fault in faults if fault.electrode in place)
            for faults in (self.dropouts, self.clipped)
        )
        return Held(dropouts, clipped, self.together)


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
        self.repeats += same.sum(axis=1)
        for row in range(self._n + 1):
            self._row(row, same[row], length)
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

    def add(self, chunk: NDArray[np.floating]) -> None:
        """Take the next `(electrode, sample)`."""
        signed = chunk if self._sign > 0 else -chunk
        top = signed.max(axis=1)
        at_top = signed == top[:, None]
        below = np.where(at_top, -np.inf, signed)
        second = below.max(axis=1)
        news = [(top, at_top.sum(axis=1)), (second, (below == second[:, None]).sum(axis=1))]
        self.first = np.where(top > self._values[0], self._n_samples + at_top.argmax(axis=1), self.first)
        for value, count in news:
            self._merge(value.astype(np.float64), np.where(np.isfinite(value), count, 0))
        self._n_samples += chunk.shape[1]

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


class HeldValues:
    """Finds dropouts and clipping over chunks of one recording.

    Parameters
    ----------
    n_electrodes
        Along the first axis.
    sfreq
        Hz.
    """

    def __init__(self, n_electrodes: int, sfreq: float) -> None:
        self.holds = HoldCounter(n_electrodes, sfreq)
        self._rails = (RailCounter(n_electrodes, -1), RailCounter(n_electrodes, 1))
        self._sfreq = sfreq

    def add(self, chunk: NDArray[np.floating]) -> None:
        """Take the next `(electrode, sample)`, finite numbers of any unit."""
        self.holds.add(chunk)
        for rail in self._rails:
            rail.add(chunk)

    def found(self) -> Held:
        """Return what was found; nothing can be added afterwards."""
        self.holds.finish()
        moving = np.flatnonzero(self.holds.changes > 0).tolist()
        dropouts = [fault for row in moving if (fault := self.holds.fault(row)) is not None]
        silent = {fault.electrode for fault in dropouts}
        clipped = [fault for row in moving if (fault := self._clipping(row, row in silent)) is not None]
        together = self.holds.fault(len(self.holds.changes)) if len(moving) >= FEWEST_TOGETHER else None
        if len(silent) == len(moving):
            together = None  # told electrode by electrode
        return Held(tuple(dropouts), tuple(clipped), together)

    def _clipping(self, row: int, silent: bool) -> Fault | None:
        """Return an electrode's clipping; a dropout to zero below an offset is no end of a scale."""
        total = self.holds.n_samples
        ends = [rail for rail in self._rails if rail.clipped()[row] and not (silent and rail.value[row] == 0)]
        if not ends:
            return None
        samples = sum(int(rail.count[row]) for rail in ends)
        return Fault(row, samples / total, min(int(rail.first[row]) for rail in ends) / self._sfreq)


def find_held(eeg: NDArray[np.floating], sfreq: float) -> Held:
    """Find dropouts and clipping in a recording `(electrode, sample)` that is in memory."""
    values = HeldValues(len(eeg), sfreq)
    step = 1 << 16
    for start in range(0, eeg.shape[1], step):
        values.add(eeg[:, start : start + step])
    return values.found()


def told(faults: Sequence[Fault], electrodes: Sequence[str]) -> str:
    """Return electrodes with share and first time, the worst first: `Fz (3.1 %, first at 12.3 s)`."""
    worst = sorted(faults, key=lambda fault: -fault.share)
    more = f" and {len(worst) - _SHOWN} more" if len(worst) > _SHOWN else ""
    return ", ".join(f"{electrodes[fault.electrode]} ({_when(fault)})" for fault in worst[:_SHOWN]) + more


def together_told(fault: Fault) -> str:
    """Return share and first time of what all electrodes do at once."""
    return f"all electrodes at once ({_when(fault)})"


def _when(fault: Fault) -> str:
    percent = 100 * fault.share
    share = f"{percent:.2g}" if percent >= 0.01 else "less than 0.01"
    return f"{share} %, first at {fault.first_s:.1f} s"


def held_checks(held: Held, electrodes: Sequence[str], where: str) -> list[Check]:
    """Return a warning row for dropouts, and one for clipping."""
    found = []
    repeats = told(held.dropouts, electrodes)
    if held.together is not None:
        repeats = "; ".join(filter(None, [together_told(held.together), repeats]))
    if repeats:
        found.append(("values repeated for long", repeats, "none: it dropped out, or is stored in too coarse steps"))
    if held.clipped:
        clipped = told(held.clipped, electrodes)
        found.append(("values at the end of the scale", clipped, "none: the amplifier clipped"))
    return [Check(item=f"{title}, {where}", found=text, expected=why, verdict="warning") for title, text, why in found]
