"""`nearest-training-video`: the training clip that is most like what was decoded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_CHUNK_CLIPS = 64


def nearest(
    decoded: NDArray[np.floating],
    take: Callable[[NDArray[np.integer]], NDArray[np.floating]],
    learned: NDArray[np.integer],
) -> NDArray[np.integer]:
    """Return the place of the training clip whose value correlates best with each decoded one; the first of equals.

    Both are taken as deviations from the mean of the training clips: all clips have far more in common than what tells
    them apart.

    Parameters
    ----------
    decoded
        Values `(clip, ...)`.
    take
        From places to true values `(place, ...)`.
    learned
        Places of the training clips, each clip once.
    """
    chunks = [learned[start : start + _CHUNK_CLIPS] for start in range(0, len(learned), _CHUNK_CLIPS)]
    mean = sum(take(some).sum(axis=0, dtype=np.float64) for some in chunks) / len(learned)
    away = (decoded - mean).reshape(len(decoded), -1)
    best, found = np.full(len(decoded), -np.inf), np.zeros(len(decoded), dtype=np.int64)
    for some in chunks:
        true = (take(some) - mean).reshape(len(some), -1)
        norms = np.sqrt(np.vecdot(true, true))
        # a clip that is the mean itself is like none; the decoded norm ranks nothing
        likeness = away @ (true / np.where(norms > 0, norms, 1)[:, None]).T
        first = likeness.argmax(axis=1)
        value = likeness[np.arange(len(away)), first]
        found, best = np.where(value > best, some[first], found), np.maximum(best, value)
    return found
