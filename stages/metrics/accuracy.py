"""Accuracy of a decoded label, against always naming the class that is commonest in training."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.classification import expected_hits
from eeg2vid.stages.metrics.metric import LABEL, Given, Measured, Metric, Variant

ACCURACY = Metric(
    name="accuracy",
    form="event",
    needs=(LABEL,),
    direction="higher",
    bounds=(0.0, 1.0),
    variants={
        "": Variant(
            "accuracy", "Share of test clips whose most probable class is the true one; ties shared.", "majority"
        ),
        "top-5": Variant("top-5", "Share of test clips whose true class is among the five most probable.", "analytic"),
    },
    builds="eeg2vid.stages.metrics.accuracy:measure",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure accuracy, and top-5 where there are more classes than five."""
    assert given.labels is not None
    probabilities = given.labels.probabilities.astype(np.float64)
    classes = probabilities.shape[1]
    always = float(np.mean(given.labels.majority == given.labels.true))
    found = {"": Measured(expected_hits(probabilities), always)}
    if classes > 5:
        found["top-5"] = Measured(expected_hits(probabilities, 5), 5 / classes)
    return found
