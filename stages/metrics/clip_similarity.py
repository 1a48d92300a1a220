"""CLIP similarity: whether a clip's frames mean what the true clip's frames mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import Given, Measured, Metric, Variant

EYE = "image-encoder"
_DECIMALS = 12  # similarities closer than this are ties: rounding in a matrix product must not decide

CLIP_SIMILARITY = Metric(
    name="clip-similarity",
    form="pair",
    needs=(f"percepts:{EYE}",),
    direction="higher",
    bounds=(-1.0, 1.0),
    variants={
        "": Variant(
            "CLIP similarity",
            "Cosine between CLIP's embeddings of the decoded and of the true frame: mean over frames where the eye "
            "looked at each, else of the key frame. Any two photographs are alike: read it beside wrong pairings.",
            "pairing",
        )
    },
    builds="eeg2vid.stages.metrics.clip_similarity:measure",
    source="Radford et al., ICML 2021",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure all pairs of a fold."""
    seen = given.percepts[EYE]
    sides = seen["frames"] if "frames" in seen else seen["image"]
    decoded, true = (unit_frames(side) for side in (sides.decoded, sides.true))
    table = np.round(decoded.reshape(len(decoded), -1) @ true.reshape(len(true), -1).T / decoded.shape[1], _DECIMALS)
    folds = np.asarray(given.keys.folds)
    table[folds[:, None] != folds[None]] = np.nan
    frames = f"mean over {decoded.shape[1]} frames" if "frames" in seen else "of the key frame"
    return {"": Measured(table, detail=frames)}


def unit_frames(embeddings: NDArray[np.floating]) -> FloatArray:
    """Return embeddings ``(event, [frame,] channel)`` of length 1, float64 ``(event, frame, channel)``; 0 stays 0."""
    found = np.asarray(embeddings, dtype=np.float64)
    found = found[:, None] if found.ndim == 2 else found
    norm = np.linalg.norm(found, axis=-1, keepdims=True)
    return np.divide(found, norm, out=np.zeros_like(found), where=norm > 0)
