"""How well anything could be predicted: what presentations of the same clip have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.runs import FloatArray, IntArray


@dataclass(frozen=True)
class Ceiling:
    """What repeated presentations of clips share.

    Attributes
    ----------
    reliability
        Share of the variance between single presentations that belongs to the clip, 0..1, mean over features; None
        where nothing repeats.
    ceiling
        Largest correlation of a prediction with a single presentation, the root of `reliability`; None likewise.
    n_clips, n_presentations
        Clips that were shown more than once, and how often altogether.
    reason
        Why there is none; empty if there is one.
    """

    reliability: float | None
    ceiling: float | None
    n_clips: int
    n_presentations: int
    reason: str


def noise_ceiling(values: npt.ArrayLike, clips: npt.ArrayLike, sessions: npt.ArrayLike) -> Ceiling:
    r"""Estimate the ceiling from clips that were shown in several sessions.

    Each session's mean is taken off. Then, feature by feature, one-way analysis of variance over clips with k
    presentations on average (Shrout and Fleiss, Psychol. Bull. 1979, ICC(1); Fisher's correction for unequal k):
    :math:`\rho = (MS_B - MS_W) / (MS_B + (k - 1) MS_W)`. Two presentations: nearly the correlation between them.

    Parameters
    ----------
    values
        Of each event `(event,)` or `(event, feature)`.
    clips, sessions
        Labels `(event,)`.

    Raises
    ------
    BadDataError
        If lengths differ or a value is not finite.
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    clip_of = np.unique(np.asarray(clips), return_inverse=True)[1]
    session_of = np.unique(np.asarray(sessions), return_inverse=True)[1]
    if table.ndim != 2 or not len(table) == len(clip_of) == len(session_of):
        raise BadDataError(f"Values {table.shape}, {len(clip_of)} clips and {len(session_of)} sessions do not fit.")
    if not np.isfinite(table).all():
        raise BadDataError(f"Event number {int(np.argmin(np.isfinite(table).all(axis=1)))} has a value that is none.")
    several = np.bincount(clip_of)[clip_of] > 1
    clip_of, n_clips = np.unique(clip_of[several], return_inverse=True)[1], len(np.unique(clip_of[several]))
    shown = int(several.sum())
    if n_clips < 2:
        seen = "no clip was" if n_clips == 0 else "only one clip was"
        return Ceiling(None, None, n_clips, shown, f"none can be had: {seen} shown more than once")
    table, session_of = table[several], session_of[several]
    table = table - _means(table, np.unique(session_of, return_inverse=True)[1])
    share = _shared(table, clip_of)
    if not np.isfinite(share).any():
        return Ceiling(None, None, n_clips, shown, "none can be had: presentations do not differ")
    reliability = min(max(float(np.nanmean(share)), 0.0), 1.0)
    return Ceiling(reliability, math.sqrt(reliability), n_clips, shown, "")


def _shared(table: FloatArray, clip_of: IntArray) -> FloatArray:
    """Return the intraclass correlation of each feature `(feature,)`, NaN where nothing varies."""
    counts = np.bincount(clip_of)
    n, clips = len(table), len(counts)
    of_clip = _means(table, clip_of)
    between = ((of_clip - table.mean(axis=0)) ** 2).sum(axis=0) / (clips - 1)
    within = ((table - of_clip) ** 2).sum(axis=0) / (n - clips)
    k = (n - (counts**2).sum() / n) / (clips - 1)
    total = between + (k - 1.0) * within
    return np.divide(between - within, total, out=np.full(len(total), np.nan), where=total > 0.0)


def _means(table: FloatArray, group_of: IntArray) -> FloatArray:
    """Return the mean of each event's group `(event, feature)`."""
    sums = np.zeros((int(group_of.max()) + 1, table.shape[1]))
    np.add.at(sums, group_of, table)
    return np.asarray((sums / np.bincount(group_of)[:, None])[group_of])
