"""One pass over a recording that finds what would spoil every later step: NaN, silence, codes, dropouts, the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.code_lines import LevelCounter, Line, find_lines
from eeg2vid.stages.datasets.held_values import Held, HeldValues, held_checks
from eeg2vid.stages.datasets.sharp_jumps import JumpCounter
from eeg2vid.stages.datasets.source import Signal

CHUNK = 1 << 15  # samples read at once: 16 MB of 62 electrodes, which the next chunk takes over
STRIDE = 31  # every STRIDE-th sample is kept for the median amplitude; prime, so no line frequency locks to it
PLAUSIBLE_UV = (0.5, 1000.0)  # median absolute amplitude of EEG, uV
VOLTS_BELOW = 1e-2  # EEG in volts is near 1e-5, in microvolts near 10: the geometric middle


@dataclass(frozen=True)
class Scan:
    """What one pass over a recording found.

    Attributes
    ----------
    flat
        Indices of electrodes whose every sample has one value.
    amplitude
        `(electrode, kept sample)` absolute deviation from each electrode's own median, in the file's
        unit, of every 31st sample.
    step
        Mean absolute change from every 31st sample to the next, `(electrode,)`, in the file's unit: the size of the
        signal without its drift.
    lines
        Electrodes whose signal is no brain's.
    held
        Dropouts and clipping, those of `lines` left aside.
    """

    flat: tuple[int, ...]
    amplitude: NDArray[np.float32]
    step: NDArray[np.float64]
    lines: tuple[Line, ...]
    held: Held

    def arranged(self, order: Sequence[int]) -> Scan:
        """Return the same for some of the electrodes, in the order given."""
        place = {old: new for new, old in enumerate(order)}
        return Scan(
            tuple(sorted(place[i] for i in self.flat if i in place)),
            self.amplitude[list(order)],
            self.step[list(order)],
            tuple(replace(line, electrode=place[line.electrode]) for line in self.lines if line.electrode in place),
            self.held.arranged(order),
        )


def refuse_empty(signal: Signal, path: Path) -> None:
    """Refuse a recording without a sample: a header whose data were never written, or not copied.

    Raises
    ------
    BadDataError
        If it has none.
    """
    if signal.shape[1] == 0:
        raise empty(path, signal.shape[0])


def empty(path: Path, channels: int) -> BadDataError:
    """Return what is to be said of a recording with a header, but without a sample."""
    return BadDataError(
        f"{path} is empty: its header names {counted(channels, 'channel')}, but it holds no sample.",
        "Copy it again from the source, or take it out of the folder.",
    )


def scan_signal(
    signal: Signal, electrodes: Sequence[str], where: str, sfreq: float, unrecorded: Sequence[tuple[int, int]] = ()
) -> Scan:
    """Read a recording once, in chunks, and check that every sample is a number.

    Parameters
    ----------
    signal
        `(electrode, sample)`, any unit.
    electrodes
        Names, for the message.
    where
        Words that say which recording this is, for the message.
    sfreq
        Hz.
    unrecorded
        Start and length of samples that only stand in for a pause: nothing is said of them.

    Raises
    ------
    BadDataError
        At the first sample (in time) that is NaN or infinite.
    """
    n_electrodes, n_samples = signal.shape
    low = np.full(n_electrodes, np.inf)
    high = np.full(n_electrodes, -np.inf)
    kept, steps = [], []
    values, levels, jumps = HeldValues(n_electrodes, sfreq), LevelCounter(n_electrodes), JumpCounter(n_electrodes)
    for start in range(0, n_samples, CHUNK):
        chunk = np.asarray(signal[:, start : start + CHUNK])
        if unrecorded:
            _refuse_what_is_no_number(chunk, chunk.min(axis=1), chunk.max(axis=1), start, electrodes, where)
            chunk = chunk[:, _recorded(start, chunk.shape[1], unrecorded)]
            if not chunk.shape[1]:
                continue
        chunk_low, chunk_high = values.add(chunk)
        _refuse_what_is_no_number(chunk, chunk_low, chunk_high, start, electrodes, where)
        low, high = np.minimum(low, chunk_low), np.maximum(high, chunk_high)
        first = -start % STRIDE
        kept.append(np.array(chunk[:, first::STRIDE], dtype=np.float64))
        after = np.array(chunk[:, first + 1 :: STRIDE], dtype=np.float64)
        steps.append(np.abs(after - kept[-1][:, : after.shape[1]]))
        levels.add(chunk, jumps.add(chunk))
    if not kept:
        raise BadDataError(f"{where}: all samples stand in for a pause; nothing was recorded.")
    samples = np.concatenate(kept, axis=1)
    amplitude = np.abs(samples - np.median(samples, axis=1, keepdims=True)).astype(np.float32)
    changes = np.concatenate(steps, axis=1)
    nothing = np.zeros(n_electrodes)
    step, near = (changes.mean(axis=1), np.median(changes, axis=1)) if changes.shape[1] else (nothing, nothing)
    flat = tuple(int(i) for i in np.flatnonzero(low == high))
    held = values.found()
    lines = find_lines(levels, values.holds, jumps, samples, near, sfreq, flat)
    return Scan(flat, amplitude, step, lines, held.without({line.electrode for line in lines if line.sure}))


def _refuse_what_is_no_number(
    chunk: NDArray[np.floating],
    low: NDArray[np.floating],
    high: NDArray[np.floating],
    start: int,
    electrodes: Sequence[str],
    where: str,
) -> None:
    """Raise at the first NaN or infinity in time: they survive minimum and maximum."""
    if np.isfinite(low).all() and np.isfinite(high).all():
        return
    column, row = np.argwhere(~np.isfinite(chunk).T)[0]
    raise BadDataError(
        f"{where}, electrode {electrodes[row]}, sample {start + column}: "
        f"expected a number, found {chunk[row, column]}.",
        "Interpolate or cut the bad stretch before reading the recording.",
    )


def _recorded(start: int, length: int, unrecorded: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return which samples of a chunk were recorded."""
    kept = np.ones(length, dtype=bool)
    for first, count in unrecorded:
        kept[max(first - start, 0) : max(first + count - start, 0)] = False
    return kept


def scan_checks(scan: Scan, electrodes: Sequence[str], where: str) -> list[Check]:
    """Return a warning row each for electrodes that never change, for dropouts and for clipping."""
    checks = held_checks(scan.held, electrodes, where)
    if scan.flat:
        names = ", ".join(electrodes[i] for i in scan.flat)
        checks.insert(0, Check(item=f"constant electrodes, {where}", found=names, expected="none", verdict="warning"))
    return checks


def median_amplitude(scans: Sequence[Scan]) -> float:
    """Return the median absolute amplitude over all recordings and electrodes, in the files' unit."""
    return float(np.median(np.concatenate([scan.amplitude.ravel() for scan in scans])))


def detect_unit(amplitude: float, where: str) -> tuple[float, Check]:
    """Tell volts from microvolts by the size of the signal.

    Parameters
    ----------
    amplitude
        Median absolute amplitude in the file's unit.
    where
        Words that say which file this is.

    Returns
    -------
    tuple
        The factor to volts (1 or 1e-6), and a check row: a warning if the amplitude would be unusual
        for EEG in either unit.

    Raises
    ------
    BadDataError
        If the amplitude is zero: a recording that never changes is no EEG.
    """
    if amplitude == 0:
        raise _no_eeg(where)
    scale, unit = (1.0, "V") if amplitude < VOLTS_BELOW else (1e-6, "uV")
    microvolts = amplitude * scale * 1e6
    plausible = PLAUSIBLE_UV[0] <= microvolts <= PLAUSIBLE_UV[1]
    return scale, Check(
        item=f"unit, {where}",
        found=f"{unit} (median absolute amplitude {amplitude:.3g}, taken as {microvolts:.3g} uV)",
        expected=f"{PLAUSIBLE_UV[0]:g} to {PLAUSIBLE_UV[1]:g} uV",
        verdict="ok" if plausible else "warning",
    )


def volts_check(amplitude: float, where: str) -> Check:
    """Say whether signals that a file format declares to be volts look like EEG.

    Parameters
    ----------
    amplitude
        Median absolute amplitude, V.
    where
        Words that say whose signals these are.

    Raises
    ------
    BadDataError
        If the amplitude is zero.
    """
    if amplitude == 0:
        raise _no_eeg(where)
    low, high = PLAUSIBLE_UV
    return Check(
        item=f"amplitude, {where}",
        found=f"{amplitude * 1e6:.3g} uV (median absolute, in the unit that the files declare)",
        expected=f"{low:g} to {high:g} uV",
        verdict="ok" if low <= amplitude * 1e6 <= high else "warning",
    )


def _no_eeg(where: str) -> BadDataError:
    return BadDataError(f"{where}: more than half of all samples have one constant value; this is no EEG.")
