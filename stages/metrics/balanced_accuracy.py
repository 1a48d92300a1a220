"""Balanced accuracy of a decoded label: prevalence does not help."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.classification import expected_hits
from eeg2vid.stages.metrics.metric import LABEL, Given, Measured, Metric, Variant

BALANCED_ACCURACY = Metric(
    name="balanced-accuracy",
    form="set",
    needs=(LABEL,),
    direction="higher",
    bounds=(0.0, 1.0),
    variants={
        "": Variant(
            "balanced accuracy",
            "Mean over the classes of the share recognised: prevalence does not help.",
            "analytic",
        )
    },
    builds="eeg2vid.stages.metrics.balanced_accuracy:measure",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure what each event would score, were its label each of the classes; the mean over classes comes later."""
    assert given.labels is not None
    hits = expected_hits(given.labels.probabilities.astype(np.float64))
    return {"": Measured(hits, 1 / hits.shape[1])}
