"""Covariances that can be inverted: shrunk where events are few, without directions that have no variance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_FLOOR = 1e-6  # least variance of a direction over the largest: an average reference leaves one without any


def ledoit_wolf(values: Floats) -> NDArray[np.float64]:
    """Return the Ledoit-Wolf covariance of centred `(sample, dimension)`.

    The sample covariance S is drawn towards its mean variance: (1 - d) S + d tr(S)/p I, with the d that
    minimises the expected squared error (Ledoit and Wolf, J. Multivariate Anal. 88, 2004).
    """
    n, p = values.shape
    covariance: NDArray[np.float64] = values.T @ values / n
    mean_variance = np.trace(covariance) / p
    squared = np.sum(covariance**2)
    distance = (squared - p * mean_variance**2) / p
    # mean squared distance of the samples' outer products from S, over n
    spread = (np.sum(np.sum(values**2, axis=1) ** 2) / n - squared) / (p * n)
    shrinkage = 0.0 if spread <= 0 else 1.0 if distance <= spread else spread / distance
    covariance *= 1 - shrinkage
    covariance[np.diag_indices(p)] += shrinkage * mean_variance
    return covariance


def whitener(covariance: Floats) -> NDArray[np.float64]:
    """Return the symmetric inverse root of a covariance; directions without variance stay without."""
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, max(_FLOOR * values[-1], np.finfo(np.float64).tiny))
    root: NDArray[np.float64] = (vectors / np.sqrt(values)) @ vectors.T
    return root
