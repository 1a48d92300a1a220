"""What a score is held against: pairings with wrong events, or labels that change places, by whole runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import Given, Keys
from eeg2vid.stages.metrics.pairing import paired_null
from eeg2vid.stages.statistics.folds import widen
from eeg2vid.stages.statistics.label_tests import LabelNull
from eeg2vid.stages.statistics.permutation import permutation_p, plan_exchange

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Tested:
    """A test by relabelings of runs: its p-value, the score under each `(permutation,)`, and how p is to be read."""

    p: float
    null: FloatArray
    note: str


@dataclass(frozen=True)
class Pairings:
    """Wrong partners of the decoded events, each int ``(pairing, event)``; see `run_permutations`.

    Attributes
    ----------
    random
        Behind the p-value; None where every pairing scores the same and nothing can be tested.
    foils
        Behind chance levels without a formula: no run is paired with itself.
    note
        What the p-values must be read with.
    folds
        Fold of each event; p-values over several folds allow for what their trainings share.
    """

    random: Indices | None
    foils: Indices
    note: str
    folds: NDArray

    @classmethod
    def draw(cls, keys: Keys, permutations: int, seed: int) -> Pairings:
        """Draw random pairings and as many wrong ones."""
        rng = np.random.default_rng(seed)
        plan = plan_exchange(keys.runs, keys.positions, keys.folds)
        random = plan.draw(permutations, rng)
        return cls(random, plan.draw(permutations, rng, derangement=True), plan.caveat, keys.folds)

    @classmethod
    def none(cls, keys: Keys) -> Pairings:
        """Return the pairings of a constant condition: with whatever it is paired, the mean is the same."""
        return cls(None, np.arange(len(keys.runs))[None], "", keys.folds)

    def test(self, matrix: FloatArray) -> Tested | None:
        """Test the mean of ``(decoded event, true event)`` over the true pairs; high is good."""
        if self.random is None:
            return None
        null = widen(paired_null(matrix, self.random), self.folds)
        return Tested(permutation_p(float(np.nanmean(matrix.diagonal())), null), null, self.note)

    def wrong(self, matrix: FloatArray) -> FloatArray:
        """Return what the decoded clips of other runs score with each event's truth, mean over draws `(event,)`.

        Of a constant condition it is what the own one scores: they are the same.
        """
        there = np.isfinite(matrix)
        total = np.where(there, matrix, 0.0) * self._drawn
        weight = (self._drawn * there).sum(axis=0)
        return np.divide(total.sum(axis=0), weight, out=np.full(len(matrix), np.nan), where=weight > 0)

    @cached_property
    def _drawn(self) -> FloatArray:
        """How often each decoded event is paired with each true one among the foils `(decoded, true)`."""
        events = self.foils.shape[1]
        codes = np.arange(events) * events + self.foils
        return np.bincount(codes.ravel(), minlength=events**2).reshape(events, events).astype(np.float64)

    @property
    def all(self) -> tuple[Indices, ...]:
        """All pairings that will be looked at."""
        return (self.foils,) if self.random is None else (self.random, self.foils)


@dataclass(frozen=True)
class Nulls:
    """The tests of one condition; each is drawn when the first metric asks for it."""

    given: Given
    permutations: int
    seed: int

    @cached_property
    def pairings(self) -> Pairings:
        """Of what was decoded for clips."""
        keys, sides = self.given.keys, self.given.sides()
        if sides and all(is_constant(one.decoded, keys.folds) for one in sides):
            return Pairings.none(keys)
        return Pairings.draw(keys, self.permutations, self.seed)

    @cached_property
    def labels(self) -> LabelNull:
        """Of a decoded label."""
        keys, labels = self.given.keys, self.given.labels
        assert labels is not None
        return LabelNull.of(labels.true, keys.runs, keys.positions, keys.folds, n=self.permutations, seed=self.seed)


def exchange_of(keys: Keys, what: str, permutations: int, seed: int) -> str:
    """Return a short name for which runs change places: under one name, all subjects' runs are relabeled alike."""
    rows = [f"{run}/{place}/{fold}" for run, place, fold in zip(keys.runs, keys.positions, keys.folds, strict=True)]
    text = "\n".join([what, str(permutations), str(seed), *rows])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def is_constant(decoded: NDArray, folds: NDArray) -> bool:
    """Tell whether a condition shows one and the same thing to every event of a fold."""
    first = {fold: index for index, fold in reversed(list(enumerate(folds)))}
    return all(np.array_equal(decoded[index], decoded[first[fold]]) for index, fold in enumerate(folds))
