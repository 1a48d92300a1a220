"""Balanced accuracy of a decoded label: prevalence does not help."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.classification import expected_hits, one_answer_each, over_runs
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
            hits=True,
        ),
        "per-run": Variant(
            "balanced accuracy per run",
            "The same where every clip gets the answer of its whole run: log-probabilities are summed over its clips.",
            "analytic",
            lead=False,
            hits=True,
        ),
    },
    builds="eeg2vid.stages.metrics.balanced_accuracy:measure",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure what each event would score, were its label each of the classes; the mean over classes comes later.

    Per run where runs have one label each. What always naming one class scores is chance.
    """
    assert given.labels is not None
    probabilities = given.labels.probabilities.astype(np.float64)
    chance = 1 / probabilities.shape[1]
    found = {"": Measured(expected_hits(probabilities), chance)}
    if one_answer_each(given.labels.true, given.keys.runs):
        found["per-run"] = Measured(expected_hits(over_runs(probabilities, given.keys.runs)), chance)
    return found
