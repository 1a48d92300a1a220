import numpy as np
import pytest
from scipy.stats import t

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.crossed import crossed_interval
from eeg2vid.stages.statistics.intervals import mean_interval


def of(table, clips=2):
    """Return everybody's values from a table (person, run)."""
    runs = np.repeat(np.arange(table.shape[1]), clips)
    return [(np.repeat(row, clips), runs, f"sub-{number}") for number, row in enumerate(table)]


def squares(table):
    """Mean squares of a two-way table without replication, from the textbook."""
    people, runs = table.shape
    rows, columns, mean = table.mean(axis=1), table.mean(axis=0), table.mean()
    left = table - rows[:, None] - columns + mean
    return (
        runs * ((rows - mean) ** 2).sum() / (people - 1),
        people * ((columns - mean) ** 2).sum() / (runs - 1),
        (left**2).sum() / ((people - 1) * (runs - 1)),
    )


def test_equals_two_way_analysis_of_variance():
    rng = np.random.default_rng(0)
    table = rng.normal(0, 1, (5, 1)) + rng.normal(0, 1, (1, 8)) + rng.normal(0, 0.5, (5, 8))
    found = crossed_interval(of(table))
    p, r, left = squares(table)
    assert p > left and r > left
    error = np.sqrt((p + r - left) / 40)
    df = (p + r - left) ** 2 / (p**2 / 4 + r**2 / 7 + left**2 / 28)
    assert (found.low, found.high) == pytest.approx(t.interval(0.95, df, table.mean(), error))
    assert (found.n_events, found.n_runs, found.how) == (80, 8, "t over people and runs")


def test_people_alone_where_runs_are_all_alike():
    table = np.array([[1.0], [2.0], [4.0]]) + np.zeros((3, 6))
    found = crossed_interval(of(table))
    means = np.array([1.0, 2.0, 4.0])
    oracle = t.interval(0.95, 2, means.mean(), means.std(ddof=1) / np.sqrt(3))
    assert (found.low, found.high) == pytest.approx(oracle)


def test_people_alone_where_nobody_shares_a_run():
    rng = np.random.default_rng(0)
    people = [(rng.random(20), [f"{name}-{run // 5}" for run in range(20)], name) for name in "abcd"]
    means = np.array([values.mean() for values, _, _ in people])
    oracle = t.interval(0.95, 3, means.mean(), means.std(ddof=1) / 2)
    found = crossed_interval(people)
    assert (found.low, found.high) == pytest.approx(oracle)


def test_missing_values_bounds_and_one_person():
    rng = np.random.default_rng(0)
    people = of(rng.random((4, 6)))
    people[1][0][3:7] = np.nan
    found = crossed_interval(people, bounds=(0.0, 1.0))
    assert found.left_out == 4 and 0.0 <= found.low < found.value < found.high <= 1.0
    assert found.value == pytest.approx(np.mean([np.nanmean(values) for values, _, _ in people]))
    assert crossed_interval(people[:1]) == mean_interval(*people[0][:2])
    with pytest.raises(BadDataError, match="each once"):
        crossed_interval([people[0], people[0]])
    with pytest.raises(BadDataError, match="No event of sub-1"):
        crossed_interval([people[0], (np.full(2, np.nan), [0, 1], "sub-1")])
    with pytest.raises(BadDataError, match="run labels"):
        crossed_interval([people[0], (np.zeros(2), [0], "sub-1")])
