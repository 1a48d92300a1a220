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


def centred(table: npt.ArrayLike, runs: npt.ArrayLike, folds: npt.ArrayLike | None = None) -> FloatArray:
    r"""Return the value of each event less the ease of its decoded and its true clip, plus what all have in common.

    Of the pairs with other runs of the fold, let r_i be the mean of decoded clip i, c_i that of true clip i. As the
    variance of a sum over a random permutation is that of a table centred by rows and columns (Hoeffding, Ann. Math.
    Stat. 1951), :math:`v_i = s\,(t_{ii} - r_i - c_i)` plus a constant: the mean of the values is the score. Each mean
    of R - 1 runs adds noise of its own; :math:`s = (R - 1) / \sqrt{R^2 - 3}` takes it off where all pairs of runs vary
    alike.

    Parameters
    ----------
    table
        What decoded event i would score were j its truth `(event, event)`; NaN where nothing can be asked.
    runs, folds
        Labels `(event,)`; without folds all events are of one.

    Returns
    -------
    float64 `(event,)`; NaN where the diagonal is. Plain values where an event has no pair with another run.

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
    wrong = np.isfinite(scores) & (run_of[:, None] != run_of) & (fold_of[:, None] == fold_of)
    filled = np.where(wrong, scores, 0.0)
    rows, columns = wrong.sum(axis=1), wrong.sum(axis=0)
    known = np.isfinite(own) & (rows > 0) & (columns > 0)
    if not known.any():
        return own
    n_runs = np.array([len(np.unique(run_of[fold_of == fold])) for fold in range(fold_of.max() + 1)])[fold_of[known]]
    ease = filled.sum(axis=1)[known] / rows[known] + filled.sum(axis=0)[known] / columns[known]
    level = own[known].mean()
    deviation = own[known] - ease
    deviation = (deviation - deviation.mean()) * (n_runs - 1) / np.sqrt(n_runs**2 - 3.0)
    own[known] = level + deviation - deviation.mean()
    return own
