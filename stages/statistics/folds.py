"""How much the score over several folds varies that train on each other's test blocks.

Blocks A and B contribute alike to "train on A, test on B" and to "train on B, test on A", so under the null hypothesis
the scores of two folds vary together, which shuffling labels after training does not show. How much can be read off the
wrong names. Let run b of block B be of class d and run a of block A of class c. Fold B's score of b under the name c,
and fold A's of a under the name d, come from the same pair of runs. Predictions know nothing of the label of the run
they are made for, so where orders of blocks are independent the two are distributed alike whether c = d (then both are
among the scores that add up to the accuracy) or not. The pairs with c != d tell the covariance of those with c = d, and
they are untouched by a signal that tells classes apart.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from eeg2vid.stages.statistics.runs import FloatArray, IntArray

MOST = 1.0  # the bound of Cauchy and Schwarz: two folds share all that they vary by
_SWEEPS = 50
_UNEVEN = 1.5  # most runs of a class over fewest, within a fold


def widen(null: FloatArray, folds: npt.ArrayLike, shared: float = MOST) -> FloatArray:
    """Widen the null distribution of a mean over folds that train on each other's test blocks; one fold: unchanged.

    Parameters
    ----------
    null
        Means under labels shuffled after training, float64 `(permutation,)`.
    folds
        Fold of each event or run.
    shared
        Covariances of folds over variances, 0..1 (`shared_variance`): the variance becomes 1 + shared times as large.
        Where nothing is known, at most twice: p-values are valid and, where folds share less, conservative.
    """
    if len(np.unique(folds)) < 2:
        return null
    centre = null.mean()
    return np.asarray(centre + math.sqrt(1 + shared) * (null - centre))


def shared_variance(hits: FloatArray, labels: IntArray, runs: npt.ArrayLike, folds: IntArray) -> float:
    """Estimate what folds share: the sum of their covariances over that of their variances, under the null hypothesis.

    One standard error is added; the estimate stays in 0..1. It is 1, the bound, where it cannot be told: two or three
    classes, numbers of runs per class that differ, too few folds.

    Parameters
    ----------
    hits
        Score `(row, class)` of each run or event if its label were each class, summed over `runs` events.
    labels, folds
        True class and fold of each row, from 0.
    runs
        Number of events of each row.
    """
    occurring, labels = np.unique(labels, return_inverse=True)
    means, there = _tables(hits[:, occurring], labels, runs, folds)
    n_folds, classes = there.shape
    if n_folds < 2 or classes < 4 or _is_uneven(labels, folds):
        return MOST
    wrong = there[:, :, None] & there[:, None, :] & ~np.eye(classes, dtype=bool)
    residual = _without_margins(means, wrong)
    squares, cells = float(np.sum(residual**2)), int(wrong.sum())
    products, pairs, matches = 0.0, 0, 0
    for first in range(n_folds):
        for second in range(first):
            both = wrong[first] & wrong[second]
            products += float(np.sum((residual[first] * residual[second].T)[both]))
            pairs += int(both.sum())
            matches += int((there[first] & there[second]).sum())
    if not pairs or squares <= 0:
        return MOST
    share = 2 * matches / int(there.sum())  # partners of a right name
    correlation = products / pairs / (squares / cells)
    free = pairs * max(1 - (2 * classes - 1) / (classes * (classes - 1)), 0.0)
    return float(np.clip(share * (correlation + 1 / math.sqrt(free)), 0.0, MOST))


def _tables(hits: FloatArray, labels: IntArray, runs: npt.ArrayLike, folds: IntArray) -> tuple[FloatArray, npt.NDArray]:
    """Return mean scores `(fold, class, name)`, and which classes a fold tests `(fold, class)`."""
    n_folds, classes = int(folds.max()) + 1, hits.shape[1]
    total, number = np.zeros((n_folds, classes, classes)), np.zeros((n_folds, classes))
    np.add.at(total, (folds, labels), hits)
    np.add.at(number, (folds, labels), runs)
    return total / np.maximum(number, 1)[:, :, None], number > 0


def _is_uneven(labels: IntArray, folds: IntArray) -> bool:
    counts = np.zeros((folds.max() + 1, labels.max() + 1))
    np.add.at(counts, (folds, labels), 1)
    return any(row[row > 0].max() > _UNEVEN * row[row > 0].min() for row in counts if row.any())


def _without_margins(tables: FloatArray, used: npt.NDArray) -> FloatArray:
    """Take the means of rows and columns out of the used cells of every table; other cells become 0."""
    left = np.where(used, tables, 0.0)
    for _ in range(_SWEEPS):
        for axis in (2, 1):
            number = np.maximum(used.sum(axis=axis, keepdims=True), 1)
            left = np.where(used, left - left.sum(axis=axis, keepdims=True) / number, 0.0)
    return left
