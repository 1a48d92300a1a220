"""Kernel video distance: how unlike true clips the decoded ones are as a set, without the bias of FVD."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.distributions import FEATURES, features_of, floor, kernel_distance
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant

_SAYS = (
    "Unbiased squared maximum mean discrepancy between decoded and true clips as two sets, in {} features, kernel of "
    "degree 3. No clip is compared with its own; two sets of true clips have 0 on average, whatever their sizes."
)

KERNEL_VIDEO_DISTANCE = Metric(
    name="kernel-video-distance",
    form="set",
    needs=(FRAMES,),
    direction="lower",
    bounds=(None, None),
    variants={
        "i3d": Variant("kernel video distance", _SAYS.format("I3D's"), "pairing", look=True),
        "video-classifier": Variant(
            "kernel video distance of the video classifier",
            _SAYS.format("the video classifier's"),
            "pairing",
            look=True,
        ),
    },
    builds="eeg2vid.stages.metrics.kernel_video_distance:measure",
    source="Binkowski et al., ICLR 2018",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure in the features of each eye that looked."""
    found = {}
    for eye in FEATURES:
        features = features_of(given, eye)
        if features is None:
            continue
        decoded, true = features
        detail, halves = f"{len(true)} clips", floor(true, kernel_distance)
        if halves is not None:
            detail += f"; half of the true clips against the other half {halves[0]:.3g} +- {halves[1]:.2g}"
        found[eye] = Measured(np.array(kernel_distance(decoded, true)), detail=detail)
    return found
