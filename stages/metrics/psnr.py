"""Mean squared error and peak signal-to-noise ratio of 8-bit frames.

PSNR = 20 log10(255 / sqrt(MSE)) in dB, per frame, and 100 dB where the MSE is below 1e-10: the rule of the code that
the published systems of this line share (MinD-Video, Chen et al., NeurIPS 2023, and its descendants). Clips are
scored by the mean over their frames of the frame's PSNR, not by the PSNR of the mean error.

Squared errors of uint8 frames are integers and are summed exactly, so every function here gives the same bits
whatever the order of summation, the number of threads or the library of linear algebra.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, Frames, IntArray, check_frames
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant

PEAK = 255.0
CEILING_DB = 100.0  # value of equal frames
_EQUAL = 1e-10  # MSE below which frames count as equal
_CHUNK_BYTES = 64 * 2**20  # of float64 pixels per side in the pairwise matrix

PSNR = Metric(
    name="psnr",
    form="pair",
    needs=(FRAMES,),
    direction="higher",
    bounds=(0.0, CEILING_DB),
    variants={
        "": Variant(
            "PSNR",
            "Peak signal-to-noise ratio of each frame in dB, mean over frames. Rewards showing the mean.",
            "pairing",
        )
    },
    builds="eeg2vid.stages.metrics.psnr:measure",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure all pairs of a fold."""
    assert given.frames is not None
    return {"": Measured(psnr_matrix(given.frames.decoded, given.frames.true, given.keys.folds))}


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


def psnr_from_mse(error: npt.NDArray[np.floating[Any]] | float) -> FloatArray:
    """Return 20 log10(255 / sqrt(MSE)) in dB, 100 where the MSE is below 1e-10."""
    error = np.asarray(error, dtype=np.float64)
    equal = error < _EQUAL
    decibels = 20.0 * np.log10(PEAK) - 10.0 * np.log10(np.where(equal, 1.0, error))
    return np.where(equal, CEILING_DB, decibels)


def psnr(decoded: Frames, true: Frames) -> FloatArray:
    """Return the peak signal-to-noise ratio of each frame, float64 ``(...)``, in dB.

    Parameters
    ----------
    decoded, true
        uint8 ``(..., height, width, channel)``, both of one shape. The score of a clip is the mean over its frames.

    Raises
    ------
    BadDataError
        If the frames are not uint8 or differ in shape.
    """
    return psnr_from_mse(mse(decoded, true))


def psnr_matrix(decoded: Any, true: Any, folds: npt.ArrayLike | None = None) -> FloatArray:
    """Return the PSNR of every decoded clip with every true clip, mean over frames.

    The squared distance of frames x and y is x.x + y.y - 2 x.y, so all pairs come from one matrix product per frame;
    products of 8-bit frames stay below 2^53, where float64 is exact.

    Parameters
    ----------
    decoded, true
        uint8 ``(event, frame, height, width, channel)``, both of one shape.
    folds
        Fold label ``(event,)``. Only pairs of one fold are computed, the others are NaN; None makes all pairs.

    Returns
    -------
    numpy.ndarray
        float64 ``(decoded event, true event)``, in dB.

    Raises
    ------
    BadDataError
        If the clips are not uint8 or differ in shape, or `folds` has another length.
    """
    check_frames(decoded, true, ndim=5)
    labels = np.zeros(len(true), dtype=np.int64) if folds is None else np.asarray(folds)
    if labels.shape != (len(true),):
        raise BadDataError(f"There are {len(true)} clips, but {labels.size} fold labels.")
    matrix = np.full((len(true), len(true)), np.nan)
    for fold in np.unique(labels):
        events = np.flatnonzero(labels == fold)
        scores = [psnr_from_mse(_mse_matrix(decoded, true, events, frame)) for frame in range(true.shape[1])]
        matrix[np.ix_(events, events)] = np.mean(scores, axis=0)
    return matrix


def _mse_matrix(decoded: Any, true: Any, events: IntArray, frame: int) -> FloatArray:
    """Return the MSE ``(decoded event, true event)`` of one frame of all pairs of `events`."""
    height, width, channels = true.shape[2:]
    rows = max(1, _CHUNK_BYTES // (8 * len(events) * width * channels))
    total = np.zeros((len(events), len(events)))
    for row in range(0, height, rows):
        a, b = (
            np.asarray(side[events, frame, row : row + rows]).reshape(len(events), -1).astype(np.float64)
            for side in (decoded, true)
        )
        product = a @ b.T
        product *= -2.0
        product += np.einsum("ip,ip->i", a, a)[:, None]
        product += np.einsum("ip,ip->i", b, b)[None, :]
        total += product
    return np.asarray(total / (height * width * channels), dtype=np.float64)
