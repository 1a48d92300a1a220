import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.variance import variance_split


def grid(*sizes):
    return [axis.ravel() for axis in np.meshgrid(*(np.arange(size) for size in sizes), indexing="ij")]


def test_balanced_is_analysis_of_variance():
    rng = np.random.default_rng(0)
    table = rng.normal(0, 2, (6, 1)) + rng.normal(0, 1, (1, 9)) + rng.normal(0, 0.5, (6, 9))
    people, runs = grid(6, 9)
    found = variance_split(table.ravel(), {"people": people, "runs": runs})
    rows, columns, mean = table.mean(axis=1), table.mean(axis=0), table.mean()
    rest = ((table - rows[:, None] - columns + mean) ** 2).sum() / 40
    assert found == pytest.approx(
        {
            "people": (9 * rows.var(ddof=1) - rest) / 9,
            "runs": (6 * columns.var(ddof=1) - rest) / 6,
            "rest": rest,
        }
    )


def test_unbiased_where_rows_are_missing():
    people, runs, train, make = grid(8, 10, 3, 2)
    total = np.zeros(5)
    names = ("people", "runs", "training seed", "generator seed", "rest")
    for seed in range(150):
        rng = np.random.default_rng(seed)
        kept = rng.random(480) < 0.7
        values = 7 + rng.normal(0, 1, 480) + rng.normal(0, 2, 8)[people] + rng.normal(0, 1, 10)[runs]
        values += rng.normal(0, 1, 3)[train]
        factors = dict(zip(names, (one[kept] for one in (people, runs, train, make)), strict=False))
        found = variance_split(values[kept], factors)
        total += [found[name] for name in names]
    np.testing.assert_allclose(total / 150, [4, 1, 1, 0, 1], rtol=0.25, atol=0.02)


def test_what_cannot_be_told_is_none():
    people, runs = grid(4, 5)
    values = np.random.default_rng(0).normal(size=20)
    found = variance_split(values, {"people": people, "runs": runs, "training seed": np.zeros(20, int)})
    assert found["training seed"] is None and found["people"] is not None and found["rest"] > 0
    alike = variance_split(values, {"people": people, "order": people + 3, "runs": runs})  # one order for each person
    assert alike["people"] is None and alike["order"] is None and alike["runs"] is not None
    assert variance_split(values, {"event": np.arange(20)})["event"] is None
    assert variance_split(np.full(20, 3.0), {"people": people})["people"] == 0.0
    with pytest.raises(BadDataError, match="label of each factor"):
        variance_split(values, {"people": people[1:]})
    with pytest.raises(BadDataError, match="number 0"):
        variance_split([np.nan, 1.0], {})
