"""How alike clips are: the correlation of area means, every decoded clip with every true one."""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, check_frames

_DECIMALS = 12  # similarities closer than this are ties: rounding in a matrix product must not decide
_FLAT = 1e-9  # a clip whose spread is below this share of its level is constant


def area_means(videos: Any, height: int = 9, width: int = 16) -> FloatArray:
    """Shrink videos by the mean over areas, whose borders may cut through pixels.

    Parameters
    ----------
    videos
        uint8 ``(event, frame, height, width, channel)``, in memory or on disk; read clip by clip.
    height, width
        Cells of the result; a smaller video keeps its own size.

    Returns
    -------
    numpy.ndarray
        float64 ``(event, frame, cell row, cell column, channel)``, 0..255.

    Raises
    ------
    BadDataError
        If the videos are not uint8 or not five-dimensional.
    """
    check_frames(videos, videos, ndim=5)
    events, frames, rows, columns, channels = videos.shape
    down, across = _area_weights(rows, min(height, rows)), _area_weights(columns, min(width, columns))
    means = np.empty((events, frames, len(down), len(across), channels))
    for event in range(events):
        clip = np.asarray(videos[event], dtype=np.float64).reshape(frames, rows, columns * channels)
        squat = (down @ clip).reshape(frames, len(down), columns, channels)
        means[event] = across @ squat
    return means


def _area_weights(pixels: int, cells: int) -> FloatArray:
    """Return ``(cell, pixel)`` the share of each pixel in each cell's mean."""
    edges = np.arange(cells + 1) * (pixels / cells)
    start = np.arange(pixels)
    overlap = np.minimum(edges[1:, None], start + 1) - np.maximum(edges[:-1, None], start)
    return np.asarray(np.clip(overlap, 0.0, None) * (cells / pixels), dtype=np.float64)


def correlation(decoded: FloatArray, true: FloatArray) -> FloatArray:
    """Return Pearson's correlation of every decoded with every true feature vector.

    A constant vector has no correlation and gets the similarity 0 with everything, so that it identifies nothing:
    all foils tie with the truth and two-way identification is exactly 0.5.

    Parameters
    ----------
    decoded, true
        float64 ``(event, ...)``, the axes after the first taken as one, e.g. the result of `area_means`.

    Returns
    -------
    numpy.ndarray
        float64 ``(decoded event, true event)`` in [-1, 1], rounded to 12 decimals so that ties stay ties.

    Raises
    ------
    BadDataError
        If the two sides have different feature shapes, or a value is not finite.
    """
    if decoded.shape[1:] != true.shape[1:]:
        raise BadDataError(f"Decoded features are {decoded.shape[1:]}, true ones {true.shape[1:]} per event.")
    return np.asarray(np.round(_standardise(decoded) @ _standardise(true).T, _DECIMALS), dtype=np.float64)


def _standardise(features: FloatArray) -> FloatArray:
    """Return each event's features centred and of length 1; in place, for they may be large."""
    flat = np.array(features, dtype=np.float64).reshape(len(features), -1)
    if not np.isfinite(flat).all():
        raise BadDataError("A feature is not a finite number, so no similarity can be computed.")
    level = np.linalg.norm(flat, axis=1, keepdims=True)
    flat -= flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    constant = norm <= _FLAT * level
    np.divide(flat, norm, out=flat, where=~constant)
    flat[constant[:, 0]] = 0.0
    return flat
