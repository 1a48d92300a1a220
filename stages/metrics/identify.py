"""Identification: whether a decoded clip is more like its own true clip than like others.

Two-way identification is the fraction of foils (other true clips) that are less similar to the decoded clip than the
truth is, ties counting one half; its chance level is 1/2 whatever the number of foils. It is the normalised rank of the
truth, and the area under the curve of retrieval. Top-k asks that fewer than k foils be more similar, ties by
expectation; its chance level is k / (foils + 1). Which clips may be foils decides what the score means:

================  ====================================================================================
all               every other clip of the fold
within-run        the other clips of the truth's own run: is anything decoded beyond the concept?
between-runs      the clips of other runs of the fold: mostly the concept, and whatever runs share
================  ====================================================================================

Concepts take the place of runs where a concept has several runs in a fold.

(Compare Kay et al., "Identifying natural images from human brain activity", Nature 2008.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.metrics.classification import expected_hits
from eeg2vid.stages.metrics.frames import FloatArray, IntArray
from eeg2vid.stages.metrics.similarity import area_means, correlation
from eeg2vid.stages.statistics.runs import number_runs

Foils = Literal["all", "within-run", "between-runs"]


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


def identification(
    decoded: npt.ArrayLike,
    true: npt.ArrayLike,
    runs: npt.ArrayLike | None = None,
    folds: npt.ArrayLike | None = None,
    foils: Foils = "all",
) -> Identification:
    """Tell how well decoded clips, or decoded values, pick their own true one among the others.

    Likeness is Pearson's correlation, of videos that of 16 x 9 area means over all frames: the `identification` and
    `identification-target` of `eeg2vid score`.

    Parameters
    ----------
    decoded, true
        uint8 videos ``(clip, frame, row, column, rgb)``, or any values ``(clip, ...)``; row by row of one clip.
    runs
        Label of each clip's run; without, each clip is a run of its own.
    folds
        Label of each clip's fold: only clips of its fold compete with it; without, all do.
    foils
        Which clips compete: 'all', those 'within-run', or those 'between-runs'.

    Raises
    ------
    BadDataError
        If shapes do not fit, a value is not finite, or a run spans two folds.
    UsageError
        If foils are chosen by runs and no runs are given.
    """
    sides = [np.asarray(side) for side in (decoded, true)]
    if foils not in get_args(Foils):
        raise UsageError(f"`foils` is one of {', '.join(get_args(Foils))}, not {foils!r}.")
    if runs is None and foils != "all":
        raise UsageError(f"Foils {foils} need the run of each clip.", "Give `runs`, a label for each clip.")
    if len(sides[0]) != len(sides[1]):
        raise BadDataError(f"There are {len(sides[0])} decoded and {len(sides[1])} true clips; expected pairs.")
    if all(side.ndim == 5 and side.dtype == np.uint8 for side in sides):
        sides = [area_means(side) for side in sides]
    named = np.arange(len(sides[0])) if runs is None else runs
    return identify(correlation(*sides), named, folds, foils)


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


def identify_top(similarity: FloatArray, folds: npt.ArrayLike, k: int) -> tuple[FloatArray, float]:
    """Return the chance that each true clip of the fold is among the `k` most like each decoded clip, and mere luck's.

    Parameters
    ----------
    similarity
        float64 ``(decoded event, true event)``, larger is more alike.
    folds
        Labels ``(event,)``.
    k
        Length of the list.

    Returns
    -------
    Hits ``(decoded event, true event)`` in [0, 1], NaN across folds; and the mean of k / clips of the fold, at most 1.
    """
    fold_of = np.asarray(folds)
    hits = np.full(similarity.shape, np.nan)
    for fold in np.unique(fold_of):
        events = np.flatnonzero(fold_of == fold)
        hits[np.ix_(events, events)] = expected_hits(similarity[np.ix_(events, events)], k)
    sizes = (fold_of[:, None] == fold_of[None]).sum(axis=1)
    return hits, float(np.minimum(1.0, k / sizes).mean())


def _score_fold(block: FloatArray, runs: IntArray, foils: Foils) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return foils beaten, top-1 credit (both ``(decoded, true)``) and the number of foils ``(true,)``."""
    n = len(block)
    if foils == "all":
        return _wins(block), expected_hits(block), np.full(n, n - 1)
    wins = np.zeros_like(block) if foils == "within-run" else _wins(block)
    firsts = np.empty_like(block)
    allowed = np.empty(n, dtype=np.int64)
    for run in np.unique(runs):
        mine = runs == run
        own, others = block[:, mine], block[:, ~mine]
        if foils == "within-run":
            wins[:, mine], firsts[:, mine] = _wins(own), expected_hits(own)
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
