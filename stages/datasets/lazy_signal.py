"""One unbroken recording as an array in volts, read when it is sliced."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.channels import Selection
from eeg2vid.stages.datasets.marked_spans import Span
from eeg2vid.stages.datasets.montage import electrode_positions


class LazySignal(ABC):
    """The electrodes of one unbroken recording as an array `(electrode, sample)` in V, read when sliced.

    Attributes
    ----------
    path
        The file.
    sfreq
        Hz.
    dtype
        In which samples are delivered.
    selection
        What became of the file's channels.
    channels
        One per row of the array: EEG first, then EOG.
    positions
        `(electrode, 3)`, metres, head coordinates: the recording's own where it has them, else those of
        the standard 10-05 system by name, else NaN.
    form
        What the file is, in words.
    checks
        What was noticed when it was opened.
    spans
        What the file marks as bad or cut, in order.
    pauses
        Where in the file a gap of its own clock lies and how long it is, s: what it calls a time is no sample's place.
    unitless
        Electrodes that a file gives no unit though it could, and the study neither: taken as volts.
    """

    def __init__(
        self, path: Path, sfreq: float, n_samples: int, dtype: np.dtype[Any], selection: Selection, form: str
    ) -> None:
        self.path, self.sfreq, self.dtype, self.form = path, sfreq, dtype, form
        self.selection, self.channels = selection, selection.channels
        self.positions: NDArray[np.float64] = electrode_positions([c.electrode for c in self.channels])
        self.checks: list[Check] = []
        self.spans: list[Span] = []
        self.pauses: Sequence[tuple[float, float]] = ()
        self.unitless: tuple[str, ...] = ()
        self._n_samples = n_samples

    @property
    def electrodes(self) -> tuple[str, ...]:
        """Return the electrodes' names, one per row."""
        return tuple(channel.electrode for channel in self.channels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the number of electrodes and of samples."""
        return len(self.channels), self._n_samples

    def arranged(self, order: Sequence[int]) -> Self:
        """Return the same recording with some of its rows, in the order given."""
        other = copy.copy(self)
        other.channels = tuple(self.channels[place] for place in order)
        other.positions = self.positions[list(order)]
        return other

    def asked_by_table(self, names: Collection[str]) -> None:
        """Note that BIDS' channels.tsv calls some channels electrodes, where the study itself says nothing of them."""
        self.channels = tuple(
            replace(channel, asked="channels.tsv") if channel.name in names and not channel.asked else channel
            for channel in self.channels
        )

    def __getitem__(self, key: Any, /) -> NDArray[Any]:
        rows, samples = key if isinstance(key, tuple) else (key, slice(None))
        start, stop, step = slice(*self._samples(samples)).indices(self._n_samples)
        if step < 1:
            raise IndexError("a recording is read forwards: slices need a positive step")
        data = np.empty((len(self.channels), 0), self.dtype)
        if stop > start:
            # readers want rows in the file's order
            wanted = np.array([channel.row for channel in self.channels])
            sort = np.argsort(wanted)
            try:
                found = self._load(wanted[sort], start, stop)
            except Exception as error:  # readers of a dozen formats raise whatever they like
                raise unreadable(self.path, error) from error
            if (np.diff(sort) < 0).any():
                found = found[np.argsort(sort)]
            data = found.astype(self.dtype, copy=False)[:, ::step]
        picked: NDArray[Any] = data[rows]
        return picked[..., 0] if isinstance(samples, int | np.integer) else picked

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:, :], dtype=dtype)

    @abstractmethod
    def _load(self, rows: NDArray[np.intp], start: int, stop: int) -> NDArray[Any]:
        """Return some rows of the file, in ascending order, in V."""

    def _samples(self, key: Any) -> tuple[int | None, int | None, int | None]:
        if isinstance(key, slice):
            return key.start, key.stop, key.step
        if key is Ellipsis:
            return None, None, None
        at = range(self._n_samples)[key]  # raises IndexError as arrays do
        return at, at + 1, None


def reason_of(error: Exception) -> str:
    """Return the first line of an exception that says something; its type where it is silent, as asserts are."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0].rstrip(".") if lines else ""
    # KeyError('x') says only 'x', an assert nothing
    return f"{type(error).__name__}: {reason or 'without a reason'}" if len(reason) < 12 else reason


def in_use(path: Path, error: Exception) -> BadDataError | None:
    """Return a sentence if an HDF5 file could not be opened because of a lock, None if for another reason."""
    text = str(error)
    if "unable to lock file" in text:
        return BadDataError(
            f"{path} is in use: another program has it open for writing, or its file system cannot be locked.",
            "Close it there. If nobody writes to it: HDF5_USE_FILE_LOCKING=FALSE before the command.",
        )
    if "already open for" in text:
        return BadDataError(
            f"{path} is marked as open for writing: a program writes to it, or ended without closing it.",
            f"Close it there. If nobody writes to it: h5clear -s {path.name}",
        )
    return None


def unreadable(path: Path, error: Exception) -> BadDataError:
    """Return a reader's complaint as a sentence."""
    if isinstance(error, BadDataError):
        return error
    return in_use(path, error) or BadDataError(
        f"{path} cannot be read as an EEG recording ({reason_of(error)}).",
        "Formats: FIF, BrainVision (.vhdr), EDF, BDF, EEGLAB (.set), EGI (.mff), ANT (.cnt) and others MNE reads; "
        "npy, HDF5 and Zarr with a TOML beside them.",
    )
