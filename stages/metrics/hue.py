"""Hue: whether the colours of a clip are those of the true clip, wherever they are in the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from eeg2vid.stages.metrics.frames import FloatArray, Frames, IntArray, check_frames
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant
from eeg2vid.stages.metrics.pairing import asked_groups

_CHUNK_BYTES = 64 * 2**20  # of float64 values per side
_DECIMALS = 12  # similarities closer than this are ties: rounding in a matrix product must not decide

HUE = Metric(
    name="hue",
    form="pair",
    needs=(FRAMES,),
    direction="higher",
    bounds=(-1.0, 1.0),
    variants={
        "": Variant(
            "hue",
            "Likeness of colours pixel by pixel: cosine between the frames' pixels, each a vector whose angle is the "
            "hue and whose length is the chroma, mean over frames. Hue is a circle, and what is grey has none.",
            "pairing",
            lead=False,
        ),
        "cosine": Variant(
            "hue as a number",
            "As Mind-Animator computes what it calls hue-pcc: cosine between hues as numbers from 0 to 360 degrees, "
            "mean over frames. Two reds may be as unlike as can be, greys count as red, and no pair is below 0.",
            "pairing",
            lead=False,
            extra=True,
        ),
    },
    builds="eeg2vid.stages.metrics.hue:measure",
    source="Lu et al., ICLR 2025 (Mind-Animator), of the variant",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure the pairs that are looked at, and some more; NaN elsewhere."""
    assert given.frames is not None
    frames, groups = given.frames, asked_groups(given.asked, given.keys.folds)
    ways = {"": chroma, "cosine": hue_degrees}
    return {
        name: Measured(_cosines(frames.decoded, frames.true, groups, way))
        for name, way in ways.items()
        if given.asks(HUE, name)
    }


def chroma(frames: Frames) -> FloatArray:
    """Return of each pixel the vector whose angle is its hue, red at 0, and whose length is its chroma.

    Parameters
    ----------
    frames
        uint8 ``(..., rgb)``.

    Returns
    -------
    numpy.ndarray
        float64 ``(..., 2)``, in grey levels.
    """
    red, green, blue = np.moveaxis(frames.astype(np.float64), -1, 0)
    return np.stack([red - (green + blue) / 2, (green - blue) * np.sqrt(0.75)], axis=-1)


def hue_degrees(frames: Frames) -> FloatArray:
    """Return the hue of each pixel as OpenCV's BGR2HSV gives it: degrees in [0, 360), 0 where a pixel is grey.

    Parameters
    ----------
    frames
        uint8 ``(..., rgb)``.

    Returns
    -------
    numpy.ndarray
        float64 ``(...)``.
    """
    values = frames.astype(np.float64)
    red, green, blue = np.moveaxis(values, -1, 0)
    most = values.max(axis=-1)
    span = most - values.min(axis=-1)
    safe = np.where(span == 0, 1.0, span)
    degrees = np.where(
        most == red,
        60 * (green - blue) / safe,
        np.where(most == green, 120 + 60 * (blue - red) / safe, 240 + 60 * (red - green) / safe),
    )
    return np.where(span == 0, 0.0, degrees % 360.0)


def _cosines(decoded: Any, true: Any, groups: IntArray, way: Callable[[Frames], FloatArray]) -> FloatArray:
    """Return the mean over frames of the cosine of every decoded with every true frame; 0 where one has nothing."""
    check_frames(decoded, true, ndim=5)
    table = np.full((true.shape[0],) * 2, np.nan)
    for group in np.unique(groups):
        events = np.flatnonzero(groups == group)
        frames = [_frame(decoded, true, events, frame, way) for frame in range(true.shape[1])]
        table[np.ix_(events, events)] = np.round(np.mean(frames, axis=0), _DECIMALS)
    return table


def _frame(decoded: Any, true: Any, events: IntArray, frame: int, way: Callable[[Frames], FloatArray]) -> FloatArray:
    height, width = true.shape[2:4]
    rows = max(1, _CHUNK_BYTES // (16 * len(events) * width))
    product = np.zeros((len(events), len(events)))
    square_a, square_b = np.zeros(len(events)), np.zeros(len(events))
    for row in range(0, height, rows):
        cut = slice(row, row + rows)
        a, b = (
            np.stack([way(np.asarray(side[event, frame, cut])).ravel() for event in events.tolist()])
            for side in (decoded, true)
        )
        product += a @ b.T
        square_a += np.einsum("ip,ip->i", a, a)
        square_b += np.einsum("ip,ip->i", b, b)
    norm = np.sqrt(square_a)[:, None] * np.sqrt(square_b)[None, :]
    return np.divide(product, norm, out=np.zeros_like(product), where=norm > 0)
