"""Cut epochs out of continuous EEG."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError

_CHUNK_BYTES = 32 * 2**20


class Signal(Protocol):
    """Anything like an `(electrode, sample)` array: numpy, memory-mapped, or a chunked store's array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Electrodes and samples."""

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[np.floating]:
        """Return a block of samples."""


def cut_epochs(
    eeg: Signal, onset_samples: NDArray[np.integer], n_samples: int, *, scale: float = 1e6
) -> NDArray[np.float32]:
    """Cut one stretch of equal length per event.

    Neighbouring events are read as one block and gathered by strides, so a memory-mapped or compressed
    signal is read once, front to back, and no more than some tens of megabytes are held beside the result.

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

    Returns
    -------
    Epochs `(event, electrode, sample)` in µV, in the order of `onset_samples`.

    Raises
    ------
    BadDataError
        If an epoch does not lie wholly in the signal or holds a value that is not finite.
    """
    onsets = np.asarray(onset_samples)
    if len(eeg.shape) != 2:
        raise BadDataError(f"EEG has shape {eeg.shape}, expected (electrode, sample).")
    if onsets.ndim != 1 or not np.issubdtype(onsets.dtype, np.integer):
        raise BadDataError(
            f"Onsets have shape {onsets.shape} and type {onsets.dtype}, expected whole numbers (event,)."
        )
    if n_samples < 1:
        raise BadDataError(f"An epoch of {n_samples} samples was asked for, expected at least 1.")
    onsets = onsets.astype(np.int64)
    n_electrodes, length = eeg.shape
    outside = np.flatnonzero((onsets < 0) | (onsets + n_samples > length))
    if outside.size:
        event = int(outside[0])
        raise BadDataError(
            f"Event {event} needs samples {onsets[event]} to {onsets[event] + n_samples - 1}, but the recording "
            f"holds 0 to {length - 1} ({outside.size} of {onsets.size} events lie outside).",
            "Check the events table: onset_sample counts from the start of the recording.",
        )
    epochs = np.empty((onsets.size, n_electrodes, n_samples), dtype=np.float32)
    order = np.argsort(onsets, kind="stable")
    # at most this many samples per block: a block is what neighbouring events span
    reach = max(n_samples, _CHUNK_BYTES // (8 * max(n_electrodes, 1)))
    start = 0
    while start < order.size:
        first = int(onsets[order[start]])
        stop = int(np.searchsorted(onsets[order], first + reach - n_samples, side="right"))
        chosen = order[start:stop]
        last = int(onsets[chosen[-1]]) + n_samples
        block = np.asarray(eeg[:, first:last], dtype=np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(block, n_samples, axis=1)
        # the gather copies float64 windows, so it goes in slices of bounded size too
        step = max(1, _CHUNK_BYTES // (8 * n_electrodes * n_samples))
        for at in range(0, chosen.size, step):
            part = chosen[at : at + step]
            epochs[part] = windows[:, onsets[part] - first].transpose(1, 0, 2) * scale
        start = stop
    _refuse_not_finite(epochs)
    return epochs


def _refuse_not_finite(epochs: NDArray[np.float32]) -> None:
    # a sum is finite only if every term is: one pass without a mask as large as the data
    sums = epochs.sum(axis=2, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(sums))
    if bad.size:
        event, electrode = (int(index) for index in bad[0])
        raise BadDataError(
            f"The EEG of event {event}, electrode {electrode} (both counted from 0) holds values that are not "
            f"finite ({len(bad)} event-electrode pairs in all).",
            "Repair or leave out the recording.",
        )
