"""Shrinkage linear discriminant analysis: the classifier that needs no tuning."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.special import softmax

from eeg2vid.schemas.networks import LdaSettings
from eeg2vid.stages.networks.closed_form import ClosedForm
from eeg2vid.stages.networks.decoder import State
from eeg2vid.stages.networks.examples import Examples, FitReport
from eeg2vid.stages.signal.covariance import ledoit_wolf
from eeg2vid.stages.training.discriminant import NEVER
from eeg2vid.stages.training.inputs import Inputs

LEAST = 1e-6  # variance within classes over all variance: clips of a run may share one and the same EEG, the hint's


def _class_covariance(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one class's covariance, shrunk after scaling each dimension to unit variance."""
    centred = values - values.mean(axis=0)
    scale = centred.std(axis=0)
    scale[scale == 0] = 1.0
    shrunk: NDArray[np.float64] = ledoit_wolf(centred / scale) * scale[:, None] * scale
    return shrunk


def fit_lda(
    vectors: NDArray[np.float64], labels: NDArray[np.integer], n_classes: int, *, covariance: str, priors: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a linear discriminant.

    Parameters
    ----------
    vectors
        `(event, dimension)`.
    labels
        Class index of each event.
    n_classes
        Classes; one without events gets probability 0.
    covariance
        'pooled' or 'per-class', see `LdaSettings`.
    priors
        'empirical' or 'equal'.

    Returns
    -------
    Weights `(dimension, class)` and offsets `(class,)`; their softmax is the posterior.
    """
    counts = np.bincount(labels, minlength=n_classes)
    present = np.flatnonzero(counts)
    means = np.stack([vectors[labels == label].mean(axis=0) for label in present])
    shares = counts[present] / counts.sum() if priors == "empirical" else np.full(len(present), 1 / len(present))
    if covariance == "pooled":
        within = ledoit_wolf(vectors - means[np.searchsorted(present, labels)])
    else:
        parts = (vectors[labels == label] for label in present)
        within = sum(
            (share * _class_covariance(part) for share, part in zip(shares, parts, strict=True)),
            start=np.zeros((vectors.shape[1],) * 2),
        )
    least = LEAST * float(vectors.var(axis=0).mean())
    if np.trace(within) < least * len(within):
        within[np.diag_indices(len(within))] += least
    weights = np.zeros((vectors.shape[1], n_classes))
    try:
        weights[:, present] = scipy.linalg.solve(within, means.T, assume_a="pos")
    except scipy.linalg.LinAlgError:  # no variance within classes in some direction
        weights[:, present] = scipy.linalg.lstsq(within, means.T)[0]
    offsets = np.full(n_classes, NEVER)
    offsets[present] = np.log(shares) - 0.5 * np.sum(means * weights[:, present].T, axis=1)
    return weights, offsets


class LdaDecoder(ClosedForm):
    """Shrinkage LDA on vectors of all inputs. All it may choose on the validation events is the covariance."""

    settings: LdaSettings
    chosen = "pooled"  # covariance of the last fit

    def vectors_of(self, inputs: Inputs) -> NDArray[np.float64]:
        """Return the vectors that predictions of some events are made from."""
        return self._vectors(inputs, "pooled", None)

    def solve(self, train: Examples, validation: Examples | None) -> FitReport:
        """Fit to the training events, score, and fit to both."""
        kinds = ("pooled", "per-class") if self.settings.covariance == "chosen" else (self.settings.covariance,)
        if validation is None:
            self._solve(train, kinds[0])
            return FitReport(len(train), detail=f"{kinds[0]} covariance")
        self.check(validation)
        scores = []
        for kind in kinds:
            self._solve(train, kind)
            probabilities = self.predict(validation.inputs)[self.target.name]
            scores.append(float(np.mean(probabilities.argmax(axis=1) == validation.targets[self.target.name])))
        best = int(np.argmax(scores))
        if self.training.refit:
            self._solve(Examples.join([train, validation]), kinds[best])
        elif kinds[best] != kinds[-1]:
            self._solve(train, kinds[best])
        return FitReport(len(train), len(validation), scores[best], detail=f"{kinds[best]} covariance")

    def _solve(self, examples: Examples, covariance: str) -> None:
        self.chosen = covariance
        self.vectors.fit(examples.inputs)
        weights, offsets = fit_lda(
            self.vectors.transform(examples.inputs),
            examples.targets[self.target.name],
            len(self.target.classes),
            covariance=covariance,
            priors=self.settings.priors,
        )
        self.arrays = {"weights": weights.astype(np.float32), "offsets": offsets.astype(np.float32)}

    def decode(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return posterior probabilities `(event, class)`."""
        scores = vectors @ self.fitted("weights").astype(np.float64) + self.fitted("offsets")
        probabilities: NDArray[np.float32] = softmax(scores, axis=1).astype(np.float32)
        return probabilities

    def project(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the discriminants `(event, class)`, without priors."""
        scores: NDArray[np.float32] = (vectors @ self.fitted("weights").astype(np.float64)).astype(np.float32)
        return scores

    def shapes(self, dimension: int, state: State) -> dict[str, tuple[int | None, ...]]:
        """Return the shapes of weights and offsets."""
        n_classes = len(self.target.classes)
        return {"weights": (dimension, n_classes), "offsets": (n_classes,)}
