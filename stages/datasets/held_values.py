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
from eeg2vid.stages.datasets.hold_counters import Fault, HoldCounter, RailCounter

FEWEST_TOGETHER = 4  # electrodes: fewer may well repeat at once by chance
_SHOWN = 8


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

    def add(self, chunk: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Take the next `(electrode, sample)` of any unit; return the lowest and the highest value of each electrode.

        Where one of them is not finite, the chunk holds such a number, and nothing that was found holds.
        """
        self.holds.add(chunk)
        low, high = (rail.add(chunk) for rail in self._rails)
        return low, high

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
