"""DISTS: how far decoded clips look from true ones, as eye `dists` measured it."""

from __future__ import annotations

from eeg2vid.stages.metrics.distances import measured_by
from eeg2vid.stages.metrics.metric import Given, Measured, Metric, Variant

DISTS = Metric(
    name="dists",
    form="pair",
    needs=("percepts:dists",),
    direction="lower",
    bounds=(0.0, None),
    variants={
        "": Variant(
            "DISTS",
            "Distance of means and structure of deep features (VGG16), blind to which texture it is, mean of frames; "
            "0: equal.",
            "pairing",
        )
    },
    builds="eeg2vid.stages.metrics.dists:measure",
    source="Ding et al., TPAMI 2020",
)


def measure(given: Given) -> dict[str, Measured]:
    """Return the distances of all pairs of a fold."""
    return measured_by("dists", given)
