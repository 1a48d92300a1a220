"""Arrays of others in which every clip or event is the same, or true clips are: legal, and hardly meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from eeg2vid.schemas.words import counted, plural

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.exchange.foreign import Slabs

_NAMED = 8  # groups of equal clips that a warning names


class Alike:
    """An array that is looked at while it goes by.

    Parameters
    ----------
    name
        What it is called.
    array
        Its slabs along the first axis.
    clips
        Of films whose clips must differ: what each row shows.
    """

    def __init__(self, name: str, array: Slabs, clips: Sequence[str] = ()) -> None:
        self._name, self._array, self._clips = name, array, clips
        self._shown: dict[bytes, list[str]] = {}  # clips by the digest of their pictures
        self._names = iter(clips)
        self._first: np.ndarray | None = None
        self._same = len(array.shape) > 1 and array.shape[0] > 1 and array.dtype.startswith("float")

    def slabs(self) -> Iterator[np.ndarray]:
        """Yield the array's slabs, comparing each row with the first."""
        for slab in self._array.slabs():
            if self._same and len(slab):
                if self._first is None:
                    self._first = slab[0].copy()
                self._same = bool((slab == self._first).all())
            for row in slab if self._clips else ():
                self._shown.setdefault(sha256(row.tobytes()).digest(), []).append(next(self._names))
            yield slab

    def remark(self) -> str | None:
        """Return a warning if all rows hold the same numbers, or clips that must differ do; else None."""
        twins = [" and ".join(clips) for clips in self._shown.values() if len(clips) > 1]
        if twins:
            more = f" and {len(twins) - _NAMED} more" if len(twins) > _NAMED else ""
            return f"Warning: clips that show the same pictures: {'; '.join(twins[:_NAMED])}{more}."
        if not self._same or self._first is None:
            return None
        what = "the same values" if self._first.any() else "zeros only"
        count = self._array.shape[0]
        rows = f"all {counted(count, 'row')} {plural(count, 'holds', 'hold')}"
        return f"Warning: array '{self._name}': {rows} {what}; expected rows that differ."
