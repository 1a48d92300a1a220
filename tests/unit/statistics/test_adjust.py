import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, kstest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.adjust import fdr, holm
from eeg2vid.stages.statistics.permutation import permutation_p


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_fdr_equals_scipy(p):
    np.testing.assert_allclose(fdr(p), false_discovery_control(p, method="bh"), atol=1e-12)


def test_worked_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert fdr([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert holm([]) == [] and fdr([]) == []
    for wrong in ([0.1, np.nan], [1.1], [-0.1]):
        for method in (holm, fdr):
            with pytest.raises(BadDataError, match=r"p-values in 0\.\.1"):
                method(wrong)


def test_random_ties_make_p_uniform():
    """Five clips, hits of one in four: six values are possible. Plain p-values are coarse and large."""
    rng = np.random.default_rng(0)
    hits = rng.binomial(5, 0.25, (4000, 100))
    plain = np.array([permutation_p(row[0], row[1:]) for row in hits])
    ties = np.array([permutation_p(row[0], row[1:], rng=rng) for row in hits])
    assert kstest(ties, "uniform").pvalue > 0.01
    assert kstest(plain, "uniform").pvalue < 1e-6
    assert (ties <= plain).all() and np.mean(ties <= 0.05) == pytest.approx(0.05, abs=0.01)
    two_sided = np.array([permutation_p(row[0], row[1:], "two-sided", rng) for row in hits])
    assert kstest(two_sided, "uniform").pvalue > 0.01


def test_random_ties_worked_by_hand():
    class Half:
        def random(self):
            return 0.5

    assert permutation_p(2, [3, 2, 2, 1], rng=Half()) == pytest.approx((1 + 0.5 * 3) / 5)
    assert permutation_p(2, [3, 2, 2, 1], "less", Half()) == pytest.approx((1 + 0.5 * 3) / 5)
    first, second = (permutation_p(2, [3, 2, 2, 1], rng=np.random.default_rng(1)) for _ in range(2))
    assert first == second
