"""N-way top-k accuracy, exactly: what the field draws a hundred times, as an expectation.

A classifier's classes stand in for what a clip shows. Of the true clip, the best G classes count as right: three of
them as the field computes it, or one. N - 1 of the M = C - G other classes are drawn as distractors; the decoded clip
scores a hit if fewer than k of them are more probable in it than the most probable right class. With b of the M classes
more probable than that class, the number of those among the drawn is hypergeometric:

    accuracy = sum over j < k of C(b, j) C(M - b, N - 1 - j) / C(M, N - 1)

Classes as probable as the best right class are ordered at random. With g right and e other classes tied, the best
placed right class has u of the e before it with probability C(g + e - 1 - u, g - 1) / C(g + e, g), and b + u takes the
place of b. The published code sorts so that ties are lost: b + e takes the place of b.

Where right and wrong classes are exchangeable, the accuracy is 1 - C(N - 1, k) / C(N - 1 + G, k): 3 / (N + 2) for G = 3
and k = 1, k / N for G = 1.

(Chen et al., "Cinematic Mindscapes", NeurIPS 2023, `n_way_top_k_acc`.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.metrics.frames import FloatArray

Counts = NDArray[np.int32]


@dataclass(frozen=True)
class Ranks:
    """How many classes are above each, and how many are as high, itself included, int32 ``(clip, class)``."""

    more: Counts
    equal: Counts


@dataclass(frozen=True)
class Standing:
    """Where the right classes of every true clip stand in every decoded clip, each int32 ``(decoded, true)``.

    Attributes
    ----------
    above
        Classes more probable than the most probable right class; all of them are wrong ones.
    tied
        Wrong classes as probable as it.
    members
        Right classes as probable as it, itself included.
    """

    above: Counts
    tied: Counts
    members: Counts


@dataclass(frozen=True)
class NWay:
    """What `nway` found.

    Attributes
    ----------
    hits
        Expected share of draws that are hits, of each clip, float64 ``(clip,)``.
    chance
        What exchangeable classes score.
    """

    hits: FloatArray
    chance: float

    @property
    def accuracy(self) -> float:
        """Mean over the clips."""
        return float(self.hits.mean())


def nway(scores: npt.ArrayLike, right: npt.ArrayLike, ways: int = 50, top: int = 1, *, ties_lost: bool = False) -> NWay:
    """Return exact N-way top-k accuracy: the right class against N - 1 wrong ones, over all draws of them.

    Nothing is drawn: where a class stands decides how many of all draws it wins, so there is no seed and no noise.

    Parameters
    ----------
    scores
        Probabilities or logits of each clip ``(clip, class)``; only their order counts.
    right
        Index of the right class ``(clip,)``; or of several of which any counts ``(clip, G)``, as in the published
        evaluation by the three most probable labels of the true clip.
    ways, top
        N and k, 1 <= k < N.
    ties_lost
        Whether a wrong class as probable as the right one is ahead of it, as in the published code; else ties are
        ordered at random.

    Raises
    ------
    BadDataError
        If a score is not finite, or `right` does not name different classes of every clip.
    UsageError
        If there are fewer wrong classes than are drawn, or not 1 <= k < N.
    """
    ranks = rank(np.asarray(scores))
    clips, classes = ranks.more.shape
    wanted = np.asarray(right)
    wanted = wanted[:, None] if wanted.ndim == 1 else wanted
    if wanted.ndim != 2 or len(wanted) != clips or not wanted.size or wanted.dtype.kind not in "iu":
        raise BadDataError(
            f"Expected the right class of {clips} clips as whole numbers (clip,) or (clip, G), found "
            f"{wanted.dtype} {np.shape(right)}."
        )
    if wanted.min() < 0 or wanted.max() >= classes:
        raise BadDataError(f"Right classes run {wanted.min()} to {wanted.max()}, expected 0 to {classes - 1}.")
    if any(len(set(row)) < len(row) for row in wanted.tolist()):
        raise BadDataError("A clip names one of its right classes twice.")
    own = standings(ranks, wanted.astype(np.int64))
    standing = Standing(own.above.diagonal(), own.tied.diagonal(), own.members.diagonal())
    hits = nway_accuracy(standing, classes, wanted.shape[1], ways, top, ties_lost=ties_lost)
    return NWay(hits, nway_chance(ways, top, wanted.shape[1]))


def best_classes(scores: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """Return the classes with the highest scores, int64 ``(clip, count)``; of equal ones the first.

    Parameters
    ----------
    scores
        ``(clip, class)``, e.g. logits.
    count
        How many.
    """
    return np.argsort(-_checked(scores), axis=1, kind="stable")[:, :count]


def rank(scores: NDArray[np.floating]) -> Ranks:
    """Rank the classes of every decoded clip: each is sorted once, whatever the number of true ones.

    Parameters
    ----------
    scores
        ``(decoded clip, class)``; only the order counts.

    Raises
    ------
    BadDataError
        If a score is not a finite number.
    """
    scores = _checked(scores)
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=1)
    place = np.arange(scores.shape[1], dtype=np.int32)
    fresh = np.ones(scores.shape, dtype=bool)  # a lower score than the one before
    fresh[:, 1:] = ranked[:, 1:] != ranked[:, :-1]
    first = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
    last = np.where(np.roll(fresh, -1, axis=1), place, scores.shape[1])  # the first score is fresh: so is the end
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    more, equal = np.empty_like(first), np.empty_like(first)
    np.put_along_axis(more, order, first, axis=1)
    np.put_along_axis(equal, order, last - first + 1, axis=1)
    return Ranks(more, equal)


def standings(ranks: Ranks, right: NDArray[np.int64]) -> Standing:
    """Look the right classes of every true clip up in every decoded clip.

    Parameters
    ----------
    ranks
        Of the decoded clips, from `rank`.
    right
        Right classes of each true clip ``(true clip, G)``, see `best_classes`.
    """
    more, equal = ranks.more, ranks.equal
    above, same = more[:, right[:, 0]], equal[:, right[:, 0]]
    members = np.ones_like(above)
    for column in right.T[1:]:
        other = more[:, column]
        members = np.where(other < above, 1, members + (other == above))
        same = np.where(other < above, equal[:, column], same)
        above = np.minimum(above, other)
    return Standing(above, same - members, members)


def nway_accuracy(
    standing: Standing, classes: int, right: int, ways: int, top: int = 1, *, ties_lost: bool = False
) -> FloatArray:
    """Return the expected share of draws that are hits, float64 ``(decoded, true)``.

    Parameters
    ----------
    standing
        From `standings`.
    classes
        C, of the classifier.
    right
        G, how many count as right.
    ways, top
        N and k: the right class must be among the `top` of itself and `ways` - 1 distractors.
    ties_lost
        Whether a distractor as probable as the right class is ahead of it; else ties are ordered at random.

    Raises
    ------
    UsageError
        If there are fewer wrong classes than distractors, or not 1 <= k < N.
    """
    if not 1 <= top < ways:
        raise UsageError(f"{ways}-way top-{top} is no question: k must be at least 1 and below N.")
    if ways - 1 > classes - right:
        raise UsageError(
            f"{ways}-way accuracy draws {ways - 1} wrong classes; of {classes} classes {classes - right} are wrong.",
            "Ask fewer ways, or a classifier with more classes.",
        )
    chances = _fewer_than(top, classes - right, ways - 1)
    if ties_lost:
        return np.asarray(chances[standing.above + standing.tied])
    found = chances[standing.above]
    if not standing.tied.any():
        return found
    kinds, kind = np.unique(standing.tied * (right + 1) + standing.members, return_inverse=True)
    kind = kind.reshape(standing.tied.shape)
    for number, code in enumerate(kinds.tolist()):
        tied, members = divmod(code, right + 1)
        if tied:
            here = kind == number
            found[here] = np.correlate(chances, _ahead(tied, members), "valid")[standing.above[here]]
    return found


def nway_chance(ways: int, top: int, right: int) -> float:
    """Return what exchangeable classes score: 1 - C(N - 1, k) / C(N - 1 + G, k)."""
    return 1 - math.comb(ways - 1, top) / math.comb(ways - 1 + right, top)


@lru_cache(maxsize=64)
def _fewer_than(top: int, wrong: int, drawn: int) -> FloatArray:
    """Return by number b of better ones among `wrong` the chance that fewer than `top` of `drawn` are better.

    From whole numbers, so that no class count is too large.
    """
    ways = math.comb(wrong, drawn)
    return np.array(
        [
            sum(math.comb(b, j) * math.comb(wrong - b, drawn - j) for j in range(min(top, drawn + 1))) / ways
            for b in range(wrong + 1)
        ]
    )


def _ahead(tied: int, members: int) -> FloatArray:
    """Return by u the chance that u of the tied wrong classes are ahead of the best placed of the right ones."""
    orders = math.comb(members + tied, members)
    return np.array([math.comb(members + tied - 1 - u, members - 1) / orders for u in range(tied + 1)])


def _checked(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    found = np.asarray(scores, dtype=np.float64)
    if found.ndim != 2 or not np.isfinite(found).all():
        raise BadDataError(f"Expected finite scores (clip, class), found {found.shape}.")
    return found
