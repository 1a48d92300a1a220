"""What a score would be had the decoded videos been paired with the wrong true videos.

A pairing is an index array ``(event,)``: decoded clip i is compared with true clip ``pairing[i]``. Pairings come from
`eeg2vid.stages.statistics.permutation.run_permutations`, which moves whole runs: random ones make the null
distribution of a p-value, derangements make foils ("the video of another run").

Every pair metric comes in one of two forms, and both give the same numbers:

- a matrix ``(decoded event, true event)``, where all pairs are cheap: `correlation`, `identify(...).two_way`,
  `psnr_matrix`;
- a callable ``metric(decoded_index, true_index) -> (pair,)``, where they are not: `PairedSsim`. Each pair that the
  pairings need is computed once. Since runs move whole and clips keep their place, the pairs of *all* pairings of a
  fold of R runs are at most R times the events, not events^2: 8000 instead of 40 000 for a SEED-DV block, however
  many pairings are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.metrics.frames import FloatArray, IntArray

PairMetric = Callable[[IntArray, IntArray], FloatArray]


def paired_scores(metric: FloatArray | PairMetric, pairings: IntArray) -> FloatArray:
    """Return the score of every event under every pairing.

    Parameters
    ----------
    metric
        Matrix ``(decoded event, true event)`` or callable, see the module's text.
    pairings
        int ``(pairing, event)``, or one pairing ``(event,)``.

    Returns
    -------
    numpy.ndarray
        float64 of the shape of `pairings`.

    Raises
    ------
    BadDataError
        If a pairing points outside the events or does not fit the matrix.
    """
    pairings = np.asarray(pairings)
    events = pairings.shape[-1]
    if pairings.size and (pairings.min() < 0 or pairings.max() >= events):
        raise BadDataError(f"A pairing points outside the {events} events.")
    decoded = np.broadcast_to(np.arange(events), pairings.shape)
    if callable(metric):
        codes, place = np.unique(pairings * events + decoded, return_inverse=True)  # ordered by true clip
        scores = np.asarray(metric(codes % events, codes // events), dtype=np.float64)
        return scores[place.reshape(pairings.shape)]
    if metric.shape != (events, events):
        raise BadDataError(f"The metric is a matrix {metric.shape}, the pairings are of {events} events.")
    return np.asarray(metric[decoded, pairings], dtype=np.float64)


def paired_null(metric: FloatArray | PairMetric, pairings: IntArray) -> FloatArray:
    """Return the mean score of each pairing: the null distribution of the mean score.

    Parameters
    ----------
    metric
        Matrix ``(decoded event, true event)`` or callable, see the module's text. A NaN (an event without foils) is
        left out of the mean, as it is left out of the score.
    pairings
        int ``(pairing, event)``.

    Returns
    -------
    numpy.ndarray
        float64 ``(pairing,)``. Its mean is the chance level of a metric that has no formula for it (SSIM, PSNR); with
        `eeg2vid.stages.statistics.permutation.permutation_p` it gives the p-value.

    Raises
    ------
    BadDataError
        As `paired_scores`; also if a pairing leaves no event to score.
    """
    scores = paired_scores(metric, pairings)
    scored = ~np.isnan(scores)
    if not scored.any(axis=-1).all():
        raise BadDataError("No event has a score under some pairing, so there is no null distribution.")
    total = np.where(scored, scores, 0.0).sum(axis=-1)
    return np.asarray(total / scored.sum(axis=-1), dtype=np.float64)


def asked_pairs(pairings: Sequence[IntArray], events: int) -> tuple[IntArray, IntArray]:
    """Return the pairs that some pairings look at, each once, and those of every event with itself.

    Parameters
    ----------
    pairings
        Each int ``(pairing, event)``.
    events
        How many events there are.

    Returns
    -------
    Decoded and true event of each pair, int ``(pair,)``, ordered by true event.
    """
    asked = np.eye(events, dtype=bool)
    for one in pairings:
        asked[one, np.arange(events)] = True
    true, decoded = np.nonzero(asked)
    return decoded, true


def asked_groups(pairings: Sequence[IntArray], folds: NDArray[Any]) -> IntArray:
    """Return groups of events such that no pairing leaves a group: events of one place, where runs move whole.

    Parameters
    ----------
    pairings
        Each int ``(pairing, event)``; none: a fold is a group.
    folds
        Label of each event ``(event,)``.

    Returns
    -------
    numpy.ndarray
        int ``(event,)``.
    """
    if not pairings:
        return np.unique(folds, return_inverse=True)[1]
    decoded, true = asked_pairs(pairings, len(folds))
    graph = coo_array((np.ones(len(true)), (decoded, true)), shape=(len(folds),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
