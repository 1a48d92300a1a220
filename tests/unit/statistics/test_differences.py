import itertools

import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_1samp

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.differences import paired_difference
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
