"""Where scores differ from each other: people, runs, training seeds, generator seeds, or none of these."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.runs import FloatArray, IntArray

REST = "rest"


def variance_split(values: npt.ArrayLike, factors: Mapping[str, npt.ArrayLike]) -> dict[str, float | None]:
    r"""Split the variance of scores into that of crossed random factors and the rest.

    Henderson's first method (Biometrics 1953): for factor f the uncorrected sum of squares
    :math:`T_f = \sum_l y_{l.}^2 / n_l` is expected to be
    :math:`n \mu^2 + \sum_g k_{fg} \sigma_g^2 + L_f \sigma_e^2` with :math:`k_{fg} = \sum_{l,m} n_{lm}^2 / n_l`; the
    equations of all factors, of the grand mean and of the single values are solved. Unbiased, also where cells are
    missing or uneven; balanced: analysis of variance. Estimates below 0 are returned as 0.

    Parameters
    ----------
    values
        Scores `(row,)`, finite.
    factors
        Label of each row's person, run, training seed, generator seed `(row,)`, by name.

    Returns
    -------
    Variance of each factor, and of `rest`, in squared units of the values. None: it cannot be told, as the factor has
    one level, or its levels are those of another factor.

    Raises
    ------
    BadDataError
        If lengths differ, a value is not finite, or there are fewer than two rows.
    """
    scores = np.asarray(values, dtype=np.float64)
    levels = {name: np.unique(np.asarray(labels), return_inverse=True)[1] for name, labels in factors.items()}
    if scores.ndim != 1 or len(scores) < 2 or any(one.shape != scores.shape for one in levels.values()):
        raise BadDataError(f"There are {scores.size} scores, expected two or more, each with a label of each factor.")
    if not np.isfinite(scores).all():
        raise BadDataError(f"Score number {int(np.argmin(np.isfinite(scores)))} is not finite.")
    scores = scores - scores.mean()
    split: dict[str, float | None] = dict.fromkeys([*factors, REST])
    told = _distinct(levels)
    alone = np.arange(len(scores))
    terms = [np.zeros(len(scores), np.int64), *(levels[name] for name in told), alone]
    squares = np.array([_square(scores, one) for one in terms])
    expected = np.array([[_weight(one, other) for other in terms] for one in terms])
    if np.linalg.matrix_rank(expected) < len(terms):
        return split
    found = np.linalg.solve(expected, squares)[1:]
    return split | {name: max(0.0, float(value)) for name, value in zip([*told, REST], found, strict=True)}


def _distinct(levels: Mapping[str, IntArray]) -> list[str]:
    """Return the factors that have several levels, less than there are rows, and not those of another factor."""
    kept = {}
    for name, own in levels.items():
        n = int(own.max()) + 1
        same = any(
            name != other and n == its.max() + 1 == len(np.unique(own * n + its)) for other, its in levels.items()
        )
        if 1 < n < len(own) and not same:
            kept[name] = own
    return list(kept)


def _square(scores: FloatArray, level_of: IntArray) -> float:
    return float((np.bincount(level_of, weights=scores) ** 2 / np.bincount(level_of)).sum())


def _weight(one: IntArray, other: IntArray) -> float:
    """Return k: the sum over pairs of levels of the squared number of rows they share, over the rows of the first."""
    n = int(other.max()) + 1
    cell, shared = np.unique(one * n + other, return_counts=True)
    return float((shared**2 / np.bincount(one)[cell // n]).sum())
