"""P-values corrected for the number of tests of one table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.runs import FloatArray, IntArray


def holm(p: npt.ArrayLike) -> list[float]:
    """Return p-values by Holm's step-down method (Scand. J. Stat. 1979), in the order given.

    Rejecting those below a level keeps the chance of any false rejection below it, however the tests depend on
    each other.

    Raises
    ------
    BadDataError
        If a p-value is not in 0..1.
    """
    values, order = _sorted(p)
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    found: list[float] = adjusted.tolist()
    return found


def fdr(p: npt.ArrayLike) -> list[float]:
    """Return p-values by the step-up method of Benjamini and Hochberg (J. R. Stat. Soc. B 1995), in the order given.

    Among those below a level, at most that share is false on average, where tests are independent or rise together.

    Raises
    ------
    BadDataError
        If a p-value is not in 0..1.
    """
    values, order = _sorted(p)
    steps = values[order] * len(values) / np.arange(1, len(values) + 1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    found: list[float] = adjusted.tolist()
    return found


def _sorted(p: npt.ArrayLike) -> tuple[FloatArray, IntArray]:
    values = np.asarray(p, dtype=np.float64).ravel()
    if not ((values >= 0.0) & (values <= 1.0)).all():  # NaN compares false
        raise BadDataError(f"Expected p-values in 0..1, found {values.tolist()}.")
    return values, np.argsort(values, kind="stable").astype(np.int64)
