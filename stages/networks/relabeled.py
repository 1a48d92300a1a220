"""Linear discriminants fitted anew to labels that changed places: many labelings of the same vectors.

The scatter of all vectors does not depend on labels, so its eigenvectors are found once. Within classes it is less by
one direction for each class, which Woodbury's identity takes off; the shrinkage of Ledoit and Wolf is worked out for
every labeling, from the residuals' lengths and the norm of their covariance. Equal to `fit_lda` on the same labels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.networks.lda import LEAST, fit_lda
from eeg2vid.stages.training.discriminant import NEVER

Floats = NDArray[np.float64]


class RelabeledLda:
    """Scores of test vectors by discriminants that were fitted to the same training vectors under any labels.

    Parameters
    ----------
    train, test
        Vectors `(event, dimension)`.
    n_classes
        Classes.
    covariance
        'pooled', or 'per-class', which is fitted as it is and takes long.
    priors
        'empirical' or 'equal', see `LdaSettings`.
    """

    def __init__(self, train: Floats, test: Floats, n_classes: int, *, covariance: str, priors: str) -> None:
        self.raw, self.raw_test = train, test
        self.n_classes, self.covariance, self.priors = n_classes, covariance, priors
        if covariance != "pooled":
            return
        centre = train.mean(axis=0)
        centred = train - centre
        values, axes = np.linalg.eigh(centred.T @ centred / len(train))
        self.values = np.maximum(values, 0.0)  # of the scatter of all vectors
        self.train, self.test = centred @ axes, (test - centre) @ axes
        self.squares = np.square(self.train).sum(axis=1)
        self.least = LEAST * float(self.values.mean())

    def scores(self, labels: NDArray[np.integer]) -> Floats:
        """Return the scores `(test event, class)` of the discriminant of these labels of the training events."""
        if self.covariance != "pooled":
            weights, offsets = fit_lda(self.raw, labels, self.n_classes, covariance=self.covariance, priors=self.priors)
            return np.asarray(self.raw_test @ weights + offsets)
        counts = np.bincount(labels, minlength=self.n_classes)
        present = np.flatnonzero(counts)
        share = counts[present] / len(labels)
        mine = np.searchsorted(present, labels)
        one_hot = (mine == np.arange(len(present))[:, None]).astype(np.float64)
        means = one_hot @ self.train / counts[present][:, None]
        diagonal, kept = self._within(means, mine, share)
        between = np.sqrt(share)[:, None] * means
        scaled = between / diagonal
        core = np.linalg.inv(np.eye(len(present)) - kept * scaled @ between.T)
        solved = means / diagonal
        solved += kept * (means @ scaled.T) @ core.T @ scaled
        found = np.full((len(self.test), self.n_classes), NEVER)
        prior = share if self.priors == "empirical" else np.full(len(present), 1 / len(present))
        found[:, present] = self.test @ solved.T + np.log(prior) - 0.5 * np.sum(means * solved, axis=1)
        return found

    def _within(self, means: Floats, mine: NDArray[np.integer], share: Floats) -> tuple[Floats, float]:
        """Return the shrunk scatter of all vectors along its axes, and the weight of what the means take off."""
        n, p = self.train.shape
        lengths = np.square(means).sum(axis=1)
        residuals = self.squares - 2 * np.einsum("ij,ij->i", self.train, means[mine]) + lengths[mine]
        trace = float(self.values.sum() - share @ lengths)
        gram = np.sqrt(share)[:, None] * (means @ means.T) * np.sqrt(share)
        squared = float(np.square(self.values).sum() - 2 * share @ (np.square(means) @ self.values))
        squared += float(np.square(gram).sum())
        level = trace / p
        distance = (squared - p * level**2) / p
        spread = (float(np.square(residuals).sum()) / n - squared) / (p * n)
        shrinkage = 0.0 if spread <= 0 else 1.0 if distance <= spread else spread / distance
        floor = self.least if trace < self.least * p else 0.0
        return (1 - shrinkage) * self.values + shrinkage * level + floor, 1 - shrinkage


def hits(scores: Floats, labels: NDArray[np.integer], k: int) -> Floats:
    """Return the expected top-`k` hit of each event `(event,)`, ties shared; see `expected_hits`."""
    own = scores[np.arange(len(labels)), labels][:, None]
    more, equal = (scores > own).sum(axis=1), (scores == own).sum(axis=1)
    return np.asarray(np.clip((k - more) / equal, 0.0, 1.0))
