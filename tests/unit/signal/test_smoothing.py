from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.signal.smoothing import smooth

METHODS = ({"method": "moving-average", "span": 5}, {"method": "lds", "gain": 0.3})


def case(rng, n_runs, n_windows, uneven=True):
    """Events of runs of unequal length, shuffled."""
    counts = rng.integers(1, 6, size=n_runs) if uneven else np.full(n_runs, 5)
    runs = np.repeat([f"run-{k}" for k in rng.permutation(n_runs)], counts)
    order = np.concatenate([rng.permutation(1000)[:count] for count in counts])
    shuffled = rng.permutation(len(runs))
    return rng.normal(size=(len(runs), n_windows, 3, 2)), runs[shuffled], order[shuffled]


def series_of(values, runs, order, run):
    """One run's windows one after another, and where they came from."""
    events = np.flatnonzero(runs == run)
    events = events[np.argsort(order[events])]
    return values[events].reshape(-1, *values.shape[2:]), events


def kalman_then_rts(y, gain):
    """Scalar filter and smoother with a start of nearly infinite variance, one number at a time."""
    mean, variance, filtered = 0.0, 1e9, []
    for t, value in enumerate(y):
        if t:
            variance += gain
        k = variance / (variance + 1)
        mean, variance = mean + k * (value - mean), (1 - k) * variance
        filtered.append((mean, variance))
    smoothed = [filtered[-1][0]]
    for mean, variance in reversed(filtered[:-1]):
        smoothed.append(mean + variance / (variance + gain) * (smoothed[-1] - mean))
    return smoothed[::-1]


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(0, 999), st.integers(1, 5), st.integers(1, 7), st.floats(1e-4, 1e4))
def test_lds_equals_a_dense_linear_solve(seed, n_runs, n_windows, gain):
    values, runs, order = case(np.random.default_rng(seed), n_runs, n_windows)
    found = smooth(values, runs, order, method="lds", gain=gain)
    for run in np.unique(runs):
        series, events = series_of(values, runs, order, run)
        steps = np.diff(np.eye(len(series)), axis=0)
        normal = np.eye(len(series)) + steps.T @ steps / gain
        expected = np.linalg.solve(normal, series.reshape(len(series), -1))
        np.testing.assert_allclose(found[events].reshape(len(series), -1), expected, rtol=1e-7, atol=1e-9)


def test_lds_equals_a_scalar_kalman_smoother():
    values, runs, order = case(np.random.default_rng(1), 3, 4)
    found = smooth(values, runs, order, method="lds", gain=0.2)
    series, events = series_of(values, runs, order, "run-1")
    expected = kalman_then_rts(series[:, 2, 1], 0.2)
    np.testing.assert_allclose(found[events].reshape(len(series), 3, 2)[:, 2, 1], expected, rtol=1e-6, atol=1e-8)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(0, 999), st.integers(1, 5), st.integers(1, 4), st.sampled_from([1, 3, 5, 51]))
def test_moving_average_equals_plain_means(seed, n_runs, n_windows, span):
    values, runs, order = case(np.random.default_rng(seed), n_runs, n_windows)
    found = smooth(values, runs, order, method="moving-average", span=span)
    for run in np.unique(runs):
        series, events = series_of(values, runs, order, run)
        for t in range(len(series)):
            expected = series[max(0, t - span // 2) : t + span // 2 + 1].mean(axis=0)
            np.testing.assert_allclose(found[events].reshape(series.shape)[t], expected, rtol=1e-12, atol=1e-13)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(0, 999), st.integers(2, 5), st.sampled_from(METHODS), st.booleans())
def test_nothing_crosses_a_run(seed, n_runs, method, uneven):
    rng = np.random.default_rng(seed)
    values, runs, order = case(rng, n_runs, 2, uneven)
    found = smooth(values, runs, order, **method)
    mine = runs == "run-0"
    changed = values.copy()
    changed[mine] = rng.normal(scale=1e6, size=changed[mine].shape)
    again = smooth(changed, runs, order, **method)
    np.testing.assert_array_equal(found[~mine], again[~mine])
    alone = smooth(values[mine], runs[mine], order[mine], **method)
    np.testing.assert_array_equal(found[mine], alone)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(st.integers(0, 999), st.sampled_from(METHODS))
def test_the_order_of_rows_changes_nothing(seed, method):
    rng = np.random.default_rng(seed)
    values, runs, order = case(rng, 4, 2)
    found = smooth(values, runs, order, **method)
    other = rng.permutation(len(runs))
    np.testing.assert_array_equal(smooth(values[other], runs[other], order[other], **method), found[other])


@pytest.mark.parametrize("method", METHODS)
def test_what_does_not_change_stays(method):
    values = np.broadcast_to(np.array([3.0, -7.0]), (4, 3, 1, 2)).astype(np.float32)
    found = smooth(values, ["a", "a", "a", "b"], [0, 2, 1, 0], **method)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, values, rtol=1e-6)


def test_the_ratio_goes_from_the_mean_to_the_data():
    values, runs, order = case(np.random.default_rng(5), 1, 3)
    np.testing.assert_allclose(smooth(values, runs, order, method="lds", gain=1e9), values, atol=1e-6)
    flat = smooth(values, runs, order, method="lds", gain=1e-10)
    np.testing.assert_allclose(flat, np.broadcast_to(values.mean(axis=(0, 1)), flat.shape), atol=1e-6)


def test_settings_and_labels_are_checked():
    values = np.zeros((3, 2, 1, 1))
    with pytest.raises(UsageError, match="odd"):
        smooth(values, [0, 0, 0], [0, 1, 2], method="moving-average", span=4)
    with pytest.raises(UsageError, match="above 0"):
        smooth(values, [0, 0, 0], [0, 1, 2], method="lds", gain=0)
    with pytest.raises(BadDataError, match="Two events of run 'x' begin at 1"):
        smooth(values, ["x", "y", "x"], [1, 1, 1], method="lds")
    with pytest.raises(BadDataError, match="do not match"):
        smooth(values, [0, 0], [0, 1], method="lds")
    values[1] = np.nan
    with pytest.raises(BadDataError, match="not finite"):
        smooth(values, [0, 0, 0], [0, 1, 2], method="lds")
