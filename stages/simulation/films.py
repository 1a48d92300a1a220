"""Simulated films and what is known about them: numbers that drive the simulated brain, and captions.

`make_spec`/`sample_specs` say what a clip is, `render_clip` draws it, `optical_flow`, `feature_vector` and
`caption` describe it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.simulation.palette import BACKDROPS, COLOR_WORDS, LOOKS, opponent
from eeg2vid.stages.simulation.render import render_clip
from eeg2vid.stages.simulation.specs import (
    JUDGING_SEEDS,
    STUDY_SEEDS,
    TRAINING_SEEDS,
    ClipSpec,
    check_seeds,
    make_spec,
    optical_flow,
    sample_specs,
)

__all__ = [
    "CODE_FEATURES",
    "FEATURE_NAMES",
    "JUDGING_SEEDS",
    "STUDY_SEEDS",
    "TRAINING_SEEDS",
    "ClipSpec",
    "caption",
    "check_seeds",
    "concept_code",
    "feature_vector",
    "layout",
    "make_spec",
    "optical_flow",
    "render_clip",
    "sample_specs",
]

CODE_FEATURES = 6
_CODE_SEED = 40_000_001
_ATTRIBUTES = ("human", "face", "number")
FEATURE_NAMES: tuple[str, ...] = (
    *(f"{value}-{row}-{column}" for row in ("top", "bottom") for column in ("left", "middle", "right")
      for value in ("luminance", "red-green", "blue-yellow")),
    "motion",
    *_ATTRIBUTES,
    *(f"concept-{k + 1}" for k in range(CODE_FEATURES)),
)  # fmt: skip

# Mean and spread of the raw features, measured once over 8000 clips of the training range, all concepts alike.
# Fixed, so that a study of ten concepts has the same features (and the same signal) as one of forty.
_LAYOUT_MEAN = np.array([0.476, 0.004, 0.006])
_LAYOUT_SPREAD = np.array([0.180, 0.147, 0.188])
_MOTION = (0.590, 0.725)  # of ln(optical flow)
_ATTRIBUTE_MEAN = np.array([0.286, 0.179, 1.606])  # SEED-DV's own base rates
_ATTRIBUTE_SPREAD = np.array([0.452, 0.383, 0.871])


def concept_code() -> NDArray[np.float64]:
    """Return the fixed random vector of every concept, `(concept, code)`, mean 0 and spread 1 over the 40."""
    code = np.random.default_rng(_CODE_SEED).standard_normal((len(LOOKS), CODE_FEATURES))
    standard: NDArray[np.float64] = (code - code.mean(axis=0)) / code.std(axis=0)
    return standard


def layout(frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Measure the opponent colours of a clip on a grid of 2 rows x 3 columns.

    Parameters
    ----------
    frames
        uint8 `(..., frame, height, width, 3)`, height a multiple of 2 and width of 3.

    Returns
    -------
    `(..., 2, 3, 3)`: row, column, (luminance, red-green, blue-yellow), means over time and cell, RGB in [0, 1].

    Raises
    ------
    BadDataError
        If the size does not divide into the grid.
    """
    *lead, count, height, width, _ = frames.shape
    if height % 2 or width % 3:
        raise BadDataError(f"Frames of {width}x{height} px do not divide into 3 x 2 cells.")
    cells = frames.reshape(*lead, count, 2, height // 2, 3, width // 3, 3)
    return opponent(cells.mean(axis=(-6, -4, -2), dtype=np.float64) / 255)


def feature_vector(specs: Sequence[ClipSpec]) -> NDArray[np.float64]:
    """Return the numbers phi that drive the simulated EEG, `(clip, feature)`, named `FEATURE_NAMES`.

    Layout (18, measured on the rendered clip), motion (ln of the optical flow), human, face, number, and the
    concept's code; each standardised with fixed constants, so about mean 0 and spread 1 over all concepts.
    """
    grid = np.stack([layout(render_clip(spec, width=96, height=54, fps=2.0)) for spec in specs])
    grid = (grid - _LAYOUT_MEAN) / _LAYOUT_SPREAD
    motion = (np.log(optical_flow(specs)) - _MOTION[0]) / _MOTION[1]
    attributes = np.array([[getattr(spec, name) for name in _ATTRIBUTES] for spec in specs], np.float64)
    attributes = (attributes - _ATTRIBUTE_MEAN) / _ATTRIBUTE_SPREAD
    code = concept_code()[[spec.concept - 1 for spec in specs]]
    return np.concatenate([grid.reshape(len(specs), -1), motion[:, None], attributes, code], axis=1)


def caption(spec: ClipSpec) -> str:
    """Describe a clip in one lower-case sentence of 3 to 19 words, like "two red birds moving fast in the sky"."""
    look = LOOKS[spec.concept - 1]
    collective = look.singular in ("couple", "crowd")  # one word for two or many
    noun = look.singular if spec.number == 1 or collective else look.plural
    words = [word for word in (COLOR_WORDS[spec.color], noun) if word]
    if spec.number == 1 or collective:
        words.insert(0, "an" if words[0][0] in "aeiou" else "a")
    else:
        words.insert(0, {2: "two", 3: "many"}[spec.number])
    flow = float(optical_flow([spec])[0])
    words.append("moving fast" if flow > 2.8 else "moving slowly" if flow < 1.1 else "moving")
    words.append(BACKDROPS[look.backdrop].place)
    if spec.has_companion:
        words.append("with a person")
    if spec.face and look.shape != "face":
        words.append("looking at the camera")
    return " ".join(words)
