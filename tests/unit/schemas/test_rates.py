"""Rates as files keep them: single precision is no difference, and a difference is printed."""

import numpy as np
import pytest

from eeg2vid.schemas.rates import rate_after, rates_agree, told_apart, whole_rate


@pytest.mark.parametrize("rate", [128.0, 1000 / 3, 500.001, 1024 / 3, 2048.0, 250.00001])
def test_single_precision_is_the_same_rate(rate):
    assert rates_agree(rate, float(np.float32(rate)))
    assert rate_after(rate, float(np.float32(rate))) == rate


@pytest.mark.parametrize(
    ("one", "other", "agree"), [(500, 500.001, True), (500, 500.004, True), (500, 500.01, False), (256, 250, False)]
)
def test_a_hundred_thousandth(one, other, agree):
    assert rates_agree(one, other) is rates_agree(other, one) is agree
    assert rate_after(one, other) == (one if agree else other)


def test_whole_rates():
    assert [whole_rate(rate) for rate in (200.0, 500.001, 256 * (1 - 1e-7))] == [200, 500, 256]
    assert [whole_rate(rate) for rate in (1000 / 3, 300.03, 1e6 / 977, 62.5)] == [None] * 4


def test_what_differs_is_printed():
    assert told_apart(500, 512) == ("500", "512")
    assert told_apart(500, 500.0001) == ("500", "500.0001")
    assert told_apart(1000 / 3, 1000 / 3 + 1e-9) == ("333.333333333", "333.333333334")
    assert told_apart(1.0, 1.0) == ("1", "1")
