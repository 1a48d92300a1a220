"""Permutation tests whose exchangeable unit is the run, never the clip.

Under the null hypothesis a decoder knows nothing of what was shown, so the true runs may change places. Runs move
whole and their clips keep their places, so the null keeps everything that a run has in common and everything that
depends only on the place in the run. P-values are (1 + null at least as extreme) / (1 + null), which never are zero
and reject a true null no more often than they say (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 2010).

Runs of one length exchange exactly. For others there is a rule, see `ExchangePlan`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.runs import FloatArray, IntArray, number_runs

Alternative = Literal["greater", "less", "two-sided"]

_TIE = 1e-12  # relative; sums in another order are the same number


@dataclass(frozen=True)
class _Pool:
    """Runs that change places with each other, padded to the longest."""

    members: IntArray  # (run, place) event index, padded with -1
    lengths: IntArray  # (run,)


@dataclass(frozen=True)
class ExchangePlan:
    """Which runs may stand for which, within each fold.

    - Runs of one length, where there are two or more, exchange among themselves.
    - Runs whose length is unique in the fold exchange among themselves; a single one joins the runs of the nearest
      length (the shorter of two equally near). Where the partner is too short for a place, its own partner is asked,
      and so on round the cycle (the first return map), so that at every place the clips are permuted: each clip is
      used once, and a metric that depends on the clip (PSNR does) has no advantage. The end of the longest run keeps
      its own clips, except among foils, where it repeats its partner's. `uneven` counts these runs.
    - A run that is alone in its fold has no partner. Its clips are shuffled instead, which treats them as
      independent: `alone` counts such runs, and a p-value that rests on them deserves a warning.

    Attributes
    ----------
    events, uneven, alone
        Number of events; of runs that exchange with runs of another length; of runs without a partner.
    """

    events: int
    uneven: int
    alone: int
    _pools: tuple[_Pool, ...]
    _alone: tuple[IntArray, ...]

    @property
    def caveat(self) -> str:
        """Why a p-value that rests on these exchanges is not exact; empty if it is."""
        reasons = []
        if self.uneven:  # two or more: a run changes places with another
            reasons.append(f"{self.uneven} runs change places with runs of another length")
        if self.alone == 1:
            reasons.append("1 run is alone in its fold: its clips were shuffled")
        elif self.alone:
            reasons.append(f"{self.alone} runs are alone in their fold: their clips were shuffled")
        return f"p is approximate: {'; '.join(reasons)}" if reasons else ""

    def draw(self, n: int, rng: np.random.Generator, derangement: bool = False) -> IntArray:
        """Return `n` random pairings, int64 ``(n, event)``: decoded event i goes with true event ``[.., i]``.

        Parameters
        ----------
        n
            Number of pairings, drawn independently and uniformly.
        rng
            Source of randomness; equal state, equal pairings.
        derangement
            False for a null distribution, which must be able to draw the truth itself. True for foils: no run (in a
            fold of one run: no clip) is paired with itself.
        """
        pairings = np.tile(np.arange(self.events, dtype=np.int64), (n, 1))
        for pool in self._pools:
            partner = _permutations(n, len(pool.lengths), rng, derangement)
            for place in range(pool.members.shape[1]):
                reach = pool.lengths > place
                mine = np.flatnonzero(reach)
                others = _first_return(partner, reach)[:, mine]
                clips = pool.members[others, place]
                if derangement:  # the end of the longest run meets only itself: it repeats its partner instead
                    stuck = partner[:, mine]
                    repeated = pool.members[stuck, place % pool.lengths[stuck]]
                    clips = np.where(others == mine, repeated, clips)
                pairings[:, pool.members[mine, place]] = clips
        for clips in self._alone:
            pairings[:, clips] = clips[_permutations(n, len(clips), rng, derangement)]
        return pairings


def plan_exchange(runs: npt.ArrayLike, positions: npt.ArrayLike, folds: npt.ArrayLike | None = None) -> ExchangePlan:
    """Find the runs that may change places.

    Parameters
    ----------
    runs, folds
        Labels ``(event,)``; without folds all runs are of one fold.
    positions
        Place of the event in its run ``(event,)``, integers; only their order matters.

    Raises
    ------
    BadDataError
        If lengths differ, a run spans two folds, or two events of a run have one position.
    """
    run_of, fold_of = number_runs(runs, folds)
    place = np.asarray(positions)
    if place.shape != run_of.shape:
        raise BadDataError(f"There are {run_of.size} run labels, but {place.size} positions.")
    order = np.lexsort((place, run_of))
    if np.any((np.diff(run_of[order]) == 0) & (np.diff(place[order]) == 0)):
        raise BadDataError("Two events of one run have the same position.", "Number the clips of each run.")
    lengths = np.bincount(run_of)
    clips = np.split(order, np.cumsum(lengths)[:-1])
    fold_of_run = fold_of[[events[0] for events in clips]]

    pools: list[_Pool] = []
    alone: list[IntArray] = []
    uneven = 0
    for fold in np.unique(fold_of_run):
        mine = np.flatnonzero(fold_of_run == fold)
        if len(mine) == 1:
            alone.append(clips[mine[0]])
            continue
        for group in _groups(lengths[mine]):
            chosen = mine[group]
            own = lengths[chosen]
            members = np.full((len(chosen), own.max()), -1, dtype=np.int64)
            for row, run in enumerate(chosen):
                members[row, : lengths[run]] = clips[run]
            pools.append(_Pool(members, own))
            uneven += len(chosen) if own.min() != own.max() else 0
    return ExchangePlan(len(run_of), uneven, len(alone), tuple(pools), tuple(alone))


def run_permutations(
    runs: npt.ArrayLike,
    positions: npt.ArrayLike,
    n: int,
    rng: np.random.Generator,
    folds: npt.ArrayLike | None = None,
    derangement: bool = False,
) -> IntArray:
    """Return `n` random pairings that move whole runs within folds: `plan_exchange`, then `ExchangePlan.draw`.

    Parameters
    ----------
    runs, positions, folds
        Label of the run, place in it, label of the fold, each ``(event,)``.
    n
        Number of pairings.
    rng
        Source of randomness.
    derangement
        True if no run may be paired with itself (foils), False for null distributions.

    Returns
    -------
    numpy.ndarray
        int64 ``(n, event)``. Labels are permuted by ``labels[pairings]``.

    Raises
    ------
    BadDataError
        As `plan_exchange`.
    """
    return plan_exchange(runs, positions, folds).draw(n, rng, derangement)


def permutation_p(
    observed: float,
    null: npt.ArrayLike,
    alternative: Alternative = "greater",
    rng: np.random.Generator | None = None,
) -> float:
    """Return (1 + number of null values at least as extreme) / (1 + number of null values).

    Parameters
    ----------
    observed
        The score of the true pairing.
    null
        Scores of random pairings ``(permutation,)``. Values that differ from `observed` by rounding count as equal.
    alternative
        Which end is extreme; "two-sided" doubles the smaller end, up to 1.
    rng
        Where given, ties are broken at random: of the values equal to `observed`, itself among them, a uniform share
        counts as extreme. Where few values are possible (hits), such a p-value is uniform under the null, and rejects a
        true null as often as it says instead of less often.

    Raises
    ------
    BadDataError
        If the null is empty or a value is not finite.
    """
    values = np.asarray(null, dtype=np.float64).ravel()
    if values.size == 0 or not np.isfinite(values).all() or not np.isfinite(observed):
        raise BadDataError("A p-value needs a finite score and at least one finite null value.")
    slack = _TIE * max(1.0, abs(observed))
    larger, smaller = np.count_nonzero(values > observed + slack), np.count_nonzero(values < observed - slack)
    equal = 1 + values.size - larger - smaller
    share = 1.0 if rng is None else rng.random()
    above = float(larger + share * equal) / (1 + values.size)
    below = float(smaller + (share if rng is None else 1.0 - share) * equal) / (1 + values.size)
    if alternative == "greater":
        return above
    return below if alternative == "less" else min(1.0, 2.0 * min(above, below))


def label_null(hits: FloatArray, labels: npt.ArrayLike, pairings: IntArray, balanced: bool = False) -> FloatArray:
    """Return the accuracy under each pairing's labels, float64 ``(pairing,)``.

    Parameters
    ----------
    hits
        Score ``(event, class)`` of each event if its label were each class, e.g. `expected_hits`.
    labels
        True class ``(event,)``, 0-based column number.
    pairings
        int ``(pairing, event)`` of `run_permutations`: the labels of runs change places within each fold.
    balanced
        False: mean over events. True: mean over the occurring classes of the mean over their events.

    Raises
    ------
    BadDataError
        If shapes do not fit or a label is no column.
    """
    truth = np.asarray(labels)
    events, classes = hits.shape
    if truth.shape != (events,) or pairings.ndim != 2 or pairings.shape[1] != events:
        raise BadDataError(f"Hits {hits.shape}, labels {truth.shape} and pairings {pairings.shape} do not fit.")
    if truth.min() < 0 or truth.max() >= classes:
        raise BadDataError(f"Labels run from {truth.min()} to {truth.max()}, but there are {classes} classes.")
    shuffled = truth[pairings]
    scores = hits[np.arange(events), shuffled]
    if not balanced:
        return np.asarray(scores.mean(axis=1), dtype=np.float64)
    n = len(pairings)
    code = (np.arange(n)[:, None] * classes + shuffled).ravel()
    support = np.bincount(code, minlength=n * classes).reshape(n, classes)
    total = np.bincount(code, weights=scores.ravel(), minlength=n * classes).reshape(n, classes)
    recalls = np.divide(total, support, out=np.zeros_like(total), where=support > 0)
    return np.asarray(recalls.sum(axis=1) / (support > 0).sum(axis=1), dtype=np.float64)


def label_permutation_p(hits: FloatArray, labels: npt.ArrayLike, pairings: IntArray, balanced: bool = False) -> float:
    """Return the one-sided p-value of a (balanced) accuracy, with the labels of runs shuffled within folds.

    The arguments are those of `label_null`.

    Raises
    ------
    BadDataError
        As `label_null`.
    """
    truth = np.arange(hits.shape[0])[None]
    observed = float(label_null(hits, labels, truth, balanced)[0])
    return permutation_p(observed, label_null(hits, labels, pairings, balanced))


def _groups(lengths: IntArray) -> list[IntArray]:
    """Divide the runs of a fold, two or more, into groups of two or more that exchange (see `ExchangePlan`)."""
    values, group_of, counts = np.unique(lengths, return_inverse=True, return_counts=True)
    single = np.flatnonzero(counts == 1)
    if len(single) > 1:
        group_of = np.where(np.isin(group_of, single), single[0], group_of)
    elif len(single) == 1:
        others = np.delete(np.arange(len(values)), single)
        nearest = others[np.argmin(np.abs(values[others] - values[single]))]  # the first: the shorter
        group_of = np.where(group_of == single, nearest, group_of)
    return [np.flatnonzero(group_of == group) for group in np.unique(group_of)]


def _first_return(partner: IntArray, reach: NDArray[np.bool_]) -> IntArray:
    """Follow each permutation from every run to the next run that reaches this far: again a permutation of those."""
    target = partner
    while not reach[target[:, reach]].all():
        target = np.where(reach[target], target, np.take_along_axis(partner, target, axis=1))
    return target


def _permutations(n: int, size: int, rng: np.random.Generator, derangement: bool) -> IntArray:
    """Return uniform permutations ``(n, size)``; without fixed points if asked and if there is one such."""
    identity = np.arange(size, dtype=np.int64)
    drawn = rng.permuted(np.tile(identity, (n, 1)), axis=1)
    if not derangement or size < 2:
        return drawn
    while True:  # redrawing keeps the distribution uniform; a third or more of all draws succeed
        bad = np.flatnonzero((drawn == identity).any(axis=1))
        if bad.size == 0:
            return drawn
        drawn[bad] = rng.permuted(np.tile(identity, (bad.size, 1)), axis=1)
