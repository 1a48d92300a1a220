"""Rows of a stored array, some at a time: what is stored in one piece is decoded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.store.arrays import StoredArray


def row_reader(stored: StoredArray) -> Callable[[Sequence[int]], np.ndarray]:
    """Return what reads rows by their places, `(row, ...)`; the pieces of the last reading are kept for the next.

    Asked for rows in order, it decodes every piece once, however few rows are asked for at a time; it never holds
    more than the pieces of one reading.
    """
    size = _piece(stored)
    held: dict[int, np.ndarray] = {}

    def read(rows: Sequence[int]) -> np.ndarray:
        import numpy as np

        wanted = sorted({row // size for row in rows})
        kept = {piece: held[piece] for piece in wanted if piece in held}
        held.clear()
        held.update(kept)
        for piece in wanted:
            if piece not in held:
                held[piece] = stored[piece * size : (piece + 1) * size]
        return np.stack([held[row // size][row % size] for row in rows])

    return read


def whole_pieces(stored: StoredArray, rows: int) -> int:
    """Return the least number of rows, not below `rows`, that cuts no stored piece in two."""
    size = _piece(stored)
    return size * max(1, -(-rows // size))


def _piece(stored: StoredArray) -> int:
    return (stored.chunks or (1,))[0]
