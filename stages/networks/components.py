"""Targets as scores on the principal components of the training targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.networks.decoder import State
from eeg2vid.stages.networks.ridge import target_gram

_CHUNK_COLUMNS = 4096
Floats = NDArray[np.float32]


def principal(
    targets: NDArray[np.floating], mean: NDArray[np.float64], gram: NDArray[np.float64], most: int
) -> tuple[Floats, Floats]:
    """Return the principal components of targets `(event, value)` and the standard deviations of their scores.

    The dual: components of n events from their n x n inner products, see `ridge.target_gram`.

    Returns
    -------
    `(component, value)`, orthonormal, the largest first, at most `most`; `(component,)`.
    """
    spread, vectors = scipy.linalg.eigh(gram, check_finite=False)
    count = min(most, int(np.sum(spread > spread[-1] * 1e-10)))
    spread, vectors = spread[::-1][:count], vectors[:, ::-1][:, :count]
    weights = (vectors / np.sqrt(spread)).T
    basis = np.empty((count, targets.shape[1]), dtype=np.float32)
    for start in range(0, targets.shape[1], _CHUNK_COLUMNS):
        stop = start + _CHUNK_COLUMNS
        basis[:, start:stop] = weights @ (targets[:, start:stop] - mean[start:stop])
    return basis, np.sqrt(spread / len(targets)).astype(np.float32)


def constant_tokens(targets: NDArray[np.floating], share: float) -> NDArray[np.bool_]:
    """Return which tokens of targets `(event, token, channel)` stay the same `(token,)`.

    A causal text encoder's first state is the same for all captions, and its values are the largest of all: stored as
    the mean it costs nothing, but a loss or a score over all states says little. Values without tokens
    `(event, channel)` count as one token.

    Parameters
    ----------
    targets
        Training targets.
    share
        A token stays the same whose variance is at most this share of the mean token's.
    """
    if targets.ndim < 3:
        return np.zeros(1, dtype=bool)
    flat = targets.reshape(*targets.shape[:2], -1)
    variances = np.array([flat[:, token].var(axis=0, dtype=np.float64).sum() for token in range(flat.shape[1])])
    return np.asarray(variances <= share * variances.mean())


@dataclass(frozen=True)
class Components:
    """Targets as a mean and scores on orthonormal components.

    Attributes
    ----------
    mean
        Of the training targets `(value,)`.
    basis
        `(component, value)`; 0 where values are left at the mean.
    scale
        Standard deviation of each score over the training events `(component,)`.
    variance
        Of the training targets, summed over values, constant tokens left out.
    """

    mean: Floats
    basis: Floats
    scale: Floats
    variance: float

    @classmethod
    def empty(cls, most: int, values: int) -> Components:
        """Return what stands for components before any fit: as many as there can be."""
        return cls(np.zeros(values, np.float32), np.zeros((most, 0), np.float32), np.ones(most, np.float32), 1.0)

    @classmethod
    def fit(cls, targets: NDArray[Any], most: int, constant_share: float) -> Components:
        """Find the components of training targets `(event, token, channel)` or `(event, channel)`.

        Raises
        ------
        BadDataError
            If the targets are all the same.
        """
        flat = targets.reshape(len(targets), -1)
        mean = flat.mean(axis=0, dtype=np.float64)
        constant = constant_tokens(targets, constant_share)
        kept = np.flatnonzero(~np.repeat(constant, flat.shape[1] // len(constant)))
        moving = flat if len(kept) == flat.shape[1] else flat[:, kept]
        gram = target_gram(moving, mean[kept])
        variance = float(np.trace(gram)) / len(flat)
        if len(flat) < 2 or variance <= 0:
            raise BadDataError("The training targets are all the same: there is nothing to map to.")
        found, scale = principal(moving, mean[kept], gram, most)
        basis = np.zeros((len(found), flat.shape[1]), dtype=np.float32)
        basis[:, kept] = found
        return cls(mean.astype(np.float32), basis, scale, variance)

    def scores(self, targets: NDArray[Any]) -> Floats:
        """Return the scores `(event, component)` of targets `(event, ...)`."""
        flat = targets.reshape(len(targets), -1)
        found = np.zeros((len(flat), len(self.basis)), dtype=np.float32)
        for start in range(0, flat.shape[1], _CHUNK_COLUMNS):
            columns = slice(start, start + _CHUNK_COLUMNS)
            found += (flat[:, columns].astype(np.float32) - self.mean[columns]) @ self.basis[:, columns].T
        return found

    def values(self, scores: Floats) -> Floats:
        """Return the targets `(event, value)` that scores stand for."""
        found: Floats = scores @ self.basis + self.mean
        return found

    def beyond(self, targets: NDArray[Any], scores: NDArray[np.floating]) -> float:
        """Return the squared deviation from the mean that no scores reach, summed over events and values."""
        flat = targets.reshape(len(targets), -1)
        total = sum(float(np.square(row.astype(np.float64) - self.mean).sum()) for row in flat)
        return max(total - float(np.square(scores, dtype=np.float64).sum()), 0.0)

    def state(self) -> State:
        """Return the arrays to store."""
        variance = np.array([self.variance])
        return {"mean": self.mean, "basis": self.basis, "scale": self.scale, "variance": variance}

    @staticmethod
    def shapes(state: State, values: int) -> dict[str, tuple[int | None, ...]]:
        """Return the shapes of stored arrays; the number of components is what was stored."""
        count = len(state["basis"]) if "basis" in state and state["basis"].ndim else None
        return {"mean": (values,), "basis": (count, values), "scale": (count,), "variance": (1,)}

    @classmethod
    def of(cls, state: State) -> Components:
        """Take stored arrays, checked before."""
        mean, basis, scale = (state[name].astype(np.float32, copy=False) for name in ("mean", "basis", "scale"))
        return cls(mean, basis, scale, float(state["variance"].astype(np.float64)[0]))
