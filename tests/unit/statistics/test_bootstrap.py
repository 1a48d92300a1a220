import itertools

import numpy as np
import pytest
from scipy.stats import binom, permutation_test, ttest_1samp

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.bootstrap import bootstrap_class_mean, bootstrap_mean, paired_difference


def clustered(rng, runs=40, clips=5, between=1.0, within=0.5):
    values = np.repeat(rng.normal(0, between, runs), clips) + rng.normal(0, within, runs * clips)
    return values, np.repeat(np.arange(runs), clips)


def test_equals_drawing_runs_by_hand():
    values, runs = clustered(np.random.default_rng(0), runs=7)
    result = bootstrap_mean(values, runs, np.random.default_rng(1), n=500)
    rng = np.random.default_rng(1)
    counts = rng.multinomial(7, np.full(7, 1 / 7), size=500)
    means = []
    for row in counts:
        drawn = [run for run, times in enumerate(row) for _ in range(times)]
        means.append(np.concatenate([values[runs == run] for run in drawn]).mean())
    np.testing.assert_allclose((result.low, result.high), np.quantile(means, [0.025, 0.975]))
    assert result.value == pytest.approx(values.mean())
    assert (result.n_events, result.n_runs, result.left_out) == (35, 7, 0)


def test_width_is_that_of_run_means_not_of_clips():
    values, runs = clustered(np.random.default_rng(0))
    result = bootstrap_mean(values, runs, np.random.default_rng(1), n=4000)
    means = values.reshape(40, 5).mean(axis=1)
    assert result.high - result.low == pytest.approx(2 * 1.96 * means.std() / np.sqrt(40), rel=0.05)


def test_coverage():
    """400 studies: a 95 % interval over 40 runs covers in 93..97 %; one that took clips for runs would not."""
    covered, naive = 0, 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        values, runs = clustered(rng)
        result = bootstrap_mean(values, runs, rng, n=500)
        covered += result.low <= 0 <= result.high
        wrong = bootstrap_mean(values, np.arange(200), rng, n=200)
        naive += wrong.low <= 0 <= wrong.high
    assert binom.ppf(0.005, 400, 0.935) <= covered <= binom.isf(0.005, 400, 0.95)
    assert naive < 0.75 * 400


def test_unequal_runs_missing_values_and_one_run():
    values = np.array([1.0, 2.0, np.nan, 4.0, 5.0, np.nan])
    runs = np.array(["a", "a", "a", "b", "c", "d"])
    result = bootstrap_mean(values, runs, np.random.default_rng(0))
    assert result.value == 3.0 and (result.n_events, result.n_runs, result.left_out) == (4, 3, 2)
    assert 1.5 <= result.low < 3.0 < result.high <= 5.0
    one = bootstrap_mean([1.0, 2.0], [0, 0], np.random.default_rng(0))
    assert one.value == 1.5 and np.isnan(one.low) and np.isnan(one.high)
    with pytest.raises(BadDataError, match="No event"):
        bootstrap_mean([np.nan], [0], np.random.default_rng(0))
    with pytest.raises(BadDataError, match="run labels"):
        bootstrap_mean([1.0, 2.0], [0], np.random.default_rng(0))


def test_class_mean_equals_drawing_runs_by_hand():
    rng = np.random.default_rng(0)
    values, classes, runs = rng.random(40), rng.integers(0, 3, 40), np.repeat(np.arange(8), 5)
    values[7] = np.nan
    result = bootstrap_class_mean(values, classes, runs, np.random.default_rng(1), n=200)

    def balanced(chosen):
        picked_values = np.concatenate([values[runs == run] for run in chosen])
        picked = np.concatenate([classes[runs == run] for run in chosen])
        return np.mean([np.nanmean(picked_values[picked == c]) for c in np.unique(picked)])

    assert result.value == pytest.approx(balanced(range(8))) and result.left_out == 1
    draws = np.random.default_rng(1).multinomial(8, np.full(8, 1 / 8), size=200)
    expected = np.quantile([balanced(np.repeat(np.arange(8), row)) for row in draws], [0.025, 0.975])
    np.testing.assert_allclose((result.low, result.high), expected)
    with pytest.raises(BadDataError, match="classes"):
        bootstrap_class_mean(values, classes[1:], runs, rng)


def test_sign_flips_are_exact_for_few_runs():
    rng = np.random.default_rng(0)
    a, b = rng.random(24) + 0.3, rng.random(24)
    runs = np.repeat(np.arange(8), 3)
    result = paired_difference(a, b, runs, np.random.default_rng(1))
    sums = (a - b).reshape(8, 3).sum(axis=1)
    flips = np.array(list(itertools.product([1, -1], repeat=8)))
    expected = np.mean(np.abs(flips @ sums) >= abs(sums.sum()) - 1e-12)
    assert result.p == pytest.approx(expected)
    oracle = permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert result.p == pytest.approx(oracle.pvalue)
    assert result.value == pytest.approx((a - b).mean()) and result.low < result.value < result.high


def test_sign_flips_agree_with_the_t_test_on_normal_runs():
    a, runs = clustered(np.random.default_rng(5), runs=30)
    result = paired_difference(a + 0.35, np.zeros_like(a), runs, np.random.default_rng(1), n=20000)
    oracle = ttest_1samp((a + 0.35).reshape(30, 5).mean(axis=1), 0).pvalue
    assert result.p == pytest.approx(oracle, abs=0.01)


def test_equal_conditions_have_p_one_and_nan_in_either_leaves_out():
    a = np.array([1.0, 2.0, 3.0, 4.0])
    same = paired_difference(a, a, [0, 0, 1, 1], np.random.default_rng(0))
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    b = np.array([0.0, np.nan, 0.0, 0.0])
    assert paired_difference(a, b, [0, 0, 1, 1], np.random.default_rng(0)).left_out == 1
    with pytest.raises(BadDataError, match="same events"):
        paired_difference(a, b[1:], [0, 0, 1, 1], np.random.default_rng(0))


def test_sign_flip_rejects_a_true_null_at_its_level():
    small = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        a, runs = clustered(rng, runs=15, clips=3)
        small += paired_difference(a, np.zeros_like(a), runs, rng, n=199).p <= 0.05
    assert binom.ppf(0.005, 200, 0.05) <= small <= binom.isf(0.005, 200, 0.05)


def test_same_seed_same_bytes():
    values, runs = clustered(np.random.default_rng(0))
    first = paired_difference(values, values[::-1], runs, np.random.default_rng(4))
    assert first == paired_difference(values, values[::-1], runs, np.random.default_rng(4))
