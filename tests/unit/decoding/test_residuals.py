"""Residuals of models that learn one target or several."""

from __future__ import annotations

import numpy as np
import pytest

from eeg2vid.stages.decoding.training import _residuals
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.training.inputs import Inputs

# variance about the mean of each place: latents 1 and 1, text 4 and 0
LATENTS = np.array([[[1.0, 10.0]], [[3.0, 12.0]]], dtype=np.float32)
TEXT = np.array([[5.0, 1.0], [9.0, 1.0]], dtype=np.float32)
LABEL = np.array([0, 1])


@pytest.mark.parametrize(
    ("targets", "score", "expected"),
    [
        ({"latents": LATENTS}, 0.25, {"latents": 0.75 * 1}),
        ({"latents": LATENTS}, -0.5, {"latents": 1.5 * 1}),
        ({"latents": LATENTS, "text": TEXT}, 0.25, {"latents": 0.75 * 1, "text": 0.75 * 2}),
        ({"latents": LATENTS}, None, {}),
        ({"concept": LABEL}, 0.25, {}),
        ({"concept": LABEL, "latents": LATENTS}, 0.25, {}),
    ],
)
def test_by_hand(targets, score, expected):
    found = _residuals(Examples(Inputs({"de": np.zeros((2, 1, 1, 1))}), targets), score)
    assert found == pytest.approx(expected)
