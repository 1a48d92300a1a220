"""What decoders read: named arrays aligned on events, and their form as vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.training.scaler import StandardScaler


@dataclass(frozen=True)
class Inputs:
    """Named arrays with one row per event.

    `epochs` is `(event, electrode, sample)` in µV, `de` and `psd` are `(event, window, electrode, band)`;
    any other name may hold any `(event, ...)`.

    Raises
    ------
    BadDataError
        If there are none, or they differ in their number of events.
    """

    arrays: Mapping[str, NDArray[np.floating]]

    def __post_init__(self) -> None:
        lengths = {name: len(values) for name, values in self.arrays.items()}
        if len(set(lengths.values())) != 1:
            found = ", ".join(f"'{name}' {length}" for name, length in lengths.items()) or "no input"
            raise BadDataError(f"Inputs must have one row per event each; found {found}.")
        for name, dims in (("epochs", 3), ("de", 4), ("psd", 4)):
            if name in self.arrays and self.arrays[name].ndim != dims:
                raise BadDataError(f"Input '{name}' has shape {self.arrays[name].shape}, expected {dims} axes.")

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def take(self, events: NDArray[np.integer] | NDArray[np.bool_]) -> Inputs:
        """Return some events, in the order given."""
        return Inputs({name: values[events] for name, values in self.arrays.items()})

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
        """Return the events of all parts, one part after the other."""
        return Inputs({name: np.concatenate([part.arrays[name] for part in parts]) for name in parts[0].arrays})


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


class Vectors:
    """Turns inputs into one vector per event: for closed-form decoders.

    Each input is flattened (epochs first averaged into bins of time), every dimension standardised by the
    training events, and the input divided by the square root of its dimension: each input then has the same
    total variance, however many numbers it has.
    """

    def __init__(self, epoch_bins: int) -> None:
        self.epoch_bins = epoch_bins
        self.scalers: dict[str, StandardScaler] = {}

    def _flat(self, inputs: Inputs) -> dict[str, NDArray[np.floating]]:
        flat: dict[str, NDArray[np.floating]] = {}
        for name, values in sorted(inputs.arrays.items()):
            if name == "epochs":
                values = bin_epochs(values, self.epoch_bins)
            flat[name] = values.reshape(len(values), -1)
        return flat

    def fit(self, inputs: Inputs) -> Vectors:
        """Take the training events' statistics."""
        self.scalers = {name: StandardScaler.fit(flat, keep=(1,)) for name, flat in self._flat(inputs).items()}
        return self

    def transform(self, inputs: Inputs, *, own: bool = False) -> NDArray[np.float64]:
        """Return `(event, dimension)`.

        Parameters
        ----------
        inputs
            Any events.
        own
            Standardise by these events themselves (transductive, as the published code does).
        """
        parts = []
        for name, flat in self._flat(inputs).items():
            scaler = StandardScaler.fit(flat, keep=(1,)) if own else self.scalers[name]
            parts.append((flat - scaler.mean) / scaler.scale / np.sqrt(flat.shape[1]))
        return np.concatenate(parts, axis=1)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays to store."""
        return {key: v for name, scaler in self.scalers.items() for key, v in scaler.state(name).items()}

    def load(self, state: dict[str, NDArray[np.generic]], names: Sequence[str]) -> None:
        """Take stored statistics."""
        self.scalers = {name: StandardScaler.from_state(state, name) for name in sorted(names)}
