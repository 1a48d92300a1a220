import numpy as np
import pytest
from scipy.stats import ttest_1samp

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.equivalence import equivalence


def test_equals_two_one_sided_t_tests_over_runs():
    rng = np.random.default_rng(0)
    values = rng.normal(0.02, 0.1, 100)
    means = values.reshape(20, 5).mean(axis=1)
    found = equivalence(values, np.repeat(np.arange(20), 5), 0.05)
    below = ttest_1samp(means, 0.05, alternative="less").pvalue
    above = ttest_1samp(means, -0.05, alternative="greater").pvalue
    assert found.p == pytest.approx(max(below, above))
    low, high = ttest_1samp(means, 0).confidence_interval(0.9)
    assert found.interval.low <= low + 1e-12 and found.interval.high >= high - 1e-12


def test_a_difference_as_large_as_the_margin_passes_at_the_level():
    passed = 0
    for seed in range(400):
        values = np.random.default_rng(seed).normal(0.5, 1, 60)
        passed += equivalence(values, np.arange(60), 0.5).equivalent
    assert passed <= 30  # binomial 99 % of 400 at .05


def test_no_difference_is_not_equivalence_without_power():
    few = np.array([-1.0, 1.0, -1.2, 1.2])
    assert not equivalence(few, [0, 1, 2, 3], 0.5).equivalent
    assert equivalence(np.tile(few, 100), np.arange(400), 0.5).equivalent
    assert equivalence(np.zeros(4), [0, 1, 2, 3], 0.1).p == 0.0
    assert equivalence(np.ones(4), [0, 1, 2, 3], 0.1).p == 1.0
    with pytest.raises(BadDataError, match="margin"):
        equivalence(few, [0, 1, 2, 3], 0.0)
    with pytest.raises(BadDataError, match="One run"):
        equivalence(few, [0, 0, 0, 0], 0.5)
