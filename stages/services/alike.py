"""Arrays of others in which every clip or event is the same: legal, and hardly what anybody means to decode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.exchange.foreign import Slabs


class Alike:
    """An array that is looked at while it goes by.

    Parameters
    ----------
    name
        What it is called.
    array
        Its slabs along the first axis.
    """

    def __init__(self, name: str, array: Slabs) -> None:
        self._name, self._array = name, array
        self._first: np.ndarray | None = None
        self._same = len(array.shape) > 1 and array.shape[0] > 1 and array.dtype.startswith("float")

    def slabs(self) -> Iterator[np.ndarray]:
        """Yield the array's slabs, comparing each row with the first."""
        for slab in self._array.slabs():
            if self._same and len(slab):
                if self._first is None:
                    self._first = slab[0].copy()
                self._same = bool((slab == self._first).all())
            yield slab

    def remark(self) -> str | None:
        """Return a warning if all rows hold the same numbers; None if not, or if there is nothing to compare."""
        if not self._same or self._first is None:
            return None
        what = "the same values" if self._first.any() else "zeros only"
        count = self._array.shape[0]
        return f"Warning: array '{self._name}': all {count} rows hold {what}; expected rows that differ."
