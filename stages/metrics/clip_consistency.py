"""CLIP consistency: how little changes from frame to frame. No truth is asked, so it is a look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.metrics.clip_similarity import EYE, unit_frames
from eeg2vid.stages.metrics.metric import Given, Measured, Metric, Variant

CLIP_CONSISTENCY = Metric(
    name="clip-consistency",
    form="set",
    needs=(f"percepts:{EYE}",),
    direction="higher",
    bounds=(-1.0, 1.0),
    variants={
        "": Variant(
            "CLIP consistency",
            "Mean cosine between CLIP's embeddings of neighbouring decoded frames (the field's CLIP-pcc). It asks for "
            "no truth: a frozen picture has 1.",
            "pairing",
            look=True,
        )
    },
    builds="eeg2vid.stages.metrics.clip_consistency:measure",
    source="Wu et al., 2022 (Tune-A-Video)",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure the decoded clips, beside the true ones, where the eye looked at each frame."""
    frames = given.percepts[EYE].get("frames")
    if frames is None or frames.true.shape[1] < 2:
        return {}
    true = _neighbours(frames.true)
    return {"": Measured(np.array(_neighbours(frames.decoded)), detail=f"true clips {true:.3f}; frozen first frame 1")}


def _neighbours(embeddings: NDArray[np.floating]) -> float:
    unit = unit_frames(embeddings)
    return float(np.einsum("efc,efc->ef", unit[:, :-1], unit[:, 1:]).mean())
