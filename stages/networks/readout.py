"""What stands for decoded component scores: the regression itself, or the nearest of what was learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.networks.components import Components, Floats
from eeg2vid.stages.networks.decoder import State
from eeg2vid.stages.networks.examples import Examples


@dataclass(frozen=True)
class Readout:
    """From scores to values.

    Attributes
    ----------
    components
        What the scores mean.
    states
        What may be decoded, `(choice, value)`; None: anything, by the components.
    """

    components: Components
    states: NDArray[Any] | None = None

    @classmethod
    def fit(cls, kind: str, components: Components, events: Examples, target: str) -> Readout:
        """Take the choices of a kind ('mean', 'prototype', 'nearest') from training events.

        Raises
        ------
        BadDataError
            If prototypes are wanted of concepts that are not known.
        """
        targets = events.targets[target]
        flat = targets.reshape(len(targets), -1)
        if kind == "nearest":
            _, first = np.unique(alike(targets), return_index=True)
            return cls(components, flat[first])
        return cls(components, _prototypes(flat, events) if kind == "prototype" else None)

    def values(self, scores: Floats) -> NDArray[np.float32]:
        """Return the values `(event, value)` that scores `(event, component)` stand for."""
        if self.states is None:
            return self.components.values(scores)
        choices = closest(scores, self.components.scores(self.states))
        return np.asarray(self.states[choices], dtype=np.float32)

    def state(self) -> State:
        """Return the arrays to store: what is chosen from is kept as it is."""
        return self.components.state() | ({} if self.states is None else {"states": self.states})

    @staticmethod
    def shapes(kind: str, state: State, values: int) -> dict[str, tuple[int | None, ...]]:
        """Return the shapes of stored arrays."""
        return Components.shapes(state, values) | ({} if kind == "mean" else {"states": (None, values)})

    @classmethod
    def of(cls, state: State) -> Readout:
        """Take stored arrays, checked before."""
        return cls(Components.of(state), state.get("states"))


def closest(scores: Floats, choices: Floats) -> NDArray[np.int64]:
    """Return which of some choices `(choice, component)` correlates best with each event's scores `(event, component)`.

    Scores are those of a regression: shrunk towards the mean. By distance the choices near the mean would win; the
    direction is what shrinking leaves. Components keep their own units: brought to one variance, those that no EEG
    tells of would count like the others.
    """
    return np.argmax(_directions(scores) @ _directions(choices).T, axis=1)


def _directions(scores: Floats) -> Floats:
    lengths = np.linalg.norm(scores, axis=1, keepdims=True)
    found: Floats = scores / np.maximum(lengths, np.finfo(np.float32).tiny)
    return found


def alike(targets: NDArray[Any]) -> NDArray[np.int64]:
    """Return a number for each event's target, equal where targets are, in the order in which they first occur."""
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in targets], dtype=np.int64)


def _prototypes(flat: NDArray[Any], events: Examples) -> NDArray[np.float32]:
    """Return the mean target of each concept that is there `(concept, value)`."""
    concepts = events.known.get("concept")
    if concepts is None or not (concepts >= 0).any():
        raise BadDataError(
            "Prototypes are those of concepts, but of no training clip is the concept known.",
            "Set network.readout to mean or nearest.",
        )
    present = np.unique(concepts[concepts >= 0])
    return np.stack([flat[concepts == one].mean(axis=0, dtype=np.float64) for one in present]).astype(np.float32)
