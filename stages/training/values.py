"""Targets of events without a copy for each: what a clip has is held once, events take it by index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CHUNK_EVENTS = 64


@dataclass(frozen=True)
class Values:
    """One value for each event.

    Attributes
    ----------
    values
        `(value, ...)`.
    index
        Which of them each event has, int64 `(event,)`; None: one each, in order.
    """

    values: NDArray[Any]
    index: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.values if self.index is None else self.index)

    def take(self, events: NDArray[np.integer] | NDArray[np.bool_]) -> NDArray[Any]:
        """Return the values of some events, in the order given."""
        return self.values[events if self.index is None else self.index[events]]


def squared_deviations(values: NDArray[np.floating], mean: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean squared deviation of values `(event, ...)` from a mean `(...)`, a few events at a time."""
    found = np.zeros(values.shape[1:])
    for start in range(0, len(values), _CHUNK_EVENTS):
        found += np.square(values[start : start + _CHUNK_EVENTS] - mean, dtype=np.float64).sum(axis=0)
    return found / len(values)
