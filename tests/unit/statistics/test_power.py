import numpy as np
import pytest
from scipy.stats import norm, t, ttest_1samp

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.statistics.power import detectable, power_sentence


def test_with_many_runs_it_is_the_normal_formula():
    assert detectable(0.01, 1e6) == pytest.approx(0.01 * (norm.isf(0.05) + norm.isf(0.2)), rel=1e-4)
    assert detectable(0.0, 10) == 0.0


def test_that_far_from_chance_four_of_five_studies_find_it():
    rng = np.random.default_rng(0)
    away = detectable(1 / np.sqrt(12), 11)
    studies = rng.normal(away, 1, (20000, 12))
    assert np.mean(ttest_1samp(studies, 0, axis=1, alternative="greater").pvalue <= 0.05) == pytest.approx(
        0.8, abs=0.01
    )
    few = detectable(1 / np.sqrt(3), 2)
    assert few > (t.isf(0.05, 2) + norm.isf(0.2)) / np.sqrt(3)


def test_in_words():
    error = 0.1 / detectable(1.0, 39)
    assert power_sentence(0.5, error, 40, 1.0, "accuracy") == (
        "With 40 runs a true accuracy of 0.6 would have been found in 80 % of studies."
    )
    assert "true error of 0.4 or lower would" in power_sentence(0.5, error, 40, 0.0, "error")
    assert power_sentence(0.95, error, 40, 1.0, "accuracy") == (
        "With 40 runs not even a perfect accuracy would have been found in 80 % of studies."
    )
    for call in (lambda: power_sentence(0.5, 0.1, 1), lambda: detectable(np.nan, 3), lambda: detectable(0.1, 0)):
        with pytest.raises(BadDataError):
            call()
