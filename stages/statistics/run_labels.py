"""The plain permutation test of a decoder: the labels of whole runs change places, its predictions stay.

Null hypothesis, fold by fold: the predictions are independent of which run of the fold had which label. Where the order
of concepts in a block was drawn at random and the fold's labels were not used in training, this holds exactly for a
decoder that knows nothing, whatever clips of a run have in common and whatever drifts through the block. Then the
p-value of one fold, (1 + #{null >= observed}) / (1 + n), is exact (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol.
2010). What remains to be said is how several folds depend on each other: see `run_label_permutation`.

Unlike `eeg2vid.stages.statistics.permutation`, which moves clips place by place and serves every metric, this needs one
label per run, and in return takes runs of any length: the label moves, the run with all its clips stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.folds import shared_variance, widen
from eeg2vid.stages.statistics.permutation import permutation_p
from eeg2vid.stages.statistics.runs import FloatArray, IntArray, number_runs

Sharing = Literal["none", "mutual", "unknown"]

_CELLS = 2**21  # labellings x folds x classes held at a time: 16 MiB an array


@dataclass(frozen=True)
class RunLabelTest:
    """A (balanced) accuracy, what shuffled labels give, and how seldom they reach it.

    Attributes
    ----------
    observed
        The score over the events of all folds.
    chance, spread
        Mean and standard deviation of the score under shuffled labels, as drawn; `p` may rest on a wider null.
    p
        One-sided p-value of `observed`, folds combined as `sharing` says; of one fold: exact.
    fold_observed, fold_p
        Score and exact p-value of each fold by itself `(fold,)`, in sorted order of the fold labels. A fold of one run
        cannot be tested and has p = 1.
    sharing
        What was assumed of the folds; see `run_label_permutation`.
    n, n_runs
        Number of random labellings, and of runs.
    null
        The score under each labelling `(labelling,)`, as wide as `p` takes it.
    """

    observed: float
    chance: float
    spread: float
    p: float
    fold_observed: FloatArray
    fold_p: FloatArray
    sharing: Sharing
    n: int
    n_runs: int
    null: FloatArray


def run_label_permutation(
    hits: npt.ArrayLike,
    labels: npt.ArrayLike,
    runs: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    folds: npt.ArrayLike | None = None,
    n: int = 1000,
    balanced: bool = True,
    sharing: Sharing = "mutual",
) -> RunLabelTest:
    """Test fixed predictions against shuffled labels of runs.

    Labels change places within a fold, independently in each, all orders alike. Fold by fold the test
    is exact. Over several folds `sharing` says what is assumed of them:

    - "none": no fold's labels took part in the training behind another fold's predictions: one decoder, trained on
      events of none of the folds. The null of the score over all folds is used as it is drawn.
    - "mutual": folds train on each other's test blocks, as in leave-one-block-out. Blocks A and B then contribute alike
      to "train on A, test on B" and the reverse, so the score varies more than fixed predictions under shuffled labels
      do. The null is widened by what they share, as estimated from the wrong names (`shared_variance`): approximate,
      at most to twice its variance.
    - "unknown": no assumption. The exact p-values of the K folds are combined by (K / k) p_(k), k = ceil(K / 2): at
      most twice their median (Rueger 1978; Meinshausen, Meier and Buehlmann, J. Am. Stat. Assoc. 2009), valid under
      any dependence and often far from the level.

    With one fold the three agree.

    Parameters
    ----------
    hits
        Score `(event, class)` of each event if its label were each class, such as `expected_hits` of its probabilities.
    labels
        True class `(event,)`, 0-based column number, the same for all events of a run.
    runs, folds
        Labels `(event,)`; without folds all runs are of one.
    rng
        Source of randomness; equal state and equal table, in whatever order of rows: equal p-values.
    n
        Number of random labellings; the smallest possible p is 1 / (n + 1).
    balanced
        True: mean over the occurring classes of the mean over their events. False: mean over events.
    sharing
        What folds have in common.

    Raises
    ------
    BadDataError
        If shapes do not fit, a label is no column, a run has two labels or lies in two folds, no fold has two runs, or
        n < 1.
    """
    if n < 1:
        raise BadDataError(f"Expected at least one random labelling, found {n}.")
    table = _tabulate(hits, labels, runs, folds)
    observed, own = (values[0] for values in _score(table, table.labels[None], balanced))
    drawn = [_score(table, chunk, balanced) for chunk in _shuffled(table, n, rng)]
    null, nulls = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    fold_p = np.array([permutation_p(score, column) for score, column in zip(own, nulls.T, strict=True)])
    wide = null
    if sharing == "mutual":
        wide = widen(null, table.folds, shared_variance(table.hits, table.labels, table.events, table.folds))
    p = merge_p(fold_p) if sharing == "unknown" else permutation_p(observed, wide)
    return RunLabelTest(
        float(observed), float(null.mean()), float(null.std()), p, own, fold_p, sharing, n, len(table.labels), wide
    )


def merge_p(p: npt.ArrayLike) -> float:
    """Combine p-values, whatever their dependence: (K / k) times the k-th smallest of K, k = ceil(K / 2), up to 1.

    Raises
    ------
    BadDataError
        If there is none, or one is not in 0..1.
    """
    values = np.sort(np.asarray(p, dtype=np.float64).ravel())
    if values.size == 0 or not (values[0] >= 0.0 and values[-1] <= 1.0):  # NaN is sorted last and compares false
        raise BadDataError(f"Expected p-values in 0..1, found {values.tolist()}.")
    k = -(-values.size // 2)
    return float(min(1.0, values.size / k * values[k - 1]))


@dataclass(frozen=True)
class _Table:
    """Predictions summed over runs, runs in order of their folds."""

    hits: FloatArray  # (run, class)
    events: FloatArray  # (run,)
    labels: IntArray  # (run,)
    folds: IntArray  # (run,), ascending


def _tabulate(hits: npt.ArrayLike, labels: npt.ArrayLike, runs: npt.ArrayLike, folds: npt.ArrayLike | None) -> _Table:
    scores, truth = np.asarray(hits, dtype=np.float64), np.asarray(labels)
    run_of, fold_of = number_runs(runs, folds)
    if scores.ndim != 2 or truth.shape != run_of.shape or len(scores) != len(run_of):
        raise BadDataError(f"Hits {scores.shape}, labels {truth.shape} and runs {run_of.shape} do not fit.")
    if not np.issubdtype(truth.dtype, np.integer) or truth.min() < 0 or truth.max() >= scores.shape[1]:
        raise BadDataError(
            f"Labels run from {truth.min()} to {truth.max()}, but there are {scores.shape[1]} classes.",
            "Labels are 0-based column numbers.",
        )
    if not np.isfinite(scores).all():
        raise BadDataError(
            f"Event number {int(np.argmin(np.isfinite(scores).all(axis=1)))} has a hit that is not finite."
        )
    label, fold = np.zeros(run_of.max() + 1, np.int64), np.zeros(run_of.max() + 1, np.int64)
    label[run_of], fold[run_of] = truth, fold_of
    if (label[run_of] != truth).any():
        mixed = np.asarray(runs)[label[run_of] != truth][0]
        raise BadDataError(
            f"Run {mixed} has events of two labels.",
            "Labels that change within a run are tested place by place: label_permutation_p with run_permutations.",
        )
    if np.bincount(fold).max() < 2:
        raise BadDataError("No fold has two runs, so no labels can change places.", "Test on more than one run.")
    sums = np.zeros((len(label), scores.shape[1]))
    np.add.at(sums, run_of, scores)
    order = np.argsort(fold, kind="stable")
    return _Table(sums[order], np.bincount(run_of)[order].astype(np.float64), label[order], fold[order])


def _score(table: _Table, labels: IntArray, balanced: bool) -> tuple[FloatArray, FloatArray]:
    """Return the score over all folds `(labelling,)` and of each fold `(labelling, fold)` for labels of runs."""
    n, n_folds, classes = len(labels), int(table.folds[-1]) + 1, table.hits.shape[1]
    cell = ((np.arange(n)[:, None] * n_folds + table.folds) * classes + labels).ravel()
    shape = (n, n_folds, classes)
    gained = table.hits[np.arange(len(table.labels)), labels].ravel()
    total, support = (
        np.bincount(cell, weights=weights, minlength=math.prod(shape)).astype(np.float64).reshape(shape)
        for weights in (gained, np.tile(table.events, n))
    )
    return _mean(total.sum(axis=1), support.sum(axis=1), balanced), _mean(total, support, balanced)


def _mean(total: FloatArray, support: FloatArray, balanced: bool) -> FloatArray:
    """Return the mean over classes of the mean over events, or the mean over events, along the last axis."""
    if not balanced:
        return np.asarray(total.sum(axis=-1) / support.sum(axis=-1))
    recalls = np.divide(total, support, out=np.zeros_like(total), where=support > 0)
    return np.asarray(recalls.sum(axis=-1) / (support > 0).sum(axis=-1))


def _shuffled(table: _Table, n: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Yield `n` labellings `(labelling, run)` in pieces; labels change places within each fold."""
    ends = np.cumsum(np.bincount(table.folds)).tolist()
    at_once = max(1, _CELLS // (len(ends) * table.hits.shape[1]))
    for done in range(0, n, at_once):
        drawn = np.tile(table.labels, (min(at_once, n - done), 1))
        for start, end in zip([0, *ends], ends, strict=False):
            drawn[:, start:end] = rng.permuted(drawn[:, start:end], axis=1)
        yield drawn
