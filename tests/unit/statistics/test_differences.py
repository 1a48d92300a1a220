import itertools

import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_1samp

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.differences import beyond_majority, paired_difference
from eeg2vid.stages.statistics.intervals import mean_interval


def test_sign_flips_are_exact_for_few_runs():
    rng = np.random.default_rng(0)
    a, b = rng.random(24) + 0.3, rng.random(24)
    runs = np.repeat(np.arange(8), 3)
    sums = (a - b).reshape(8, 3).sum(axis=1)
    flips = np.array(list(itertools.product([1, -1], repeat=8)))
    found = paired_difference(a, b, runs, rng)
    assert found.p == pytest.approx(np.mean(np.abs(flips @ sums) >= abs(sums.sum()) - 1e-12))
    greater = paired_difference(a, b, runs, rng, alternative="greater")
    oracle = permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="greater")
    assert greater.p == pytest.approx(oracle.pvalue)
    interval = mean_interval(a - b, runs)
    assert (found.value, found.low, found.high, found.how) == (
        interval.value,
        interval.low,
        interval.high,
        "t over runs",
    )


def test_sign_flips_agree_with_the_t_test_on_normal_runs():
    rng = np.random.default_rng(5)
    a = np.repeat(rng.normal(0.35, 1, 30), 5)
    found = paired_difference(a, np.zeros(150), np.repeat(np.arange(30), 5), rng, n=20000)
    assert found.p == pytest.approx(ttest_1samp(a[::5], 0).pvalue, abs=0.01)


def test_equal_systems_and_missing_values():
    a = np.array([1.0, 2.0, 3.0, 4.0])
    rng = np.random.default_rng(0)
    same = paired_difference(a, a, [0, 0, 1, 1], rng)
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    assert paired_difference(a, [0.0, np.nan, 0.0, 0.0], [0, 0, 1, 1], rng).left_out == 1
    with pytest.raises(BadDataError, match="same events"):
        paired_difference(a, a[1:], [0, 0, 1, 1], rng)
    first, second = (paired_difference(a[::-1], a, [0, 1, 2, 3], np.random.default_rng(4)) for _ in range(2))
    assert first == second


def test_below_the_majority_is_never_better_than_chance():
    """A rate of .593 where .725 have one label: above 1/2, and worse than never looking."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40) < 29, 5).astype(int)
    hits = np.zeros(200)
    hits[rng.choice(200, 119, replace=False)] = 1.0
    found = beyond_majority(hits, labels, np.repeat(np.arange(40), 5), 2, rng)
    assert (found.value, found.baseline) == pytest.approx((0.595, 0.725))
    assert found.difference.value == pytest.approx(-0.13) and found.difference.p > 0.9 and not found.better()


def test_beyond_the_majority():
    rng = np.random.default_rng(0)
    labels, runs = np.repeat(np.arange(40) < 25, 5).astype(int), np.repeat(np.arange(40), 5)
    found = beyond_majority((rng.random(200) < 0.9).astype(float), labels, runs, 2, rng)
    assert found.baseline == pytest.approx(0.625) and found.better()
    one_class = beyond_majority(np.ones(6), np.zeros(6, int), np.arange(6), 2, rng)
    assert one_class.baseline == 1.0 and not one_class.better()
    even = beyond_majority([1.0, 1, 1, np.nan], [0, 1, 2, 2], np.arange(4), 40, rng)  # three labels share the vote
    assert even.baseline == pytest.approx(1 / 3) and even.difference.value == pytest.approx(2 / 3)
    rare = beyond_majority(np.zeros(40), np.arange(40), np.arange(40), 40, rng)
    assert rare.baseline == pytest.approx(1 / 40) and rare.difference.value == pytest.approx(-1 / 40)
    with pytest.raises(BadDataError, match="different labels"):
        beyond_majority(np.zeros(3), [0, 1, 2], np.arange(3), 2, rng)
    with pytest.raises(BadDataError, match="labels"):
        beyond_majority(np.zeros(3), [0, 1], np.arange(3), 2, rng)
