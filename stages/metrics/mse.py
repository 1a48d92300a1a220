"""Mean squared error of 8-bit frames.

Squared errors of uint8 frames are integers and are summed exactly, so every function here gives the same bits
whatever the order of summation, the number of threads or the library of linear algebra.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, Frames, IntArray, check_frames
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant
from eeg2vid.stages.metrics.pairing import asked_groups

_CHUNK_BYTES = 64 * 2**20  # of float64 pixels per side in the pairwise matrix

MSE = Metric(
    name="mse",
    form="pair",
    needs=(FRAMES,),
    direction="lower",
    bounds=(0.0, 1.0),
    variants={
        "": Variant(
            "mean squared error",
            "Mean squared difference of pixels in [0, 1], mean over frames. Rewards showing the mean.",
            "pairing",
            lead=False,
        )
    },
    builds="eeg2vid.stages.metrics.mse:measure",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure the pairs that are looked at, and some more; NaN elsewhere."""
    assert given.frames is not None
    frames, groups = given.frames, asked_groups(given.asked, given.keys.folds)
    table = np.full((len(groups),) * 2, np.nan)
    for events, errors in mse_by_fold(frames.decoded, frames.true, groups):
        table[np.ix_(events, events)] = errors.mean(axis=0) / 255.0**2
    return {"": Measured(table)}


def mse(decoded: Frames, true: Frames) -> FloatArray:
    """Return the mean squared error of each frame, float64 ``(...)``, in squared grey levels.

    Parameters
    ----------
    decoded, true
        uint8 ``(..., height, width, channel)``, both of one shape.

    Raises
    ------
    BadDataError
        If the frames are not uint8 or differ in shape.
    """
    check_frames(decoded, true)
    pixels = int(np.prod(decoded.shape[-3:]))
    flat_decoded, flat_true = decoded.reshape(-1, pixels), true.reshape(-1, pixels)
    errors = np.empty(len(flat_true))
    for frame in range(len(flat_true)):  # streaming: one frame in 32 bits at a time
        gap = flat_decoded[frame].astype(np.int32)
        gap -= flat_true[frame]
        gap *= gap
        errors[frame] = gap.sum(dtype=np.int64) / pixels
    return errors.reshape(decoded.shape[:-3])


def mse_by_fold(decoded: Any, true: Any, folds: npt.ArrayLike | None = None) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield the events of each fold, and the errors of every decoded with every true clip, frame by frame.

    The squared distance of frames x and y is x.x + y.y - 2 x.y, so all pairs come from one matrix product per frame;
    products of 8-bit frames stay below 2^53, where float64 is exact.

    Parameters
    ----------
    decoded, true
        uint8 ``(event, frame, height, width, channel)``, both of one shape; in memory, or read piece by piece.
    folds
        Fold label ``(event,)``; None: all are one fold.

    Yields
    ------
    Events of a fold, and float64 ``(frame, decoded event, true event)`` in squared grey levels.

    Raises
    ------
    BadDataError
        If the clips are not uint8 or differ in shape, or `folds` has another length.
    """
    check_frames(decoded, true, ndim=5)
    labels = np.zeros(true.shape[0], dtype=np.int64) if folds is None else np.asarray(folds)
    if labels.shape != (true.shape[0],):
        raise BadDataError(f"There are {true.shape[0]} clips, but {labels.size} fold labels.")
    for fold in np.unique(labels):
        events = np.flatnonzero(labels == fold)
        yield events, np.array([_frame(decoded, true, events, frame) for frame in range(true.shape[1])])


def _frame(decoded: Any, true: Any, events: IntArray, frame: int) -> FloatArray:
    """Return the error ``(decoded event, true event)`` of one frame of all pairs of `events`."""
    height, width, channels = true.shape[2:]
    rows = max(1, _CHUNK_BYTES // (8 * len(events) * width * channels))
    total = np.zeros((len(events), len(events)))
    for row in range(0, height, rows):
        a, b = (_pixels(side, events, frame, slice(row, row + rows)) for side in (decoded, true))
        product = a @ b.T
        product *= -2.0
        product += np.einsum("ip,ip->i", a, a)[:, None]
        product += np.einsum("ip,ip->i", b, b)[None, :]
        total += product
    return np.asarray(total / (height * width * channels), dtype=np.float64)


def _pixels(side: Any, events: IntArray, frame: int, rows: slice) -> FloatArray:
    """Return pixels `(event, pixel)`, read event by event."""
    height, width, channels = side.shape[2:]
    found = np.empty((len(events), len(range(*rows.indices(height))) * width * channels))
    for place, event in enumerate(events.tolist()):
        found[place] = np.asarray(side[event, frame, rows]).ravel()
    return found
