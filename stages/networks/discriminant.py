"""How far the posteriors of several discriminants are to be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from eeg2vid.stages.training.discriminant import NEVER

Floats = NDArray[np.floating]
_MOST_TRUST = 2.0


def confidence(parts: Floats, priors: Floats, labels: NDArray[np.integer]) -> tuple[list[float], float]:
    """Find how far the log likelihoods of several discriminants are to be trusted, by events they were not fitted to.

    What was found by the training events' own labels is too sure of itself, the more so the freer it was to choose. One
    factor for each part, at least 0, maximises the held-out log posterior, which is concave in them (temperature
    scaling: Guo, Pleiss, Sun and Weinberger, ICML 2017).

    Parameters
    ----------
    parts
        `(part, event, class)`.
    priors
        Log priors `(class,)`.
    labels
        Class index `(event,)`.

    Returns
    -------
    The factors, and the mean log posterior of the true classes with them; ones and 0 without events.
    """
    if not len(labels):
        return [1.0] * len(parts), 0.0
    usable = np.flatnonzero(priors > NEVER / 2)
    true = np.searchsorted(usable, labels)
    parts = parts[:, :, usable]
    events = np.arange(len(labels))

    def loss(trust: Floats) -> tuple[float, Floats]:
        posterior = log_softmax(np.tensordot(trust, parts, axes=1) + priors[usable], axis=1)
        expected = np.einsum("pec,ec->p", parts, np.exp(posterior))
        found = parts[:, events, true].sum(axis=1)
        return -float(posterior[events, true].mean()), (expected - found) / len(labels)

    start = np.ones(len(parts))
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, _MOST_TRUST)] * len(parts))
    return [float(one) for one in result.x], -float(result.fun)
