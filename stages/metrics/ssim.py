"""SSIM of decoded clips: structural similarity of each frame with the true frame, mean over frames."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.metrics.frames import FloatArray
from eeg2vid.stages.metrics.metric import FRAMES, Given, Measured, Metric, Variant
from eeg2vid.stages.metrics.ssim_pairs import PairedSsim

SSIM = Metric(
    name="ssim",
    form="pair",
    needs=(FRAMES,),
    direction="higher",
    bounds=(-1.0, 1.0),
    variants={
        "": Variant(
            "SSIM",
            "Structural similarity of each frame with the true frame, 7x7 windows, mean over frames "
            "(scikit-image's defaults, as the published systems). A flat picture can score high.",
            "pairing",
        )
    },
    builds="eeg2vid.stages.metrics.ssim:measure",
    source="Wang et al., IEEE TIP 2004",
)


def measure(given: Given) -> dict[str, Measured]:
    """Measure the pairs that are looked at; NaN elsewhere.

    SSIM is dear, so a pair is computed once, however many pairings it is in: at most runs x events pairs of a fold.
    """
    assert given.frames is not None
    return {"": Measured(_matrix(given))}


def _matrix(given: Given) -> FloatArray:
    assert given.frames is not None
    events = np.arange(len(given.frames.true))
    asked = np.eye(len(events), dtype=bool)  # (true, decoded): in this order PairedSsim sums a true clip's windows once
    for pairings in given.asked:
        asked[pairings, events] = True
    true_index, decoded_index = np.nonzero(asked)
    matrix = np.full(asked.shape, np.nan)
    pairs = PairedSsim(given.frames.decoded, given.frames.true)
    matrix[decoded_index, true_index] = pairs(decoded_index, true_index)
    return matrix
