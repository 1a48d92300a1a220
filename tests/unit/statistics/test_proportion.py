import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.proportion import binomial_p, exact_interval, wilson_interval


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 500), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_equals_scipy(trials, share, level):
    successes = round(share * trials)
    test = binomtest(successes, trials)
    for method, ours in (("wilson", wilson_interval), ("exact", exact_interval)):
        interval = test.proportion_ci(level, method)
        np.testing.assert_allclose(ours(successes, trials, level), (interval.low, interval.high), atol=1e-9)


def test_worked_by_hand():
    low, high = wilson_interval(5, 40)  # z = 1.96: centre .1579, half width .1033
    assert (low, high) == pytest.approx((0.0546, 0.2611), abs=2e-4)
    low, high = exact_interval(0, 10)
    assert low == 0.0 and high == pytest.approx(1 - 0.025 ** (1 / 10))
    assert binomial_p(3, 3, 0.5) == pytest.approx(1 / 8)
    assert binomial_p(0, 3, 0.5, "less") == pytest.approx(1 / 8)
    assert binomial_p(3, 3, 0.5, "two-sided") == pytest.approx(1 / 4)


def test_tail_is_the_survival_function():
    assert binomial_p(158, 200, 0.75) == pytest.approx(binom.sf(157, 200, 0.75))


def test_fractions_lie_between_their_neighbours():
    for interval in (wilson_interval, exact_interval):
        bounds = np.array([interval(k, 40) for k in (4, 4.5, 5)])
        assert (np.diff(bounds, axis=0) > 0).all()


def test_bad_input():
    for arguments in ((5, 4), (-1, 4), (0, 0), (1, 4, 1.0)):
        with pytest.raises(BadDataError, match="proportion"):
            wilson_interval(*arguments)
        with pytest.raises(BadDataError, match="proportion"):
            exact_interval(*arguments)
    with pytest.raises(BadDataError, match="whole"):
        binomial_p(1.5, 4, 0.5)
    with pytest.raises(BadDataError, match="whole"):
        binomial_p(1, 4, 1.5)
