"""Peak signal-to-noise ratio of 8-bit frames.

PSNR = 20 log10(255 / sqrt(MSE)) in dB, per frame, and 100 dB where the MSE is below 1e-10: the rule of the code that
the published systems of this line share (MinD-Video, Chen et al., NeurIPS 2023, and its descendants). Clips are
scored by the mean over their frames of the frame's PSNR, not by the PSNR of the mean error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from eeg2vid.stages.metrics.frames import FloatArray, Frames
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant
from eeg2vid.stages.metrics.mse import mse, mse_by_fold
from eeg2vid.stages.metrics.pairing import asked_groups

PEAK = 255.0
CEILING_DB = 100.0  # value of equal frames
_EQUAL = 1e-10  # MSE below which frames count as equal

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
    """Measure the pairs that are looked at, and some more; NaN elsewhere."""
    assert given.frames is not None
    groups = asked_groups(given.asked, given.keys.folds)
    return {"": Measured(psnr_matrix(given.frames.decoded, given.frames.true, groups))}


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

    Parameters
    ----------
    decoded, true
        uint8 ``(event, frame, height, width, channel)``, both of one shape; in memory, or read piece by piece.
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
    matrix = np.full((true.shape[0], true.shape[0]), np.nan)
    for events, errors in mse_by_fold(decoded, true, folds):
        matrix[np.ix_(events, events)] = psnr_from_mse(errors).mean(axis=0)
    return matrix
