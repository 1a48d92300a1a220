"""Which permutation tests the labels of one task, and its p-values.

Where all clips of a run have one label, the labels of whole runs change places: exact fold by fold, whatever the runs'
lengths (`run_label_permutation`). Where clips of a run differ, runs change places clip by clip (`plan_exchange`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eeg2vid.stages.statistics.folds import widen
from eeg2vid.stages.statistics.permutation import label_null, permutation_p, plan_exchange
from eeg2vid.stages.statistics.run_labels import run_label_permutation
from eeg2vid.stages.statistics.runs import FloatArray, IntArray, number_runs


@dataclass(frozen=True)
class LabelNull:
    """How the labels of one task change places under the null hypothesis.

    Attributes
    ----------
    labels, runs, folds
        True class (0-based), run and fold of each event `(event,)`.
    pairings
        int64 `(pairing, event)` where clips of a run differ in their labels; None: labels of whole runs change places.
    caveat
        What the p-values must be read with; empty if nothing.
    n, seed
        Number of permutations; root of their random numbers.
    """

    labels: IntArray
    runs: IntArray
    folds: IntArray
    pairings: IntArray | None
    caveat: str
    n: int
    seed: int

    @classmethod
    def of(
        cls,
        labels: npt.ArrayLike,
        runs: npt.ArrayLike,
        positions: npt.ArrayLike,
        folds: npt.ArrayLike,
        *,
        n: int,
        seed: int,
    ) -> LabelNull:
        """Choose the permutation by the labels alone, so that it is the same for every condition of a task.

        Raises
        ------
        BadDataError
            As `number_runs` and `plan_exchange`.
        """
        truth = np.asarray(labels, dtype=np.int64)
        run_of, fold_of = number_runs(runs, folds)
        first = np.unique(run_of, return_index=True)[1]
        whole = bool((truth == truth[first][run_of]).all())
        if whole and np.bincount(fold_of[first]).max() > 1:  # otherwise no label could change places
            return cls(truth, run_of, fold_of, None, "", n, seed)
        plan = plan_exchange(runs, positions, folds)
        return cls(truth, run_of, fold_of, plan.draw(n, np.random.default_rng(seed)), plan.caveat, n, seed)

    def test(self, hits: FloatArray, balanced: bool) -> tuple[float, FloatArray]:
        """Return the one-sided p-value of a score, and the score under each permutation `(permutation,)`.

        Over several folds their trainings share each other's test blocks.

        Parameters
        ----------
        hits
            Score `(event, class)` of each event if its label were each class, such as `expected_hits`.
        balanced
            True: mean over the occurring classes of the mean over their events. False: mean over events.
        """
        if self.pairings is None:
            rng = np.random.default_rng(self.seed)
            test = run_label_permutation(
                hits, self.labels, self.runs, rng, folds=self.folds, n=self.n, balanced=balanced, sharing="mutual"
            )
            return test.p, test.null
        observed = float(label_null(hits, self.labels, np.arange(len(self.labels))[None], balanced)[0])
        null = widen(label_null(hits, self.labels, self.pairings, balanced), self.folds)
        return permutation_p(observed, null), null
