"""Motion: the end-point error of the optical flow of decoded clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    sides = given.percepts[EYE]["flow"]
    shown, real = (side.astype(np.float32) for side in (sides.decoded, sides.true))
    table = np.full((len(real),) * 2, np.nan)
    for decoded, true in zip(*asked_pairs(given.asked, len(real)), strict=True):
        table[decoded, true] = _mean_length(shown[decoded] - real[true])
    still = np.mean([_mean_length(one) for one in real])
    return {"": Measured(table, detail=f"still pictures {still:.3f}")}


def _mean_length(flow: NDArray[np.float32]) -> float:
    """Return the mean length of the vectors of ``(step, 2, row, column)``."""
    squares = flow * flow
    return float(np.sqrt(squares[:, 0] + squares[:, 1]).mean(dtype=np.float64))
