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
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, IntArray
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant
from eeg2vid.stages.metrics.similarity import area_means, correlation
from eeg2vid.stages.statistics.runs import number_runs

Foils = Literal["all", "within-run", "between-runs"]

IDENTIFICATION = Metric(
    name="identification",
    form="pair",
    needs=(FRAMES,),
    direction="higher",
    bounds=(0.0, 1.0),
    variants={
        "": Variant(
            "identification",
            "Share of the other test clips of the fold that are less like the decoded clip than its own "
            "stimulus is (correlation of 16x9 area means over all frames); ties count half.",
            "analytic",
            among="the test clips",
        ),
        "top-1": Variant(
            "identification top-1",
            "Share of decoded clips that are most like their own stimulus among the fold's.",
            "analytic",
            among="the test clips",
        ),
        "within-run": Variant(
            "identification within run",
            "The same among clips of the same run only: what is decoded beyond concept and time.",
            "analytic",
            among="the clips of its run",
            apart=True,
        ),
        "between-runs": Variant(
            "identification between runs",
            "The same against clips of other runs: concept, and whatever a run shares.",
            "analytic",
            among="the clips of other runs",
        ),
    },
    builds="eeg2vid.stages.metrics.identification:measure",
    source="Kay et al., Nature 2008",
)
_FOILS: dict[str, Foils] = {"": "all", "within-run": "within-run", "between-runs": "between-runs"}


def measure(given: Given) -> dict[str, Measured]:
    """Measure identification among the foils of each kind, where there are any."""
    assert given.frames is not None
    similarity = correlation(area_means(given.frames.decoded), area_means(given.frames.true))
    found: dict[str, Measured] = {}
    for name, foils in _FOILS.items():
        if IDENTIFICATION.variants[name].apart and not given.apart:
            continue
        matrices = identify(similarity, given.keys.runs, given.keys.folds, foils)
        if not (matrices.foils > 0).any():
            continue
        found[name] = Measured(matrices.two_way, 0.5)
        if foils == "all":
            found["top-1"] = Measured(matrices.top1, matrices.top1_chance)
    return found


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
