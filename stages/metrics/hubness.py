"""Hubness: how unevenly the clips of a gallery are retrieved.

In many dimensions few points are near to everything. A decoder whose output hardly varies then names the same clip
again and again, and a rank says less than it seems to (Radovanovic et al., J. Mach. Learn. Res. 2010).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from eeg2vid.stages.metrics.classification import expected_hits
from eeg2vid.stages.metrics.frames import FloatArray

_OCCURRENCE = 5  # of how many nearest clips occurrences are counted


def hubness(similarity: FloatArray, folds: npt.ArrayLike) -> str:
    """Say how large the galleries are, how often the clip that is named most is named, and how uneven this is.

    Parameters
    ----------
    similarity
        ``(decoded event, true event)``, larger is more alike; pairs across folds are not looked at.
    folds
        Labels ``(event,)``; the true clips of a fold are a gallery.

    Returns
    -------
    "gallery of 200; the commonest first clip is first 14 % of the time; skewness of 5-occurrence 2.1".
    """
    fold_of = np.asarray(folds)
    sizes, commonest, uneven = [], 0.0, []
    for fold in np.unique(fold_of):
        events = np.flatnonzero(fold_of == fold)
        block = similarity[np.ix_(events, events)]
        sizes.append(len(events))
        commonest = max(commonest, float(named(block, 1).max()) / len(events))
        if len(events) > _OCCURRENCE:
            uneven.append(skewness(named(block, _OCCURRENCE)))
    size = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    text = f"gallery of {size}; the commonest first clip is first {100 * commonest:.0f} % of the time"
    return text + (f"; skewness of {_OCCURRENCE}-occurrence {np.mean(uneven):.1f}" if uneven else "")


def named(block: FloatArray, k: int) -> FloatArray:
    """Return how often each true clip is among the `k` most like a decoded one, `(true,)`; ties shared."""
    return np.asarray(expected_hits(block, k).sum(axis=0))


def skewness(counts: FloatArray) -> float:
    """Return the third standardised moment, 0 where all are equal."""
    centred = counts - counts.mean()
    spread = np.sqrt(np.mean(centred**2))
    return float(np.mean(centred**3) / spread**3) if spread > 1e-12 else 0.0
