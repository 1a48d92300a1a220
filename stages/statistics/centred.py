"""Values of events whose mean is the score, and which vary as the score does under exchanged runs.

Some clips are like everything, and some decoded clips are. Such ease adds to the value of an event and takes as much
from others when runs change places: a permutation test does not see it, an interval of plain values does (two-way
identification .506 [.435, .580] with p = .012; centred [.502, .511]).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.runs import FloatArray, number_runs

FEWEST = 3
_CLOSE, _TURNS = 1e-12, 200


def centred(table: npt.ArrayLike, runs: npt.ArrayLike, folds: npt.ArrayLike | None = None) -> FloatArray:
    r"""Return the value of each event less the ease of its decoded and its true clip, plus what all have in common.

    The ease a_i of decoded clip i and b_j of true clip j are what fits the pairs with other runs of the fold best,
    :math:`t_{ij} \approx a_i + b_j` (least squares), as the variance of a sum over a random permutation is that of a
    table centred by rows and columns (Hoeffding, Ann. Math. Stat. 1951). Then
    :math:`v_i = s\,(t_{ii} - a_i - b_i)` plus a constant: the mean of the values is the score. Eases estimated from R
    runs add noise of their own, which :math:`s = \sqrt{(R - 2) / R}` takes off where all pairs of runs vary alike.

    Parameters
    ----------
    table
        What decoded event i would score were j its truth `(event, event)`; NaN where nothing can be asked.
    runs, folds
        Labels `(event,)`; without folds all events are of one.

    Returns
    -------
    float64 `(event,)`; NaN where the diagonal is. Plain values where an event has no pair with another run, and in a
    fold of fewer than three runs, where ease cannot be told from what is asked.

    Raises
    ------
    BadDataError
        If the table is not square, or does not fit the runs.
    """
    scores = np.asarray(table, dtype=np.float64)
    run_of, fold_of = number_runs(runs, folds)
    if scores.shape != (len(run_of), len(run_of)):
        raise BadDataError(f"The table has the shape {scores.shape}, expected {(len(run_of), len(run_of))}.")
    own = scores.diagonal().copy()
    for fold in range(int(fold_of.max()) + 1):
        mine = np.flatnonzero((fold_of == fold) & np.isfinite(own))
        n_runs = len(np.unique(run_of[mine]))
        if n_runs < FEWEST:
            continue
        part = scores[np.ix_(mine, mine)]
        wrong = np.isfinite(part) & (run_of[mine, None] != run_of[mine])
        known = wrong.any(axis=0) & wrong.any(axis=1)
        if not known.any():
            continue
        ease = _ease(np.where(wrong, part, 0.0), wrong.astype(np.float64))[known]
        asked = mine[known]
        deviation = own[asked] - ease
        deviation = (deviation - deviation.mean()) * np.sqrt((n_runs - 2.0) / n_runs)
        own[asked] = own[asked].mean() + deviation
    return own


def _ease(scores: FloatArray, there: FloatArray) -> FloatArray:
    """Return the sum of the effects of row i and column i `(event,)`, fitted to the scores that are there, in turns."""
    rows, columns = np.maximum(there.sum(axis=1), 1.0), np.maximum(there.sum(axis=0), 1.0)
    of_row, of_column = scores.sum(axis=1), scores.sum(axis=0)
    effect = of_column / columns / 2.0
    close = _CLOSE * max(1.0, float(np.abs(scores).max(initial=0.0)))
    for _ in range(_TURNS):
        row = (of_row - there @ effect) / rows
        last, effect = effect, (of_column - row @ there) / columns
        if np.abs(effect - last).max() <= close:
            break
    return np.asarray(row + effect)
