"""Claims about people; how often they are made is `test_people_studies.py`."""

import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.people import joint_test, prevalence


def test_mean_over_people_under_the_same_relabelings():
    """Two people whose nulls go opposite ways: their mean never changes, so the mean test sees what neither shows."""
    up = np.linspace(-1, 1, 99)
    nulls = np.stack([up, -up])
    found = joint_test([0.1, 0.1], nulls)
    assert (found.mean, found.chance) == pytest.approx((0.1, 0.0)) and found.p == 1 / 100
    assert joint_test([0.1, 0.1], np.stack([up, up])).p == pytest.approx((1 + 45) / 100)
    assert found.p_without_strongest is None  # one would be left
    one = joint_test([1.0], up[None])
    assert one.p == (1 + 1) / 100 and one.prevalence is None and not one.of_people()


def test_strongest_is_the_farthest_above_their_own_chance():
    rng = np.random.default_rng(0)
    nulls = rng.normal([[0.5], [0.1], [0.1]], 0.01, (3, 999))
    found = joint_test([0.5, 0.3, 0.1], nulls)
    assert found.strongest == 1 and found.p == 1 / 1000
    assert found.p_without_strongest == pytest.approx((1 + np.sum(nulls[[0, 2]].mean(axis=0) >= 0.3)) / 1000)
    assert not found.of_people()


def test_prevalence_worked_by_hand():
    """Four people, each reached by one in ten of their own relabelings, never by two at once."""
    nulls = np.zeros((4, 99))
    for person in range(4):
        nulls[person, 9 * person : 9 * person + 9] = 1.0  # (1 + 9) / 100
    found = prevalence(np.full(4, 0.5 + 9 / 99), nulls)  # 0.5 above each one's mean
    assert found.p_global == 1 / 100
    assert found.p_majority == pytest.approx((0.5 * 0.1 + 0.5) ** 4)
    root = 0.05**0.25
    assert found.bound == pytest.approx((root - 0.1) / 0.9)
    at_bound = ((1 - found.bound) * 0.1 + found.bound) ** 4
    assert at_bound == pytest.approx(0.05)


def test_equals_drawing_relabelings_of_people_independently():
    """The paper's way: second-level draws combine people's relabelings at random; here their limit."""
    rng = np.random.default_rng(0)
    nulls = rng.normal(0, 1, (5, 400))
    observed = np.array([0.9, 0.6, 0.8, 1.4, 1.0])
    above = nulls - nulls.mean(axis=1)[:, None]
    draws = np.stack([one[rng.integers(0, 400, 200_000)] for one in above]).min(axis=0)
    least = (observed - nulls.mean(axis=1)).min()
    p_global = (draws >= least).mean()
    u = p_global ** (1 / 5)
    found = prevalence(observed, nulls)
    assert found.p_majority == pytest.approx((0.5 * u + 0.5) ** 5, rel=0.03)
    assert found.bound == pytest.approx((0.05**0.2 - u) / (1 - u), rel=0.03)


def test_people_who_share_their_drift_count_for_less():
    """All follow one relabeling alike: ten people say what one says."""
    one = np.random.default_rng(0).normal(0, 1, 999)
    alike = prevalence(np.full(10, 1.0), np.tile(one, (10, 1)))
    apart = prevalence(np.full(10, 1.0), np.random.default_rng(1).normal(0, 1, (10, 999)))
    assert alike.p_global == pytest.approx(0.16, abs=0.03) and alike.bound is None
    assert apart.p_global == 1 / 1000 and apart.p_majority < 0.01 and apart.bound > 0.6


def test_ties_of_nulls_kept_in_single_precision():
    """Rates of 7 in 10: as float32 just below .7, and equal to it all the same."""
    rng = np.random.default_rng(0)
    nulls = rng.choice([0.5, 0.7], (3, 199))
    exact, kept = (joint_test([0.7, 0.7, 0.7], one) for one in (nulls, nulls.astype(np.float32)))
    assert float(np.float32(0.7)) < 0.7
    assert kept.p == exact.p > 0.05 and kept.prevalence.p_global == exact.prevalence.p_global
    assert exact.p == pytest.approx((1 + (nulls == 0.7).all(axis=0).sum()) / 200)


def test_nothing_and_bad_input():
    nulls = np.random.default_rng(0).normal(0, 1, (3, 99))
    nobody = prevalence(np.full(3, -3.0), nulls)
    assert (nobody.p_global, nobody.bound, nobody.p_majority) == (1.0, None, 1.0)
    constant = joint_test([0.5, 0.5, 0.5], np.full((3, 99), 0.5))  # a constant decoder
    assert constant.p == 1.0 and not constant.of_people()
    for scores in ([0.0, 0.0], [0.0, 0.0, np.nan]):
        with pytest.raises(BadDataError):
            joint_test(scores, nulls)
