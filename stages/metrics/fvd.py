"""FVD: the Frechet distance between decoded and true clips as a set, in the features of a video network."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.distributions import FEATURES, features_of, floor, frechet
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant

_SAYS = (
    "Frechet distance between decoded and true clips as two sets, in {} features. No clip is compared with its own: "
    "clips in the wrong order have the same distance. It is biased by the number of clips: compare only at equal n."
)

FVD = Metric(
    name="fvd",
    form="set",
    needs=(FRAMES,),
    direction="lower",
    bounds=(0.0, None),
    variants={
        "i3d": Variant("FVD", _SAYS.format("I3D's"), "pairing", look=True),
        "video-classifier": Variant(
            "FVD of the video classifier", _SAYS.format("the video classifier's"), "pairing", look=True
        ),
    },
    builds="eeg2vid.stages.metrics.fvd:measure",
    source="Unterthiner et al., 2018",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure in the features of each eye that looked."""
    found = {}
    for eye in FEATURES:
        features = features_of(given, eye)
        if features is None:
            continue
        decoded, true = features
        clips, size = true.shape
        detail = f"{clips} clips, {size} features"
        if clips <= size:
            detail += ": fewer clips than features, strongly biased"
        halves = floor(true, frechet)
        if halves is not None:
            detail += f"; half of the true clips against the other half {halves[0]:.4g} (n = {clips // 2})"
        found[eye] = Measured(np.array(max(0.0, frechet(decoded, true))), detail=detail)
    return found
