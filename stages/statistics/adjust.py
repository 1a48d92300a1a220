"""P-values corrected for the number of tests of one table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def holm(p: npt.ArrayLike) -> list[float]:
    """Return p-values by Holm's step-down method (Scand. J. Stat. 1979), in the order given.

    Rejecting those below a level keeps the chance of any false rejection below it, however the tests depend on
    each other.
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(values) else steps
    found: list[float] = adjusted.tolist()
    return found
