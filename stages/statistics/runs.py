"""The table of runs: which events are one unbroken stretch of one concept, and hence one observation.

Clips of a run share a concept, ten seconds of drifting signal and often a scene. Statistics that treat them as
independent promise far too much, so the unit that is resampled, flipped or exchanged is the run.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


def number_runs(runs: npt.ArrayLike, folds: npt.ArrayLike | None = None) -> tuple[IntArray, IntArray]:
    """Return the numbers of each event's run and fold, both int64 ``(event,)``, in the sorted order of the labels.

    Parameters
    ----------
    runs, folds
        Labels ``(event,)`` of any kind; without folds all events are fold 0.

    Raises
    ------
    BadDataError
        If there is no event, the lengths differ, or a run has events in two folds.
    """
    labels, run_of = np.unique(np.asarray(runs), return_inverse=True)
    if run_of.size == 0:
        raise BadDataError("There is no event, so there is no run.")
    fold_of = np.zeros(run_of.size, np.int64) if folds is None else np.unique(folds, return_inverse=True)[1]
    if run_of.shape != fold_of.shape:
        raise BadDataError(f"There are {run_of.size} run labels, but {fold_of.size} fold labels.")
    first_fold = np.full(len(labels), -1)
    first_fold[run_of] = fold_of
    astray = first_fold[run_of] != fold_of
    if astray.any():
        raise BadDataError(
            f"Run {labels[run_of[astray][0]]} has events in two folds.",
            "Split by whole runs: the clips of a run are not independent.",
        )
    return run_of.astype(np.int64), fold_of.astype(np.int64)
