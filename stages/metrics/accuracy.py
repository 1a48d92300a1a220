"""Accuracy of a decoded label, against always naming the class that is commonest in training."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.classification import expected_hits, one_answer_each, over_runs
from eeg2vid.stages.metrics.metric import LABEL, Given, Measured, Metric, Variant

ACCURACY = Metric(
    name="accuracy",
    form="event",
    needs=(LABEL,),
    direction="higher",
    bounds=(0.0, 1.0),
    variants={
        "": Variant(
            "accuracy",
            "Share of test clips whose most probable class is the true one; ties shared.",
            "majority",
            hits=True,
        ),
        "top-5": Variant(
            "top-5", "Share of test clips whose true class is among the five most probable.", "analytic", hits=True
        ),
        "per-run": Variant(
            "accuracy per run",
            "Share of test clips whose true class is the most probable one of their whole run: log-probabilities are "
            "summed over its clips.",
            "majority",
            lead=False,
            hits=True,
        ),
        "per-run top-5": Variant(
            "top-5 per run",
            "Share of test clips whose true class is among the five most probable ones of their whole run.",
            "analytic",
            lead=False,
            hits=True,
        ),
    },
    builds="eeg2vid.stages.metrics.accuracy:measure",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure accuracy, and top-5 where there are more classes than five; per run where runs have one label each.

    Where some class is tested more often than others, naming it every time must be beaten: nobody who decodes knows
    which it is, so this errs to the safe side.
    """
    assert given.labels is not None
    probabilities = given.labels.probabilities.astype(np.float64)
    classes = probabilities.shape[1]
    always = float(np.mean(given.labels.majority == given.labels.true))
    share = float(np.bincount(given.labels.true).max() / len(given.labels.true))  # of the commonest that is tested
    least = share if share > 1 / classes else None
    answers = {"": probabilities}
    if one_answer_each(given.labels.true, given.keys.runs):
        answers["per-run"] = over_runs(probabilities, given.keys.runs)
    found = {}
    for name, answer in answers.items():
        found[name] = Measured(expected_hits(answer), always, baseline=least)
        if classes > 5:
            found[f"{name} top-5".strip()] = Measured(expected_hits(answer, 5), 5 / classes)
    return found
