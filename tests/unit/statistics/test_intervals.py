"""Means with intervals over runs, by themselves; how often they cover is `test_coverage.py`."""

import numpy as np
import pytest
from scipy.stats import binomtest, t

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.intervals import class_mean_interval, hit_interval, mean_interval
from eeg2vid.stages.statistics.means import run_mean


def test_equal_runs_are_the_t_test_of_their_means():
    rng = np.random.default_rng(0)
    values, runs = rng.normal(0, 1, 60), np.repeat(np.arange(12), 5)
    means = values.reshape(12, 5).mean(axis=1)
    mean = run_mean(values, runs)
    assert (mean.value, mean.error) == pytest.approx((means.mean(), means.std(ddof=1) / np.sqrt(12)))
    assert mean.df == pytest.approx(11)
    symmetric = np.concatenate([values, -values])  # no tail: nothing but t
    found = mean_interval(symmetric, np.repeat(np.arange(24), 5))
    error = np.concatenate([means, -means]).std(ddof=1) / np.sqrt(24)
    assert (found.low, found.high) == pytest.approx(t.interval(0.95, 23, 0, error))
    assert (found.value, found.n_events, found.n_runs, found.how) == (pytest.approx(0), 120, 24, "t over runs")


def test_uneven_runs_worked_by_hand():
    """Runs of 1, 2 and 3 events; shares 1/6, 1/3, 1/2; residual sums -2, 1, 1 around the mean 3."""
    mean = run_mean([1, 3, 4, 3, 3, 4], ["a", "b", "b", "c", "c", "c"])
    assert mean.value == pytest.approx(3)
    assert mean.error**2 == pytest.approx((4 / (5 / 6) + 1 / (2 / 3) + 1 / (1 / 2)) / 36)
    share = np.array([1 / 6, 1 / 3, 1 / 2])
    root = np.diag(1 / np.sqrt(1 - share))
    covariance = root @ (np.diag(share) - np.outer(share, share)) @ root
    assert mean.df == pytest.approx(np.trace(covariance) ** 2 / np.trace(covariance @ covariance))


def test_reaches_further_to_the_side_of_the_long_tail():
    values = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 6.0])  # mean 1; deviations -1 five times, 5
    error, q = np.sqrt(6 / 5 * 30) / 6, t.isf(0.025, 5)
    tail = np.sqrt(6 / 5) * (125 - 5) / 30 / 6
    found = mean_interval(values, np.arange(6))
    assert found.low == pytest.approx(1 - q * error)
    assert found.high == pytest.approx(1 + q * error + tail * (1 / 6 + q**2 / 3))
    assert mean_interval(-values, np.arange(6)).low == pytest.approx(-found.high)


def test_keeps_within_bounds_and_needs_two_runs():
    found = mean_interval([0.0, 0.1, 1.0], [0, 1, 2], bounds=(0.0, 1.0))
    assert (found.low, found.high) == (0.0, 1.0)
    one = mean_interval([1.0, np.nan, 2.0], [0, 1, 0])
    assert one.value == 1.5 and np.isnan(one.low) and np.isnan(one.high)
    assert (one.how, one.n_events, one.n_runs, one.left_out) == ("", 2, 1, 1)
    assert np.isnan(hit_interval([0.0, 1.0], [0, 0]).low)
    with pytest.raises(BadDataError, match="No event"):
        mean_interval([np.nan], [0])
    with pytest.raises(BadDataError, match="run labels"):
        mean_interval([1.0, 2.0], [0])
    with pytest.raises(BadDataError, match="classes"):
        run_mean([1.0, 2.0], [0, 1], [0])
    with pytest.raises(BadDataError, match=r"within 0\.\.1"):
        hit_interval([2.0, 2.0, 1.0], [0, 1, 2])


def test_hits_of_whole_runs_count_runs():
    """Every clip of a run is hit or none: 40 runs of 5 know what 40 single ones do, but for what t takes off."""
    hits, runs = np.repeat(np.arange(40) < 12, 5).astype(float), np.repeat(np.arange(40), 5)
    found = hit_interval(hits, runs)
    trials = 39 * (1.959964 / t.isf(0.025, 39)) ** 2  # the variance of 40 hits has 39 in its denominator
    z, p = 1.959964, 0.3
    half = z * np.sqrt(p * 0.7 / trials + z**2 / 4 / trials**2) / (1 + z**2 / trials)
    assert found.how == "Wilson" and found.value == pytest.approx(0.3)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=1e-6)


def test_hits_never_count_for_more_than_events():
    """Each run has two hits of five, less spread than chance would have: still 200 trials."""
    found = hit_interval(np.tile([1.0, 1, 0, 0, 0], 40), np.repeat(np.arange(40), 5))
    oracle = binomtest(80, 200).proportion_ci(0.95, "wilson")
    assert (found.low, found.high) == pytest.approx(oracle)


def test_few_expected_hits_are_exact():
    none = hit_interval(np.zeros(60), np.repeat(np.arange(12), 5))  # nothing is known of runs: 12 trials
    assert none.how == "exact" and (none.low, none.high) == pytest.approx(binomtest(0, 12).proportion_ci())
    every = hit_interval(np.ones(60), np.repeat(np.arange(12), 5))
    assert (every.low, every.high) == pytest.approx(binomtest(12, 12).proportion_ci())
    rng = np.random.default_rng(0)
    hits, runs = (rng.random(200) < 0.2).astype(float), np.repeat(np.arange(40), 5)
    assert hit_interval(hits, runs).how == "Wilson"
    assert hit_interval(hits, runs, chance=0.01).how == "exact"


def test_classes_of_several_runs_vary_around_their_own_mean():
    """Two classes with the recalls .2 and .8 and three runs each: what differs between classes is no error."""
    values = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    mean = run_mean(values, np.arange(6), [0, 0, 0, 1, 1, 1])
    assert mean.value == pytest.approx(0.5)
    assert mean.error**2 == pytest.approx(2 * (0.01 / 3) / 4)  # two means of three, each with the variance .01
    assert mean.df == pytest.approx(4)  # two in each class


def test_classes_of_one_run_vary_together():
    values = np.random.default_rng(0).random(40)
    runs = np.repeat(np.arange(8), 5)
    alone = run_mean(values, runs, runs)
    assert alone.error == pytest.approx(run_mean(values, runs).error) and alone.df == pytest.approx(7)
    mixed = run_mean(values, runs, np.repeat([0, 1, 1, 1, 1, 1, 1, 1], 5))  # a class without a second run
    assert np.isfinite(mixed.error) and mixed.error > 0
    inside = run_mean([1.0, 0.0, 0.5, 1.0], [0, 0, 1, 2], ["a", "b", "c", "c"])  # both single classes in one run
    assert np.isfinite(inside.error) and np.isfinite(inside.df)


def test_trials_by_how_alike_the_events_of_a_run_are():
    runs = np.repeat(np.arange(8), 5)
    whole = np.repeat([1.0, 0, 1, 1, 0, 0, 1, 0], 5)
    assert run_mean(whole, runs).trials == pytest.approx(8)
    assert run_mean(np.tile([1.0, 0, 1, 0, 0], 8), runs).trials == pytest.approx(40)
    classes = np.repeat([0, 0, 0, 0, 0, 0, 1, 2], 5)  # two classes of one run have two thirds of the weight
    assert run_mean(whole, runs, classes).trials == pytest.approx(1 / (6 / 18**2 + 2 / 9))
    lone = np.repeat([1.0, 0, 1, 1, 0, 0, 1, 1], 5)  # both hit: that they do not differ tells little
    found = class_mean_interval(lone, classes, runs)
    assert found.how == "exact" and found.low < 0.4


def test_balanced_accuracy_is_the_mean_of_recalls():
    hits, classes = np.array([1.0, 1, 0, 0, 1, np.nan]), ["x", "x", "x", "y", "y", "y"]
    found = class_mean_interval(hits, classes, [0, 0, 1, 2, 3, 3])
    assert found.value == pytest.approx((2 / 3 + 1 / 2) / 2) and found.left_out == 1
    assert 0.0 <= found.low < found.value < found.high <= 1.0
    assert class_mean_interval(hits, classes, [0, 0, 1, 2, 3, 3], hits=False, bounds=(0, 1)).how == "t over runs"
