"""Refuse EEG that has no band power, and name the electrode, the event and the window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted

Names = Sequence[str] | None
_LISTED = 10


def name_of(names: Names, index: int) -> str:
    """Return a name in quotes, or the index where there are no names."""
    return str(index) if names is None else f"'{names[index]}'"


def leave_out(concerned: Sequence[int], n_electrodes: int, electrodes: Names) -> str:
    """Return the advice to leave some electrodes out, or the events where no electrode is without fault."""
    if len(concerned) == n_electrodes:
        return "No electrode is without: leave such events out of the events table, or repair the recording."
    if electrodes is None:
        return "Leave the electrode or the event out, or interpolate it before."
    options = " ".join(f"`exclude` {electrodes[index]}" for index in concerned[:_LISTED])
    more = " ..." if len(concerned) > _LISTED else ""
    return f"Leave out what is broken: {options}{more}; or repair the recording, or interpolate it before."


def _concerned(bad: NDArray[np.intp], electrodes: Names) -> str:
    found = np.unique(bad)
    listed = ", ".join(str(index) if electrodes is None else electrodes[index] for index in found[:_LISTED])
    more = f" and {found.size - _LISTED} more" if found.size > _LISTED else ""
    return f"electrodes concerned: {listed}{more}"


def _place(window: int, event: int, seconds: tuple[float, float], events: Names) -> str:
    start = window * seconds[1]
    counted = " (counted from 0)" if events is None else ""
    return f"window {window} ({start:g} s to {start + seconds[0]:g} s) of event {name_of(events, event)}{counted}"


def refuse_constant(
    windows: NDArray[np.floating],
    bad: NDArray[np.bool_],
    seconds: tuple[float, float],
    electrodes: Names,
    events: Names,
) -> None:
    """Refuse windows in which an electrode does not vary.

    Parameters
    ----------
    windows
        EEG `(event, window, electrode, sample)`, µV.
    bad
        Where it is constant `(event, window, electrode)`.
    seconds
        A window's length, and from window to window, s.
    electrodes, events
        Names along the axes.

    Raises
    ------
    BadDataError
        If any is.
    """
    places = np.argwhere(bad)
    if places.size:
        event, window, electrode = (int(index) for index in places[0])
        value = windows[event, window, electrode, 0]
        raise BadDataError(
            f"The EEG of electrode {name_of(electrodes, electrode)} is constant ({value:g} µV) throughout "
            f"{_place(window, event, seconds, events)}, so its "
            f"band power has no logarithm; {_concerned(places[:, 2], electrodes)} "
            f"({len(places)} of {counted(bad.size, 'window')}).",
            leave_out(np.unique(places[:, 2]).tolist(), bad.shape[2], electrodes),
        )


def refuse_no_power(
    power: NDArray[np.floating],
    bad: NDArray[np.bool_],
    bands: Sequence[tuple[float, float]],
    seconds: tuple[float, float],
    electrodes: Names,
    events: Names,
) -> None:
    """Refuse band powers that are zero or not finite.

    Zero is reached where only a part of a window is used (published, 2 s) and that part is zero.

    Parameters
    ----------
    power, bad
        Power and where it is bad `(event, window, electrode, band)`.
    bands
        Edges, Hz.
    seconds, electrodes, events
        As in `refuse_constant`.

    Raises
    ------
    BadDataError
        If any is bad.
    """
    places = np.argwhere(bad)
    if places.size:
        event, window, electrode, band = (int(index) for index in places[0])
        where = _place(window, event, seconds, events)
        who = f"The EEG of electrode {name_of(electrodes, electrode)}"
        if power[event, window, electrode, band] == 0:
            low, high = bands[band]
            what = f"{who} has no power from {low:g} to {high:g} Hz in {where}, so it has no logarithm"
        else:
            what = f"{who} is not finite, or too large to be squared, in {where}"
        raise BadDataError(
            f"{what}; {_concerned(places[:, 2], electrodes)}.",
            leave_out(np.unique(places[:, 2]).tolist(), bad.shape[2], electrodes),
        )
