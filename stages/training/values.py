"""Targets of events without a copy for each: what a clip has is held once, events take it by index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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
