"""Inputs as one vector per event: for decoders in closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.training.inputs import Inputs, bin_epochs
from eeg2vid.stages.training.scaler import Arrays, PersonScalers, Scalers, StandardScaler, Unseen

_CHUNK_EVENTS = 64
Flat = dict[str, NDArray[np.floating]]


class Vectors:
    """Turns inputs into one vector per event.

    Each input is flattened (epochs first averaged into bins of time), every dimension standardised by the
    person's training events, and the input divided by the square root of its dimension: each input then has the
    same total variance, however many numbers it has.
    """

    def __init__(self, epoch_bins: int) -> None:
        self.epoch_bins = epoch_bins
        self.scalers = PersonScalers()

    def _flat(self, inputs: Inputs) -> Flat:
        flat: Flat = {}
        for name in sorted(inputs.arrays):
            if name == "epochs":  # a stretch of events at a time: their samples are never all gathered
                starts = range(0, len(inputs), _CHUNK_EVENTS)
                parts = (inputs.gather(name, slice(start, start + _CHUNK_EVENTS)) for start in starts)
                values = np.concatenate([bin_epochs(part, self.epoch_bins) for part in parts])
            else:
                values = inputs.gather(name)
            flat[name] = values.reshape(len(values), -1)
        return flat

    def fit(self, inputs: Inputs) -> Vectors:
        """Take the training events' statistics, person by person."""
        flat, people = self._flat(inputs), np.array(inputs.subjects)[inputs.people()]
        self.scalers = PersonScalers.fit(
            inputs.present(), lambda subject: _statistics(flat, slice(None) if subject is None else people == subject)
        )
        return self

    def transform(
        self, inputs: Inputs, *, own: bool = False, unseen: Unseen = "pooled", given: Inputs | None = None
    ) -> NDArray[np.float64]:
        """Return `(event, dimension)`.

        Parameters
        ----------
        inputs
            Any events.
        own
            Standardise each person by these events themselves (transductive, as the published code does).
        unseen
            What a person takes who was not trained on: the pooled statistics, or those of `given`.
        given
            Unlabelled events of such people.
        """
        flat, people = self._flat(inputs), np.array(inputs.subjects)[inputs.people()]
        strangers = {} if given is None else {one: _statistics(self._flat(given.of(one))) for one in given.present()}
        present = inputs.present()
        parts = []
        for name, values in flat.items():
            part = np.empty(values.shape)
            for subject in present:
                mine = slice(None) if len(present) == 1 else people == subject
                if own:
                    scaler = StandardScaler.fit(values[mine], keep=(1,))
                else:
                    scaler = self.scalers.of(subject, strangers, unseen)[name]
                part[mine] = (values[mine] - scaler.mean) / scaler.scale / np.sqrt(values.shape[1])
            parts.append(part)
        return np.concatenate(parts, axis=1)

    def shapes(self, inputs: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int]]:
        """Return the shapes of the statistics, from the shapes of the inputs."""
        found = {}
        for name, shape in sorted(inputs.items()):
            found[name] = (shape[0] * self.epoch_bins if name == "epochs" else int(np.prod(shape)),)
        return found

    def state(self) -> Arrays:
        """Return the arrays to store."""
        return self.scalers.state()

    def load(self, state: Arrays, inputs: Mapping[str, tuple[int, ...]], subjects: Sequence[str] = ()) -> None:
        """Take stored statistics."""
        self.scalers = PersonScalers.from_state(state, self.shapes(inputs), subjects)


def _statistics(flat: Flat, mine: slice | NDArray[np.bool_] = slice(None)) -> Scalers:
    return {name: StandardScaler.fit(values[mine], keep=(1,)) for name, values in flat.items()}
