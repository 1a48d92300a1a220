"""What every pixel metric asks of its input: uint8 frames, both sides of one shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError

Frames = npt.NDArray[np.uint8]  # (..., height, width, channel), 0..255
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def check_frames(decoded: Any, true: Any, ndim: int | None = None) -> None:
    """Raise unless both sides are uint8 frames of one shape.

    Parameters
    ----------
    decoded, true
        Arrays (or array-likes with `shape` and `dtype`) ``(..., height, width, channel)``.
    ndim
        Number of axes asked for, None for any number from three on.

    Raises
    ------
    BadDataError
        If a side is not uint8, has the wrong number of axes, or the shapes differ.
    """
    for side, frames in (("decoded", decoded), ("true", true)):
        if frames.dtype != np.uint8:
            raise BadDataError(
                f"The {side} frames are {frames.dtype}, expected uint8 (0..255).",
                "Convert them to 8 bits before scoring; the scores are defined on what a viewer sees.",
            )
        if len(frames.shape) < 3 or (ndim is not None and len(frames.shape) != ndim):
            wanted = "(..., height, width, channel)" if ndim is None else f"{ndim} axes"
            raise BadDataError(f"The {side} frames have the shape {frames.shape}, expected {wanted}.")
    if decoded.shape != true.shape:
        raise BadDataError(
            f"The decoded frames have the shape {decoded.shape}, the true ones {true.shape}.",
            "Bring both to the same events, frames and size before scoring.",
        )
    if 0 in decoded.shape:
        raise BadDataError(f"There is nothing to score: the frames have the shape {decoded.shape}.")
