"""Units told by the size of the signal: recordings or electrodes that differ by thousands, files that say no unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.lazy_signal import LazySignal
from eeg2vid.stages.datasets.signal_checks import VOLTS_BELOW, Scan

OTHER_UNIT = 200.0  # units are 1000 apart; no two recordings of one head, and no two of its electrodes, are that unlike
MOST_V = 0.1  # V: amplifiers end there, and no scalp has it
# breath, sweat, warmth: so many times smaller than the others from sample to sample, though not in amplitude
SMOOTH, SMOOTH_SIZE = 20.0, 0.3
FEWEST = 4  # electrodes: fewer have no majority


def sizes_of(scan: Scan) -> tuple[float, float]:
    """Return a recording's median absolute amplitude, and change from sample to sample, in the file's unit.

    The electrodes that never change or are none by their signal are left aside; zeros where none is left.
    """
    places = _alive(scan)
    if not places:
        return 0.0, 0.0
    return float(np.median(scan.amplitude[places])), float(np.median(scan.step[places]))


def must_share_unit(sizes: Sequence[tuple[float, float]], names: Sequence[str], whose: str) -> None:
    """Check that recordings of one person are in one unit.

    Both the amplitude and the change from sample to sample must differ: a drift changes the first alone.

    Parameters
    ----------
    sizes
        Of each recording, as `sizes_of`; silent ones are left aside.
    names
        The recordings'.
    whose
        Words for the message.

    Raises
    ------
    BadDataError
        If one is hundreds of times as large as another; the message names both and their amplitudes.
    """
    known = [(amplitude, step, name) for (amplitude, step), name in zip(sizes, names, strict=True) if amplitude > 0]
    if not known:
        return
    (least, low_step, small), (most, high_step, large) = min(known), max(known)
    if most < OTHER_UNIT * least or high_step < OTHER_UNIT * low_step:
        return
    raise BadDataError(
        f"{whose}: the median absolute amplitude of {large} is {most:.3g}, that of {small} {least:.3g}, "
        f"{most / least:.2g} times less; expected one unit in all recordings.",
        "Bring them to one unit, or let each file say its own.",
    )


def must_say_unit(signal: LazySignal, scan: Scan, where: str) -> list[Check]:
    """Return a row for electrodes whose file gives no unit, if they can be volts.

    Raises
    ------
    BadDataError
        If they cannot.
    """
    names = set(signal.unitless)
    places = [place for place in _alive(scan) if signal.electrodes[place] in names]
    if not places:
        return []
    amplitude = float(np.median(scan.amplitude[places]))
    if amplitude >= VOLTS_BELOW:
        raise BadDataError(
            f"{where} gives no unit for {counted(len(names), 'electrode')}, and their median absolute "
            f"amplitude, {amplitude:.3g}, "
            "cannot be volts.",
            "Say the unit in study.toml: [electrodes] unit = 'uV'.",
        )
    found = f"none for {counted(len(names), 'electrode')}; taken as V by their amplitude, {amplitude:.3g}"
    return [Check(item=f"unit, {where}", found=found, expected="V, mV, uV or nV", verdict="warning")]


def odd_electrodes(scan: Scan, electrodes: Sequence[str], where: str, volts: float | None) -> list[Check]:
    """Return warnings for single electrodes whose size or smoothness is not that of the others.

    Parameters
    ----------
    scan
        Of one recording.
    electrodes
        Names.
    where
        Words that say which recording this is.
    volts
        The factor to volts; None if it is not known.
    """
    places = _alive(scan)
    amplitude, step = np.median(scan.amplitude, axis=1), scan.step
    notes: list[tuple[str, list[str], str]] = []
    if len(places) >= FEWEST:
        size, change = float(np.median(amplitude[places])), float(np.median(step[places]))
        factor = np.divide(amplitude, size or 1.0)
        far = [p for p in places if _far(factor[p]) and change > 0 and _far(step[p] / change)]
        found = [f"{electrodes[p]} ({factor[p]:.2g} times the median of all)" for p in far]
        notes.append(("electrodes in another unit, or broken", found, "one unit"))
        smooth = [p for p in places if p not in far and factor[p] >= SMOOTH_SIZE and step[p] * SMOOTH < change]
        found = [f"{electrodes[p]} ({change / max(step[p], 1e-300):.2g} times smoother)" for p in smooth]
        notes.append(("electrodes that are much smoother than the others", found, "EEG, not breath, sweat or warmth"))
    if volts is not None:
        huge = [f"{electrodes[p]} ({amplitude[p] * volts:.2g} V)" for p in places if amplitude[p] * volts > MOST_V]
        if 2 * len(huge) < len(places):  # all of them: `volts_check` says so
            notes.append(("amplitudes that no scalp has", huge, f"below {MOST_V:g} V"))
    return [
        Check(item=f"{title}, {where}", found=", ".join(found[:12]), expected=expected, verdict="warning")
        for title, found, expected in notes
        if found
    ]


def _far(factor: float) -> bool:
    return factor >= OTHER_UNIT or factor * OTHER_UNIT <= 1


def _alive(scan: Scan) -> list[int]:
    silent = {*scan.flat, *(line.electrode for line in scan.lines)}
    return [place for place in range(len(scan.amplitude)) if place not in silent]
