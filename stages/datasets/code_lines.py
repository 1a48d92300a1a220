"""What a signal says that is no brain, whatever its name: codes, steps, counters.

A trigger line, a status word, a button box, a photodiode, a heart rate written once a second: values that stay, then
jump. EEG stored in coarse steps stays too, but it moves to the step next to it, and moves often; an electrode that
drops out stays, but between its dropouts nothing stays. What such numbers are multiplied by, or added to, changes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.hold_counters import HoldCounter
from eeg2vid.stages.datasets.sharp_jumps import JumpCounter

MOST_LEVELS = 256  # different values of what may be codes
FEW_LEVELS, FEW_STAY = 4, 0.3  # no electrode has so few, but a sine of a quarter of the rate, which never stays
LEAST_CHANGES = 4  # two pulses: a dead electrode that twitches once is dead
STAYS = 0.8  # share of samples that repeat the one before
DWELL_S = 0.05  # mean time between changes: codes change no faster, what is held from a slower rate does
SLOW_DWELL_S = 0.5  # .. and a value that is written once in a while
ALONE = 0.8  # share of values that stay for more than a sample
LEAST_JUMP = 2.0  # median change in steps of the finest level: EEG in coarse steps has 1
ONE_WAY = 0.95  # share of changes in one direction: a counter that starts again and again, a clock, a ramp
LEAST_SAMPLES = 100

# two levels with noise, by every 31st sample
TWO_LEVELS = 0.97  # share of the variance that lies between them: a Gaussian has 0.64, a sine 0.81
MINOR_SHARE = 0.01  # of samples on the rarer level
BETWEEN = 0.1  # samples half-way, by those on the rarer level: blinks come and go through all values
TURNS = 6  # changes of level
# more levels with noise
JUMP = 10.0  # a change by so many median changes is a jump
STRETCH, STRETCH_S, STRETCHES = 4, 0.25, 6  # samples and seconds without a jump, the least number of such stretches
# noise about a level changes over 31 samples as much as from one to the next, and its spread is as large: EEG moves on
WHITE = 1.5
COVERED = 0.7  # share of the samples that they hold
APART = 10.0  # their medians' spread by that within them; between blinks, an electrode returns to where it was

_LOOK = 4096  # samples of a chunk that show whether an electrode has many values
_KEPT_JUMPS = 4096


@dataclass(frozen=True)
class Line:
    """What one electrode's signal looks like.

    Attributes
    ----------
    electrode
        Its place.
    words
        What was seen.
    doubt
        What would make EEG look so too, if it did so on most electrodes: steps larger than itself, jumping offsets.
    sure
        Whether it is left out; else a person is told and decides.
    """

    electrode: int
    words: str
    doubt: Literal["", "steps", "offsets"] = ""
    sure: bool = True


class LevelCounter:
    """Collects the values of electrodes that have few, and looks for counters, over chunks of one recording."""

    def __init__(self, n_electrodes: int) -> None:
        self.levels: list[NDArray[np.floating] | None] = [np.empty(0)] * n_electrodes  # None: too many
        self.jumps: list[NDArray[np.floating]] = [np.empty(0)] * n_electrodes
        self._last: NDArray[np.floating] | None = None
        self._up = np.zeros(n_electrodes, np.int64)
        self._down = np.zeros(n_electrodes, np.int64)

    def add(self, chunk: NDArray[np.floating], change: NDArray[np.float64]) -> None:
        """Take the next `(electrode, sample)`, and each sample's change from the one before."""
        for row, levels in enumerate(self.levels):
            if levels is None:
                continue
            values = chunk[row]
            found: NDArray[np.floating] | None = None
            # most electrodes show in their first samples that they have many values
            if len(np.unique(values[:_LOOK])) <= MOST_LEVELS:
                found = np.union1d(levels, values)
            if found is None or len(found) > MOST_LEVELS:
                self.levels[row] = None
                continue
            self.levels[row] = found
            if len(self.jumps[row]) < _KEPT_JUMPS:
                before = values[:1] if self._last is None else self._last[[row]]
                steps = np.abs(np.diff(np.concatenate([before, values])))
                self.jumps[row] = np.concatenate([self.jumps[row], steps[steps > 0][:_KEPT_JUMPS]])
        self._up += np.count_nonzero(change > 0, axis=1)
        self._down += np.count_nonzero(change < 0, axis=1)
        self._last = chunk[:, -1].copy()

    def counts(self, row: int) -> bool:
        """Return whether an electrode goes up, or down, nearly always when it moves, and moves often."""
        up, down = int(self._up[row]), int(self._down[row])
        return up + down >= LEAST_SAMPLES and max(up, down) >= ONE_WAY * (up + down)


def find_lines(
    levels: LevelCounter,
    holds: HoldCounter,
    jumps: JumpCounter,
    kept: NDArray[np.floating],
    near: NDArray[np.floating],
    sfreq: float,
    flat: tuple[int, ...],
) -> tuple[Line, ...]:
    """Return the electrodes whose signal is codes, steps or a counter.

    Where no electrode has many values, and more than half look as EEG in coarse steps might, none of these is named:
    the recording is coarse, and `held_values` tells. Nor are those with levels and noise, where more than half have
    them: the amplifier's offsets jump.

    Parameters
    ----------
    levels, holds, jumps
        What one pass over the recording collected.
    kept
        Every 31st sample, `(electrode, sample)`.
    near
        Median absolute change from these to the next sample, `(electrode,)`.
    sfreq
        Hz.
    flat
        Electrodes that never change.
    """
    if holds.n_samples < LEAST_SAMPLES:
        return ()
    moving = [row for row in range(len(kept)) if row not in flat]
    lines = [
        line for row in moving if (line := _line(levels, holds, kept[row], float(near[row]), sfreq, row)) is not None
    ]
    most = {doubt for doubt in ("steps", "offsets") if sum(line.doubt == doubt for line in lines) > len(moving) / 2}
    if any(levels.levels[row] is None for row in moving):
        most.discard("steps")
    found = [line for line in lines if line.doubt not in most]
    # what has levels by nature, or all have, jumps too
    named = {line.electrode for line in lines}
    for one in jumps.find([row for row in moving if row not in named], near, sfreq):
        heights = f"{one.n_heights} heights" if one.n_heights > 1 else "one height"
        found.append(Line(one.electrode, f"jumps {counted(len(one.at), 'time')}, by {heights}", sure=one.sure))
    return tuple(sorted(found, key=lambda line: line.electrode))


def _line(
    levels: LevelCounter, holds: HoldCounter, kept: NDArray[np.floating], near: float, sfreq: float, row: int
) -> Line | None:
    if levels.counts(row):
        return Line(row, "goes one way, as a counter or a clock")
    changes = int(holds.changes[row])
    if changes < LEAST_CHANGES:
        return None
    dwell = holds.n_samples / sfreq / changes
    stays = holds.repeats[row] / holds.n_samples
    alone = holds.holds[row] / (changes + 1)
    values = levels.levels[row]
    if values is not None:
        gaps = np.diff(values)
        # what rounding makes of one value is one value
        finest = float(gaps[gaps > 1e-9 * (values[-1] - values[0])].min())
        near = float(np.median(levels.jumps[row])) < LEAST_JUMP * finest
        words = f"{counted(len(values), 'different value')}, {changes} changes"
        if len(values) <= FEW_LEVELS and stays >= FEW_STAY:
            return Line(row, words, "steps" if near else "")
        if stays >= STAYS and dwell >= DWELL_S and (not near or dwell >= SLOW_DWELL_S):
            return Line(row, words, "steps" if near else "")
    elif stays >= STAYS and dwell >= 2 * DWELL_S and alone >= ALONE:
        return Line(row, f"its value stays, then jumps, {counted(changes, 'time')}")
    if _two_levels(kept):
        return Line(row, "jumps between two levels", "offsets")
    if _levels(kept.astype(np.float64), near, sfreq * len(kept) / holds.n_samples):
        return Line(row, "its level stays, then jumps", "offsets")
    return None


def _two_levels(kept: NDArray[np.floating]) -> bool:
    """Return whether samples lie on two levels with little noise, change often and are hardly ever between (Otsu)."""
    n = len(kept)
    if n < LEAST_SAMPLES:
        return False
    ordered = np.sort(kept.astype(np.float64))
    ordered -= ordered.mean()
    low = np.arange(1, n) / n
    sums = np.cumsum(ordered)[:-1] / n
    between = sums**2 / (low * (1 - low))  # the total mean is 0
    cut = int(between.argmax())
    if between[cut] < TWO_LEVELS * ordered.var() or not MINOR_SHARE <= low[cut] <= 1 - MINOR_SHARE:
        return False
    levels = np.array([sums[cut] / low[cut], -sums[cut] / (1 - low[cut])])
    x = kept.astype(np.float64) - kept.astype(np.float64).mean()
    half, middle = (levels[1] - levels[0]) / 4, levels.mean()
    half_way = (np.abs(x - middle) < half).sum()
    turns = int(np.abs(np.diff(x > middle)).sum())
    return turns >= TURNS and bool(half_way <= BETWEEN * n * min(low[cut], 1 - low[cut]))


def _levels(kept: NDArray[np.float64], near: float, rate: float) -> bool:
    """Return whether samples, so many a second, lie on levels with little noise that stay, each elsewhere."""
    changes = np.abs(np.diff(kept))
    usual = float(np.median(changes)) if changes.size else 0.0
    if len(kept) < LEAST_SAMPLES or usual == 0 or usual > WHITE * near:
        return False
    pieces = np.split(kept, np.flatnonzero(changes > JUMP * usual) + 1)
    long = [piece for piece in pieces if len(piece) >= max(STRETCH, STRETCH_S * rate)]
    if len(long) < STRETCHES or sum(map(len, long)) < COVERED * len(kept):
        return False
    inside = float(np.median([piece.std() for piece in long]))
    spread = float(np.std([np.median(piece) for piece in long]))
    return inside <= WHITE * usual and spread >= APART * inside
