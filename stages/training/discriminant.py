"""A linear discriminant whose class means are drawn to the grand mean, as far as they are noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.signal.covariance import ledoit_wolf

Floats = NDArray[np.floating]

NEVER = -1e30  # log prior of a class without training events: probability 0, still a finite number to store


@dataclass(frozen=True)
class Discriminant:
    """Scores are `vectors @ weights + offsets`; with the log priors, their softmax is the posterior.

    Attributes
    ----------
    weights, offsets
        float64 `(dimension, class)` and `(class,)`.
    """

    weights: Floats
    offsets: Floats

    @classmethod
    def fit(cls, vectors: Floats, labels: NDArray[np.integer], n_classes: int) -> Discriminant:
        """Fit to training events.

        The within-class covariance is that of Ledoit and Wolf (2004) of standardised dimensions. Whitened by it, the
        mean of a class of n events has noise of variance 1/n in every direction; what the means' spread has beyond that
        is taken as theirs, and each is shrunk accordingly (empirical Bayes, direction by direction of their spread).

        Parameters
        ----------
        vectors
            `(event, dimension)`.
        labels
            Class index `(event,)`; a class without events never wins.
        n_classes
            How many classes there are.
        """
        values = vectors.astype(np.float64)
        centre, scale = values.mean(axis=0), values.std(axis=0)
        scale[scale <= 1e-12] = 1.0
        values = (values - centre) / scale
        counts = np.bincount(labels, minlength=n_classes)
        present = np.flatnonzero(counts)
        number, share = counts[present], counts[present] / len(labels)
        means = np.stack([values[labels == label].mean(axis=0) for label in present])
        residual = values - means[np.searchsorted(present, labels)]
        within = ledoit_wolf(residual) * len(values) / max(len(values) - len(present), 1)
        spread, turn = np.linalg.eigh(within)
        white = turn / np.sqrt(np.maximum(spread, 1e-12 * max(spread[-1], np.finfo(np.float64).tiny)))
        apart = means @ white
        apart -= share @ apart
        _, turn = np.linalg.eigh((apart * share[:, None]).T @ apart)
        white, apart = white @ turn, apart @ turn
        noise = (len(present) - 1) / len(values)
        true = np.maximum(share @ np.square(apart) - noise, 0) / max(1 - np.square(share).sum(), 1e-12)
        apart *= true / (true + 1 / number[:, None])
        weights = np.zeros((values.shape[1], n_classes))
        offsets = np.full(n_classes, NEVER)
        weights[:, present] = (white @ apart.T) / scale[:, None]
        offsets[present] = -0.5 * np.square(apart).sum(axis=1) - centre @ weights[:, present]
        return cls(weights, offsets)

    def scores(self, vectors: Floats) -> NDArray[np.float64]:
        """Return the log likelihoods of the classes, up to what they share, `(event, class)`."""
        found: NDArray[np.float64] = vectors @ self.weights + self.offsets
        return found
