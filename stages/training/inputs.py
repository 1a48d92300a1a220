"""What decoders read: named arrays aligned on events, of one person or several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError

Rows = NDArray[np.integer]


@dataclass(frozen=True)
class Inputs:
    """Named arrays with one row per event of a cohort, and which of them are meant: choosing never copies.

    `epochs` is `(event, electrode, sample)` in µV, `de` and `psd` are `(event, window, electrode, band)`;
    any other name may hold any `(event, ...)`.

    Attributes
    ----------
    arrays
        Whole arrays, a row per event of the cohort.
    rows
        The rows that are meant, in order; None: all.
    person
        Place in `subjects` of each row's person, a value per row of the whole arrays; None: all are the first.
    subjects
        Labels of the people.

    Raises
    ------
    BadDataError
        If there are no arrays, or they differ in their number of events.
    """

    arrays: Mapping[str, NDArray[np.floating]]
    rows: Rows | None = None
    person: Rows | None = None
    subjects: tuple[str, ...] = ("",)

    def __post_init__(self) -> None:
        lengths = {name: len(values) for name, values in self.arrays.items()}
        if self.person is not None:
            lengths["person"] = len(self.person)
        if not self.arrays or len(set(lengths.values())) != 1:
            found = ", ".join(f"'{name}' {length}" for name, length in lengths.items()) or "no input"
            raise BadDataError(f"Inputs must have one row per event each; found {found}.")
        for name, dims in (("epochs", 3), ("de", 4), ("psd", 4)):
            if name in self.arrays and self.arrays[name].ndim != dims:
                raise BadDataError(f"Input '{name}' has shape {self.arrays[name].shape}, expected {dims} axes.")

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values()))) if self.rows is None else len(self.rows)

    def take(self, events: Rows | NDArray[np.bool_]) -> Inputs:
        """Return some events, in the order given."""
        rows = np.arange(len(self)) if self.rows is None else self.rows
        return replace(self, rows=rows[events])

    def only(self, names: Iterable[str]) -> Inputs:
        """Return some of the inputs."""
        return replace(self, arrays={name: self.arrays[name] for name in names})

    def gather(self, name: str, events: Rows | slice = slice(None)) -> NDArray[np.floating]:
        """Return an input `(event, ...)`, of some events if any are named; a copy unless the rows follow each other."""
        if self.rows is None:
            return self.arrays[name][events]
        return self.arrays[name][self.rows[events]]

    def people(self) -> Rows:
        """Return the place in `subjects` of each event's person `(event,)`."""
        if self.person is None:
            return np.zeros(len(self), dtype=np.int64)
        return self.person if self.rows is None else self.person[self.rows]

    def present(self) -> tuple[str, ...]:
        """Return the labels of the people who have events here."""
        return tuple(self.subjects[index] for index in np.unique(self.people()))

    def of(self, subject: str) -> Inputs:
        """Return one person's events."""
        return self.take(self.people() == self.subjects.index(subject))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of one event of each input."""
        return {name: tuple(values.shape[1:]) for name, values in self.arrays.items()}

    def require(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise BadDataError unless names and shapes are those a decoder was made for."""
        found = self.shapes()
        if found != dict(shapes):
            raise BadDataError(
                f"The decoder was made for {_describe(shapes)}, but the inputs are {_describe(found)}.",
                "Use the same preprocessing for training and prediction, or train anew.",
            )

    @staticmethod
    def join(parts: Sequence[Inputs]) -> Inputs:
        """Return the events of all parts, one part after the other; parts of one cohort are not copied."""
        first = parts[0]
        if all(part.arrays is first.arrays and part.person is first.person for part in parts):
            rows = [np.arange(len(part)) if part.rows is None else part.rows for part in parts]
            return replace(first, rows=np.concatenate(rows))
        subjects = tuple(dict.fromkeys(subject for part in parts for subject in part.subjects))
        person = [np.array([subjects.index(one) for one in part.subjects])[part.people()] for part in parts]
        arrays = {name: np.concatenate([part.gather(name) for part in parts]) for name in first.arrays}
        return Inputs(arrays, person=np.concatenate(person), subjects=subjects)


def _describe(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"'{name}' {shape}" for name, shape in sorted(shapes.items())) or "nothing"


def bin_epochs(epochs: NDArray[np.floating], bins: int) -> NDArray[np.float64]:
    """Average `(event, electrode, sample)` into `(event, electrode, bin)`; bins differ by one sample at most.

    Raises
    ------
    UsageError
        If there are more bins than samples.
    """
    n_samples = epochs.shape[-1]
    if not 1 <= bins <= n_samples:
        raise UsageError(
            f"epoch_bins is {bins}, but an epoch has {n_samples} samples.", "Set network.epoch_bins to less."
        )
    edges = np.arange(bins + 1) * n_samples // bins
    sums = np.empty((*epochs.shape[:-1], bins))
    for index, (low, high) in enumerate(pairwise(edges)):
        sums[..., index] = epochs[..., low:high].mean(axis=-1, dtype=np.float64)
    return sums
