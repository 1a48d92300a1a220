"""Classification scores from probabilities, with ties resolved by expectation.

A classifier that gives several classes the same probability has not chosen among them. Such ties are broken neither
in favour of the true class nor by the order of the classes: a hit counts with the probability it has under a random
choice. Constant probabilities thus score exactly chance in every metric here.

All of them derive from one table, `expected_hits`: what each event would score if its label were each of the classes.
The same table makes permutation nulls cheap (`eeg2vid.stages.statistics.permutation.label_null`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, IntArray


def expected_hits(probabilities: FloatArray, k: int = 1) -> FloatArray:
    """Return the chance that each class is among the top `k` of each event.

    With g classes more probable than class c and e as probable (itself included), the places left for the e are
    k - g, so the expectation is min(1, max(0, (k - g) / e)). Every row sums to min(k, classes). For k = 1 it is the
    prediction itself: 1 for the winner, shared evenly among equals.

    Parameters
    ----------
    probabilities
        float ``(event, class)``; any scores will do, only their order counts.
    k
        Length of the list of guesses.

    Returns
    -------
    numpy.ndarray
        float64 ``(event, class)`` in [0, 1].

    Raises
    ------
    BadDataError
        If the table is not two-dimensional and finite, has no class, or k < 1.
    """
    scores = np.asarray(probabilities)
    if scores.ndim != 2 or scores.shape[1] == 0:
        raise BadDataError(f"The probabilities have the shape {scores.shape}, expected (event, class).")
    if not np.isfinite(scores).all():
        event = int(np.flatnonzero(~np.isfinite(scores).all(axis=1))[0])
        raise BadDataError(f"Event number {event} has a probability that is not a finite number.")
    if k < 1:
        raise BadDataError(f"Top-{k} is not a score: k must be at least 1.")
    more = rankdata(-scores, method="min", axis=1) - 1.0
    equal = rankdata(-scores, method="max", axis=1) - more
    return np.asarray(np.clip((k - more) / equal, 0.0, 1.0), dtype=np.float64)


def top_k_hits(probabilities: FloatArray, labels: npt.ArrayLike, k: int = 1) -> FloatArray:
    """Return float64 ``(event,)``, the expected top-`k` hit of each event; its mean is the accuracy.

    Parameters
    ----------
    probabilities
        float ``(event, class)``.
    labels
        True class ``(event,)`` as 0-based column index.
    k
        Length of the list of guesses.

    Raises
    ------
    BadDataError
        If shapes do not fit, a label is no column, or a probability is not finite.
    """
    hits = expected_hits(probabilities, k)
    return np.asarray(hits[np.arange(len(hits)), _check_labels(labels, hits)], dtype=np.float64)


def top_k_accuracy(probabilities: FloatArray, labels: npt.ArrayLike, k: int = 1) -> float:
    """Return the mean of `top_k_hits`; chance is `k` / classes for balanced labels."""
    return float(top_k_hits(probabilities, labels, k).mean())


def confusion(probabilities: FloatArray, labels: npt.ArrayLike) -> FloatArray:
    """Return float64 ``(true class, predicted class)``, expected counts; ties are spread over the tied classes.

    Raises
    ------
    BadDataError
        As `top_k_hits`.
    """
    predicted = expected_hits(probabilities)
    counts = np.zeros((predicted.shape[1], predicted.shape[1]))
    np.add.at(counts, _check_labels(labels, predicted), predicted)
    return counts


def class_recalls(probabilities: FloatArray, labels: npt.ArrayLike) -> FloatArray:
    """Return float64 ``(class,)``, the recall of each class, NaN where a class has no event.

    Raises
    ------
    BadDataError
        As `top_k_hits`.
    """
    counts = confusion(probabilities, labels)
    support = counts.sum(axis=1)
    return np.divide(counts.diagonal(), support, out=np.full(len(counts), np.nan), where=support > 0.5)


def balanced_accuracy(probabilities: FloatArray, labels: npt.ArrayLike) -> float:
    """Return the mean recall over the classes that occur; chance is 1 / (classes that can be predicted).

    Raises
    ------
    BadDataError
        As `top_k_hits`.
    """
    return float(np.nanmean(class_recalls(probabilities, labels)))


def one_answer_each(labels: npt.ArrayLike, runs: npt.ArrayLike) -> bool:
    """Tell whether runs can be asked as wholes: each has one label, and some run has several clips."""
    answers = set(zip(np.asarray(runs).tolist(), np.asarray(labels).tolist(), strict=True))
    count = len({run for run, _ in answers})
    return len(answers) == count < len(np.asarray(runs))


def over_runs(probabilities: FloatArray, runs: npt.ArrayLike) -> FloatArray:
    """Return the answer of a clip's whole run: log-probabilities summed over the run's clips ``(event, class)``.

    It is what independent clips of one class would say together, so only its order counts.

    Parameters
    ----------
    probabilities
        float ``(event, class)``; those that are 0 count as the smallest number that is not.
    runs
        Labels ``(event,)``.
    """
    _, run_of = np.unique(np.asarray(runs), return_inverse=True)
    logs = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), np.finfo(np.float64).tiny))
    total = np.zeros((run_of.max() + 1, logs.shape[1]))
    np.add.at(total, run_of, logs)
    return np.asarray(total[run_of])


def _check_labels(labels: npt.ArrayLike, table: FloatArray) -> IntArray:
    found = np.asarray(labels)
    events, classes = table.shape
    if found.shape != (events,) or not np.issubdtype(found.dtype, np.integer):
        raise BadDataError(
            f"The labels are {found.dtype} of shape {found.shape}, expected integers of shape ({events},)."
        )
    if events == 0:
        raise BadDataError("There is no event to score.")
    if found.min() < 0 or found.max() >= classes:
        raise BadDataError(
            f"Labels run from {found.min()} to {found.max()}, but the probabilities have {classes} classes.",
            "Labels are 0-based column numbers.",
        )
    return found.astype(np.int64)
