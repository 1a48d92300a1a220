"""Cut epochs out of continuous EEG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.signal.unusable import Names, leave_out, name_of

_BLOCK_BYTES = 32 * 2**20


class Signal(Protocol):
    """Anything like an `(electrode, sample)` array: numpy, memory-mapped, or a chunked store's array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Electrodes and samples."""

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[np.floating]:
        """Return a block of samples."""


def cut_epochs(
    eeg: Signal,
    onset_samples: NDArray[np.integer],
    n_samples: int,
    *,
    scale: float = 1e6,
    kept: Sequence[int] | None = None,
    into: tuple[NDArray[np.float32], NDArray[np.integer]] | None = None,
    electrodes: Names = None,
    events: Names = None,
) -> NDArray[np.float32]:
    """Cut one stretch of equal length per event.

    Neighbouring events are read as one block, so a memory-mapped or compressed signal is read front to back
    in few pieces, and no more than some tens of megabytes are held beside the result.

    Parameters
    ----------
    eeg
        Continuous signal `(electrode, sample)` in the source's unit.
    onset_samples
        First sample of each event `(event,)`, in any order; events may overlap.
    n_samples
        Length of an epoch in samples.
    scale
        Factor from the source's unit to µV: 1e6 for volts.
    kept
        Places of the electrodes wanted, in the order wanted; none: all.
    into
        A larger array `(any event, electrode, sample)` and this call's rows in it `(event,)`: written in place,
        which saves a copy where a subject has several recordings.
    electrodes, events
        Names for messages, along the signal's electrodes and along `onset_samples`.

    Returns
    -------
    Epochs `(event, electrode, sample)` in µV, in the order of `onset_samples`; with `into`, that larger array.

    Raises
    ------
    BadDataError
        If an epoch does not lie wholly in the signal or holds a value that is not finite, in µV and float32.
    """
    onsets = _checked(eeg, onset_samples, n_samples, events)
    n_electrodes = eeg.shape[0]
    places = np.arange(n_electrodes) if kept is None else np.asarray(kept, dtype=np.int64)
    epochs, rows = into or (np.empty((onsets.size, places.size, n_samples), dtype=np.float32), np.arange(onsets.size))
    order = np.argsort(onsets, kind="stable")
    ordered = onsets[order]
    # at most this many samples per block: a block is what neighbouring events span
    reach = max(n_samples, _BLOCK_BYTES // (8 * max(n_electrodes, 1)))
    scaled = np.empty((places.size, n_samples))
    bad: list[tuple[int, int]] = []
    start = 0
    while start < order.size:
        first = int(ordered[start])
        stop = int(np.searchsorted(ordered, first + reach - n_samples, side="right"))
        block = np.asarray(eeg[:, first : int(ordered[stop - 1]) + n_samples])
        # event by event: a gather of many needs a temporary beyond the cache and takes longer
        for event in order[start:stop]:
            cut = block[:, onsets[event] - first : onsets[event] - first + n_samples]
            with np.errstate(over="ignore", invalid="ignore"):
                np.multiply(cut if kept is None else cut[places], scale, out=scaled, dtype=np.float64)
                epoch = epochs[rows[event]]
                np.copyto(epoch, scaled, casting="same_kind")
                # a sum is finite only if every term is: no mask as large as the data
                if not np.isfinite(epoch.sum()):
                    bad += [(int(event), int(place)) for place in np.flatnonzero(~np.isfinite(epoch).all(axis=1))]
        start = stop
    if bad:
        _refuse_not_finite(bad, places, electrodes, events)
    return epochs


def _checked(eeg: Signal, onset_samples: NDArray[np.integer], n_samples: int, events: Names) -> NDArray[np.int64]:
    onsets = np.asarray(onset_samples)
    if len(eeg.shape) != 2:
        raise BadDataError(f"EEG has shape {eeg.shape}, expected (electrode, sample).")
    if onsets.ndim != 1 or not np.issubdtype(onsets.dtype, np.integer):
        raise BadDataError(
            f"Onsets have shape {onsets.shape} and type {onsets.dtype}, expected whole numbers (event,)."
        )
    if n_samples < 1:
        raise BadDataError(f"An epoch of {counted(n_samples, 'sample')} was asked for, expected at least 1.")
    onsets = onsets.astype(np.int64)
    length = eeg.shape[1]
    outside = np.flatnonzero((onsets < 0) | (onsets + n_samples > length))
    if outside.size:
        event = int(outside[0])
        raise BadDataError(
            f"Event {name_of(events, event)} needs samples {onsets[event]} to {onsets[event] + n_samples - 1}, but the "
            f"recording holds 0 to {length - 1} (outside: {outside.size} of {counted(onsets.size, 'event')}).",
            "Check the events table: onset_sample counts from the start of the recording.",
        )
    return onsets


def _refuse_not_finite(bad: list[tuple[int, int]], places: NDArray[np.int64], electrodes: Names, events: Names) -> None:
    event, place = min(bad)
    concerned = sorted({int(places[place]) for _, place in bad})
    base = "" if electrodes is not None and events is not None else " (counted from 0)"
    where = f"event {name_of(events, event)}, electrode {name_of(electrodes, int(places[place]))}{base}"
    raise BadDataError(
        f"The EEG of {where} holds values that are not finite ({len(bad)} event-electrode pairs in all, "
        f"{len(concerned)} of {counted(places.size, 'electrode')}).",
        leave_out(concerned, places.size, electrodes),
    )
