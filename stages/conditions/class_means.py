"""`class-predicted` and `class-true`: the mean of the training clips of a class, whatever else was decoded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_CHUNK_CLIPS = 64


def class_means(
    take: Callable[[NDArray[np.integer]], NDArray[np.floating]],
    learned: NDArray[np.integer],
    classes: NDArray[np.integer],
    wanted: NDArray[np.integer],
) -> NDArray[np.float32]:
    """Return the mean value of each wanted class, float32 `(wanted, ...)`.

    Parameters
    ----------
    take
        From places to values `(place, ...)`.
    learned
        Places of the training clips, each clip once.
    classes
        Their classes `(learned,)`; below 0: none.
    wanted
        Class of each clip to be made `(wanted,)`. One that no training clip has gets the mean of all training clips.
    """
    known = [int(one) for one in np.unique(wanted) if one >= 0 and (classes == one).any()]
    means = {one: _mean(take, learned[classes == one]) for one in known}
    if set(wanted.tolist()) - set(known):
        means |= dict.fromkeys(set(wanted.tolist()) - set(known), _mean(take, learned))
    return np.stack([means[one] for one in wanted.tolist()])


def _mean(
    take: Callable[[NDArray[np.integer]], NDArray[np.floating]], places: NDArray[np.integer]
) -> NDArray[np.float32]:
    chunks = (places[start : start + _CHUNK_CLIPS] for start in range(0, len(places), _CHUNK_CLIPS))
    total: NDArray[np.float64] = sum(take(some).sum(axis=0, dtype=np.float64) for some in chunks)
    mean: NDArray[np.float32] = (total / len(places)).astype(np.float32)
    return mean
