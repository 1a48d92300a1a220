"""Two observers of a simulated brain, by Monte Carlo: what can be decoded at all, and what n training clips allow.

The **ideal** observer knows leadfield, person, noise spectra and p(phi | label): it classifies the statistic of
`matched` by the likelihoods of a Gaussian mixture, one component with its own covariance per concept and label.
The **n-limited** observer has the same structure, but the mean of each class from the training clips. Both see one
clip at a time, no artefacts and no drift; every class is equally probable, so accuracies are balanced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.simulation.matched import Matched
from eeg2vid.stages.simulation.population import NOT_ASKED, TASKS, Labels, Population

Floats = NDArray[np.floating]

_PRIOR_CLIPS = 30  # weight of the pooled covariance against a component's own
_SMALLEST_CELL = 6  # clips; rarer combinations of concept and label share one component per label
_TRAININGS = 10  # training sets of the n-limited observer
_NEGLIGIBLE = 1e-4  # variance of signal, in units of the noise's, below which a direction is dropped


@dataclass(frozen=True)
class Observation:
    """What an observer achieves: balanced accuracy and its standard error, chance; `train_clips` None: ideal."""

    task: str
    accuracy: float
    error: float
    classes: int
    train_clips: int | None

    @property
    def chance(self) -> float:
        """Return the accuracy of guessing."""
        return 1 / self.classes


@dataclass(frozen=True)
class _Mixture:
    """One Gaussian per cell: class, share of its class, mean and Cholesky factor of the covariance."""

    cell_class: Labels
    share: Floats
    mean: Floats
    factor: Floats
    class_factor: Floats
    clips: Floats


def _cells(population: Population, task: str, asked: NDArray[np.bool_]) -> tuple[Labels, Labels]:
    """Return the cell of every clip asked about and the class of every cell."""
    _, label = np.unique(population.labels[task][asked], return_inverse=True)
    concept = population.concept[asked] * (task != "concept")
    key = label.astype(np.int64) * 1000 + concept
    names, cell, count = np.unique(key, return_inverse=True, return_counts=True)
    rare = count < _SMALLEST_CELL
    key = np.where(rare[cell], label.astype(np.int64) * 1000 + 999, key)
    names, cell = np.unique(key, return_inverse=True)
    return cell.astype(np.int64), names // 1000


def _fit(signals: Floats, cell: Labels, cell_class: Labels) -> _Mixture:
    """Fit the mixture to noise-free statistics `(replicate, clip, output)`; noise N(0, I) is added."""
    outputs, classes = signals.shape[-1], int(cell_class.max()) + 1
    clips = np.bincount(cell)
    mean = np.stack([signals[:, cell == k].mean(axis=(0, 1)) for k in range(len(clips))])
    centred = signals - mean[cell]
    own = [np.einsum("rci,rcj->ij", part := centred[:, cell == k], part) / len(part) for k in range(len(clips))]
    pooled = sum(own, start=np.zeros((outputs, outputs))) / clips.sum()
    weight = clips[:, None, None] + _PRIOR_CLIPS
    covariance = (np.stack(own) + _PRIOR_CLIPS * pooled) / weight + np.eye(outputs)
    per_class = np.bincount(cell_class, weights=clips)
    share = clips / per_class[cell_class]
    total = np.empty((classes, outputs, outputs))
    for k in range(classes):
        mine = cell_class == k
        middle = share[mine] @ mean[mine]
        apart = mean[mine] - middle
        total[k] = np.einsum("c,cij->ij", share[mine], covariance[mine]) + (share[mine][:, None] * apart).T @ apart
    return _Mixture(
        cell_class, share, mean, np.linalg.cholesky(covariance), np.linalg.cholesky(total), per_class / clips.sum()
    )


def _classify(mixture: _Mixture, drawn: Floats, shift: Floats) -> Labels:
    """Return the most probable class of `(draw, output)`; `shift` `(draw, class, output)` or (1, ..) errs each mean."""
    scores = np.empty((len(drawn), len(mixture.mean)))
    for k, (factor, mean) in enumerate(zip(mixture.factor, mixture.mean, strict=True)):
        apart = drawn - mean - shift[:, mixture.cell_class[k]]
        apart = scipy.linalg.solve_triangular(factor, apart.T, lower=True, check_finite=False)
        scores[:, k] = np.log(mixture.share[k]) - np.log(np.diag(factor)).sum() - 0.5 * np.square(apart).sum(axis=0)
    classes = int(mixture.cell_class.max()) + 1
    posterior = np.stack([logsumexp(scores[:, mixture.cell_class == k], axis=1) for k in range(classes)], axis=1)
    best: Labels = posterior.argmax(axis=1)
    return best


def observe(
    matched: Matched,
    population: Population,
    task: str,
    *,
    snr: float,
    rng: np.random.Generator,
    train_clips: Sequence[int | None] = (None,),
    draws: int = 4000,
) -> list[Observation]:
    """Let observers decode a task from single clips.

    Parameters
    ----------
    matched
        The person, from `matched.match`.
    population
        What clips are like.
    task
        One of `TASKS`.
    snr
        As of the study.
    train_clips
        One observer each: None for the ideal one, else how many clips the n-limited one learns from (six blocks of 40
        concepts: 1200), which hold the classes at their natural rates. All decode the same draws.
    draws
        Test clips in all, at least 40 per class.

    Raises
    ------
    UsageError
        If the task is not known or the clips are all of one class.
    """
    if task not in TASKS:
        raise UsageError(f"task: expected one of {', '.join(TASKS)}, found {task!r}.")
    asked = population.labels[task] != NOT_ASKED
    if len(np.unique(population.labels[task][asked])) < 2:
        raise UsageError(f"All clips have the same {task}: there is nothing to decode.")
    cell, cell_class = _cells(population, task, asked)
    classes = int(cell_class.max()) + 1
    signals = matched.signals(population.phi[asked], snr)
    signals -= signals.mean(axis=(0, 1))
    values, vectors = np.linalg.eigh(np.einsum("rci,rcj->ij", signals, signals) / (signals.shape[0] * signals.shape[1]))
    kept = values > min(_NEGLIGIBLE, values[-1] / 2)
    mixture = _fit(signals @ vectors[:, kept], cell, cell_class)
    each = _TRAININGS * max(round(draws / classes / _TRAININGS), 4)
    truth = np.repeat(np.arange(classes), each)
    picked = np.concatenate(
        [rng.choice(np.flatnonzero(cell_class == k), each, p=mixture.share[cell_class == k]) for k in range(classes)]
    )
    noise = rng.standard_normal((len(picked), mixture.mean.shape[1], 1))
    drawn = mixture.mean[picked] + np.concatenate(
        [mixture.factor[picked[k : k + 500]] @ noise[k : k + 500] for k in range(0, len(picked), 500)]
    ).squeeze(-1)
    training = np.tile(np.arange(_TRAININGS), len(picked) // _TRAININGS)
    learned = rng.standard_normal((_TRAININGS, *mixture.class_factor.shape[:2]))
    found = []
    for count in train_clips:
        shift = np.zeros((1, classes, mixture.mean.shape[1]))
        if count is not None:
            scatter = np.einsum("cij,tcj->tci", mixture.class_factor, learned)
            shift = (scatter / np.sqrt(np.maximum(count * asked.mean() * mixture.clips, 1.0))[:, None])[training]
        right = _classify(mixture, drawn, shift) == truth
        accuracy = float(right.reshape(classes, each).mean())
        sets = np.array([right[training == k].mean() for k in range(_TRAININGS)])
        error = max(sets.std(ddof=1) / np.sqrt(_TRAININGS), np.sqrt(accuracy * (1 - accuracy) / len(right)))
        found.append(Observation(task, accuracy, float(error), classes, count))
    return found


def accuracy_of(d_prime: float, classes: int) -> float:
    """Return the proportion correct of an m-alternative task, int phi(x - d') Phi(x)^(m-1) dx (Green and Swets)."""
    x = np.linspace(-9, 9, 4001) + d_prime
    density = np.exp(-0.5 * (x - d_prime) ** 2) / np.sqrt(2 * np.pi)
    return float(np.trapezoid(density * np.exp((classes - 1) * log_ndtr(x)), x))


def d_prime_of(accuracy: float, classes: int) -> float:
    """Return d' of an m-alternative task: two classes, d' = sqrt(2) z(accuracy); negative below chance.

    Values beyond 12 cannot be told from each other and are returned as 12; infinite for 0 and 1.

    Raises
    ------
    ValueError
        If the accuracy is not within 0..1 or there are fewer than two classes.
    """
    if not 0 <= accuracy <= 1 or classes < 2:
        raise ValueError(f"expected an accuracy of 0 to 1 among 2 classes or more, found {accuracy}, {classes}")
    if accuracy in (0, 1):
        return np.inf if accuracy else -np.inf
    low, high = -12.0, 12.0
    if accuracy <= accuracy_of(low, classes):
        return low
    if accuracy >= accuracy_of(high, classes):
        return high
    return float(brentq(lambda d: accuracy_of(d, classes) - accuracy, low, high, xtol=1e-9))


def efficiency(decoder: float, observer: float, classes: int) -> float:
    """Return a decoder's d' as a share of an observer's, from their balanced accuracies.

    1: all that the observer has; nan where the observer is at chance or below, or both are perfect.
    """
    mine, theirs = d_prime_of(decoder, classes), d_prime_of(observer, classes)
    if not theirs > 1e-3 or (np.isinf(mine) and np.isinf(theirs)):
        return float("nan")
    return mine / theirs
