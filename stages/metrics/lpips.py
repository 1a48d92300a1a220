"""LPIPS: how far decoded clips look from true ones, as eye `lpips` measured it."""

from __future__ import annotations

from eeg2vid.stages.metrics.distances import measured_by
from eeg2vid.stages.metrics.metric import Given, Measured, Metric, Variant

LPIPS = Metric(
    name="lpips",
    form="pair",
    needs=("percepts:lpips",),
    direction="lower",
    bounds=(0.0, None),
    variants={
        "": Variant(
            "LPIPS",
            "Distance of deep features with learned weights (AlexNet or VGG16), version 0.1, mean of frames; 0: equal.",
            "pairing",
        )
    },
    builds="eeg2vid.stages.metrics.lpips:measure",
    source="Zhang et al., CVPR 2018",
)


def measure(given: Given) -> dict[str, Measured]:
    """Return the distances of all pairs of a fold."""
    return measured_by("lpips", given)
