from __future__ import annotations

import numpy as np

from eeg2vid.stages.training.values import squared_deviations


def test_deviations_are_those_of_all_events_at_once():
    values = np.random.default_rng(0).normal(5, 2, size=(150, 2, 3)).astype(np.float32)
    mean = np.full((2, 3), 4.0)
    expected = ((values.astype(np.float64) - 4) ** 2).mean(axis=0)
    np.testing.assert_allclose(squared_deviations(values, mean), expected, rtol=1e-12)
