"""Ridge regression from EEG to any target, its penalty chosen inside the training events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import RidgeSettings
from eeg2vid.schemas.networks.network import PenaltyGrid
from eeg2vid.stages.networks.closed_form import ClosedForm
from eeg2vid.stages.networks.decoder import State
from eeg2vid.stages.networks.examples import Examples, FitReport

_CHUNK_COLUMNS = 4096
Matrix = NDArray[np.float64]


def target_gram(targets: NDArray[np.floating], mean: Matrix) -> Matrix:
    """Return the inner products `(event, event)` of centred targets `(event, value)`, a few columns at a time."""
    gram = np.zeros((len(targets),) * 2)
    for start in range(0, targets.shape[1], _CHUNK_COLUMNS):
        part = targets[:, start : start + _CHUNK_COLUMNS] - mean[start : start + _CHUNK_COLUMNS]
        gram += part @ part.T
    return gram


def cv_errors(kernel: Matrix, gram: Matrix, folds: NDArray[np.integer], penalties: Matrix) -> tuple[Matrix, float]:
    r"""Return the squared error of ridge regression left out of fold by fold, without touching the targets.

    For a fold with held-out events H and the others T, the predictions are W Y_T with

    .. math:: W = K_{HT} (K_{TT} + \lambda I)^{-1} C + \tfrac{1}{|T|} 1 1^\top

    (kernels centred by T's mean, C centring). Hence the error tr(G_HH) - 2 tr(W G_TH) + tr(W G_TT W') needs
    only the targets' Gram matrix G, and in the eigenbasis of K_TT every penalty costs n^2: all of it together is
    independent of the targets' dimension. W's rows sum to 1, so G may be centred by any mean.

    Parameters
    ----------
    kernel
        Inner products of the (uncentred) vectors `(event, event)`.
    gram
        Inner products of the targets `(event, event)`.
    folds
        Fold of each event `(event,)`; at least two folds.
    penalties
        `(penalty,)`.

    Returns
    -------
    Squared error summed over events and values `(penalty,)`, and that of predicting each part's mean.
    """
    errors = np.zeros(len(penalties))
    baseline = 0.0
    for fold in np.unique(folds):
        held, kept = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        found, of_mean = held_errors(kernel, gram, held, kept, penalties)
        errors += found
        baseline += of_mean
    return errors, baseline


def held_errors(
    kernel: Matrix, gram: Matrix, held: NDArray[np.integer], kept: NDArray[np.integer], penalties: Matrix
) -> tuple[Matrix, float]:
    """Return what `cv_errors` sums, of one part: the error on `held` of what is fitted to `kept`, and of the mean's."""
    k_tt = kernel[np.ix_(kept, kept)]
    row_mean = k_tt.mean(axis=0)
    k_ht = kernel[np.ix_(held, kept)]
    k_ht = k_ht - k_ht.mean(axis=1, keepdims=True) - row_mean + row_mean.mean()
    k_tt = k_tt - row_mean - row_mean[:, None] + row_mean.mean()
    values, basis = scipy.linalg.eigh(k_tt, overwrite_a=True, check_finite=False)
    inverse = 1 / (np.maximum(values, 0) + penalties[:, None])  # (penalty, component)
    outer = k_ht @ basis
    inner = (basis - basis.mean(axis=0)).T  # basis' C
    g_tt, g_th = gram[np.ix_(kept, kept)], gram[np.ix_(kept, held)]
    weighted = (inner @ g_tt @ inner.T) * (outer.T @ outer)
    to_mean = outer.sum(axis=0) * (inner @ g_tt.mean(axis=1))
    to_held = np.sum((inner @ g_th) * outer.T, axis=1)
    of_mean = float(np.trace(gram[np.ix_(held, held)]) - 2 * g_th.mean(axis=0).sum() + len(held) * g_tt.mean())
    return of_mean + np.sum((inverse @ weighted) * inverse, axis=1) + 2 * inverse @ (to_mean - to_held), of_mean


def inner_folds(examples: Examples, run_folds: int) -> tuple[NDArray[np.integer], str]:
    """Return the fold of each training event for the choice of the penalty, and what a fold is.

    Leave one group (block) out; with one group only, its runs are dealt in order into `run_folds` folds, so
    that no run is ever on both sides.

    Raises
    ------
    BadDataError
        If there is one group and fewer than two runs.
    """
    for labels, what in ((examples.groups, "group"), (examples.runs, "run")):
        if labels is None:
            continue
        _, first, index = np.unique(labels, return_index=True, return_inverse=True)
        if len(first) < 2:
            continue
        rank = np.argsort(np.argsort(first))[index.reshape(-1)]  # numbered as they come, not by name
        if what == "group":
            return rank, f"leave-one-group-out over {len(first)} groups"
        count = min(run_folds, len(first))
        return rank * count // len(first), f"{count} folds over {len(first)} runs"
    raise BadDataError(
        "The ridge penalty is chosen by leaving out groups or runs, but the training events are of one only.",
        "Use a split with more training blocks.",
    )


@dataclass(frozen=True)
class Penalty:
    """A penalty and how it was chosen.

    Attributes
    ----------
    penalty
        In units of the kernel.
    detail
        In words.
    error, baseline
        Squared error on left-out events and that of their mean, summed over events and values; None where nothing
        was chosen.
    """

    penalty: float
    detail: str
    error: float | None = None
    baseline: float = 0.0

    def explained(self, beyond: float = 0.0) -> float | None:
        """Return 1 - error / baseline on left-out events; both grow by what lies beyond the reach of any map."""
        if self.error is None:
            return None
        baseline = self.baseline + beyond
        return float(1 - (self.error + beyond) / baseline) if baseline > 0 else 0.0


def choose_penalty(kernel: Matrix, gram: Matrix, examples: Examples, grid: PenaltyGrid) -> Penalty:
    """Return the penalty of a grid that errs least on groups or runs left out.

    Parameters
    ----------
    kernel
        Inner products of the centred vectors `(event, event)`.
    gram
        Inner products of the targets `(event, event)`.
    examples
        The events.
    grid
        Penalties, relative to the kernel's mean eigenvalue.

    Raises
    ------
    BadDataError
        If there is nothing to leave out, see `inner_folds`.
    """
    ratios = np.logspace(grid.log10_low, grid.log10_high, grid.penalties)
    penalties = ratios * max(float(np.trace(kernel)) / len(kernel), np.finfo(np.float64).tiny)

    def named(index: int, detail: str) -> str:
        return f"penalty {ratios[index]:.3g} x mean eigenvalue, {detail}"

    if len(penalties) == 1:
        return Penalty(float(penalties[0]), named(0, "penalty given"))
    folds, scheme = inner_folds(examples, grid.run_folds)
    errors, baseline = cv_errors(kernel, gram, folds, penalties)
    best = int(np.argmin(errors))
    edge = ", at the edge of the grid" if best in (0, len(penalties) - 1) else ""
    return Penalty(float(penalties[best]), named(best, f"{scheme}{edge}"), float(errors[best]), baseline)


class RidgeDecoder(ClosedForm):
    """Ridge regression on vectors of all inputs, one penalty for all values, an intercept not penalised.

    It chooses its penalty inside the events it is fitted to; with `training.refit` these are training and
    validation events together. Stored as x -> (x - m) V B + mean with V `(dimension, rank)`, B `(rank, value)`.
    """

    settings: RidgeSettings

    def solve(self, train: Examples, validation: Examples | None) -> FitReport:
        """Choose the penalty and fit."""
        both = train
        if validation is not None and self.training.refit:
            self.check(validation)
            both = Examples.join([train, validation])
        vectors = self.vectors.fit(both.inputs).transform(both.inputs)
        targets = both.targets[self.target.name].reshape(len(both), -1)
        mean = targets.mean(axis=0, dtype=np.float64)
        gram = target_gram(targets, mean)
        centre = vectors.mean(axis=0)
        centred = vectors - centre
        kernel = centred @ centred.T
        chosen = choose_penalty(kernel, gram, both, self.settings)
        left, right = low_rank(kernel, centred, targets, mean, gram, chosen.penalty, self.settings.fitted_share)
        self.arrays = {
            "center": centre.astype(np.float32),
            "left": left,
            "right": right,
            "mean": mean.astype(np.float32),
        }
        held = 0 if validation is None else len(validation)
        return FitReport(len(train), held, chosen.explained(), detail=f"{chosen.detail}, rank {left.shape[1]}")

    def project(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the scores on the map's leading directions `(event, rank)`."""
        scores = (vectors - self.fitted("center")) @ self.fitted("left").astype(np.float64)
        found: NDArray[np.float32] = scores.astype(np.float32)
        return found

    def decode(self, vectors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return predicted values `(event, *target)`."""
        values: NDArray[np.float32] = self.project(vectors) @ self.fitted("right") + self.fitted("mean")
        return values.reshape(len(values), *self.target.shape)

    def shapes(self, dimension: int, state: State) -> dict[str, tuple[int | None, ...]]:
        """Return the shapes of the low-rank map; its rank is what was stored."""
        rank = state["left"].shape[-1] if "left" in state and state["left"].ndim else None
        values = int(np.prod(self.target.shape))
        return {"center": (dimension,), "left": (dimension, rank), "right": (rank, values), "mean": (values,)}


def low_rank(
    kernel: Matrix,
    centred: Matrix,
    targets: NDArray[np.floating],
    mean: Matrix,
    gram: Matrix,
    penalty: float,
    share: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the ridge map as two factors, cut to the leading directions of its fitted values.

    The map is W = X' (K + penalty)^-1 Yc, its fitted values F = K (K + penalty)^-1 Yc. The eigenvectors of F F',
    which the Gram matrix gives, lead to F's principal directions B; W is projected on the fewest of them whose
    variance reaches the share.

    Returns
    -------
    `(dimension, rank)` and `(rank, value)`.
    """
    values, basis = scipy.linalg.eigh(kernel, check_finite=False)
    values = np.maximum(values, 0)
    inverse = 1 / (values + penalty)
    shrunk = values * inverse
    # in the basis of K's eigenvectors: F = basis diag(shrunk) basis' Yc
    turned = basis.T @ gram @ basis
    variances, turn = scipy.linalg.eigh(shrunk[:, None] * turned * shrunk, check_finite=False)
    variances, turn = variances[::-1], turn[:, ::-1]
    solid = int(np.sum(variances > max(variances[0], 0) * len(kernel) * np.finfo(np.float64).eps))
    reached = np.cumsum(variances[:solid])
    rank = solid if share >= 1 or not solid else int(np.searchsorted(reached, share * reached[-1])) + 1
    rank = min(rank, solid)
    # scaled so that the rows of B are orthonormal: then V = W B'
    scaled = shrunk[:, None] * turn[:, :rank] / np.sqrt(variances[:rank])
    left = centred.T @ (basis @ (inverse[:, None] * (turned @ scaled)))
    weights = scaled.T @ basis.T
    right = np.empty((rank, targets.shape[1]), dtype=np.float32)
    for start in range(0, targets.shape[1], _CHUNK_COLUMNS):
        stop = start + _CHUNK_COLUMNS
        right[:, start:stop] = weights @ (targets[:, start:stop] - mean[start:stop])
    return left.astype(np.float32), right
