"""Identification: whether a decoded clip is more like its own true clip than like others.

Two-way identification is the fraction of foils (other true clips) that are less similar to the decoded clip than the
truth is, ties counting one half; its chance level is 1/2 whatever the number of foils. Top-1 asks that no foil be
more similar, ties shared evenly; its chance level is 1 / (foils + 1). Which clips may be foils decides what the score
means:

==============  ======================================================================================
all             every other clip of the fold
within-run      the other clips of the truth's own run: is anything decoded beyond the concept?
between-runs    the clips of other runs of the fold: mostly the concept, and whatever runs share
==============  ======================================================================================

(Compare Kay et al., "Identifying natural images from human brain activity", Nature 2008.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, IntArray, check_frames
from eeg2vid.stages.statistics.runs import number_runs

Foils = Literal["all", "within-run", "between-runs"]

_DECIMALS = 12  # similarities closer than this are ties: rounding in a matrix product must not decide
_FLAT = 1e-9  # a clip whose spread is below this share of its level is constant


@dataclass(frozen=True)
class Identification:
    """How well each decoded clip picks each clip of its fold, were that clip the truth.

    The diagonals hold the scores; the rest is what wrong pairings would have scored, for
    `eeg2vid.stages.metrics.pairing.paired_null`.

    Attributes
    ----------
    two_way, top1
        float64 ``(decoded event, true event)`` in [0, 1]. NaN outside the fold and where the truth has no foil.
    foils
        int64 ``(true event,)``, the number of foils allowed.
    """

    two_way: FloatArray
    top1: FloatArray
    foils: IntArray

    @property
    def two_way_score(self) -> float:
        """Mean over the events that have foils; chance is 0.5. NaN if none has."""
        return self._mean(self.two_way.diagonal())

    @property
    def top1_score(self) -> float:
        """Mean over the events that have foils; chance is `top1_chance`. NaN if none has."""
        return self._mean(self.top1.diagonal())

    @property
    def top1_chance(self) -> float:
        """Mean of 1 / (foils + 1) over the events that have foils. NaN if none has."""
        return self._mean(np.reciprocal(self.foils + 1.0, dtype=np.float64))

    @property
    def left_out(self) -> int:
        """Number of events without foils, which no mean counts."""
        return int(np.count_nonzero(self.foils == 0))

    def _mean(self, values: FloatArray) -> float:
        kept = values[self.foils > 0]
        return float(kept.mean()) if kept.size else float("nan")


def identify(
    similarity: FloatArray, runs: npt.ArrayLike, folds: npt.ArrayLike | None = None, foils: Foils = "all"
) -> Identification:
    """Score how well each decoded clip identifies each true clip of its fold.

    Parameters
    ----------
    similarity
        float64 ``(decoded event, true event)``, larger is more alike. Pairs across folds are not looked at.
    runs, folds
        Labels ``(event,)``; without folds all events are one fold.
    foils
        Which clips compete with the truth, see the module's table.

    Raises
    ------
    BadDataError
        If shapes do not fit, a run spans two folds, or a similarity within a fold is not finite.
    """
    run_of, fold_of = number_runs(runs, folds)
    n = len(run_of)
    if similarity.shape != (n, n):
        raise BadDataError(f"The similarity matrix is {similarity.shape}, expected ({n}, {n}) for {n} run labels.")
    two_way, top1 = np.full((n, n), np.nan), np.full((n, n), np.nan)
    counts = np.zeros(n, dtype=np.int64)
    for fold in np.unique(fold_of):
        events = np.flatnonzero(fold_of == fold)
        block = similarity[np.ix_(events, events)]
        if not np.isfinite(block).all():
            raise BadDataError("A similarity between clips of one fold is not a finite number.")
        wins, firsts, allowed = _score_fold(block, run_of[events], foils)
        counts[events] = allowed
        with np.errstate(invalid="ignore", divide="ignore"):
            two_way[np.ix_(events, events)] = np.where(allowed > 0, wins / allowed, np.nan)
        top1[np.ix_(events, events)] = np.where(allowed > 0, firsts, np.nan)
    return Identification(two_way, top1, counts)


def _score_fold(block: FloatArray, runs: IntArray, foils: Foils) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return foils beaten, top-1 credit (both ``(decoded, true)``) and the number of foils ``(true,)``."""
    n = len(block)
    if foils == "all":
        return _wins(block), _firsts(block), np.full(n, n - 1)
    wins = np.zeros_like(block) if foils == "within-run" else _wins(block)
    firsts = np.empty_like(block)
    allowed = np.empty(n, dtype=np.int64)
    for run in np.unique(runs):
        mine = runs == run
        own, others = block[:, mine], block[:, ~mine]
        if foils == "within-run":
            wins[:, mine], firsts[:, mine] = _wins(own), _firsts(own)
            allowed[mine] = mine.sum() - 1
            continue
        wins[:, mine] -= _wins(own)
        allowed[mine] = n - mine.sum()
        best = others.max(axis=1, keepdims=True, initial=-np.inf)
        tied = (others == best).sum(axis=1, keepdims=True)
        firsts[:, mine] = (own > best) + (own == best) / (tied + 1.0)
    return wins, firsts, allowed


def _wins(block: FloatArray) -> FloatArray:
    """Return how many other columns of its row each entry exceeds, ties counting one half."""
    return np.asarray(rankdata(block, axis=1) - 1.0, dtype=np.float64)  # mean rank of ties, less the entry itself


def _firsts(block: FloatArray) -> FloatArray:
    """Return 1 for the largest entry of each row, shared evenly among equals."""
    largest = block == block.max(axis=1, keepdims=True)
    return np.asarray(largest / largest.sum(axis=1, keepdims=True), dtype=np.float64)


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
    flat = np.asarray(features, dtype=np.float64).reshape(len(features), -1)
    if not np.isfinite(flat).all():
        raise BadDataError("A feature is not a finite number, so no similarity can be computed.")
    centred = flat - flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    constant = norm <= _FLAT * np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(centred, norm, out=np.zeros_like(centred), where=~constant)
