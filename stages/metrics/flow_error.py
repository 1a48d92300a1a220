"""Motion: the end-point error of the optical flow of decoded clips."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.metric import Given, Measured, Metric, Variant
from eeg2vid.stages.metrics.pairing import asked_pairs

EYE = "motion"

FLOW_ERROR = Metric(
    name="flow-error",
    form="pair",
    needs=(f"percepts:{EYE}",),
    direction="lower",
    bounds=(0.0, None),
    variants={
        "": Variant(
            "end-point error of flow",
            "Mean length of the difference between decoded and true motion, in pixels of the clip per frame, over a "
            "grid of the picture and all steps in time. A still picture's error is the mean speed of the true clip.",
            "pairing",
        )
    },
    builds="eeg2vid.stages.metrics.flow_error:measure",
    source="Baker et al., IJCV 2011",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure the pairs that are looked at; NaN elsewhere."""
    flow = given.percepts[EYE]["flow"]
    table = np.full((len(flow.true),) * 2, np.nan)
    for decoded, true in zip(*asked_pairs(given.asked, len(flow.true)), strict=True):
        right, down = np.moveaxis(np.subtract(flow.decoded[decoded], flow.true[true], dtype=np.float64), 1, 0)
        table[decoded, true] = np.hypot(right, down).mean()
    still = np.hypot(*np.moveaxis(flow.true.astype(np.float64), 2, 0)).mean()
    return {"": Measured(table, detail=f"still pictures {still:.3f}")}
