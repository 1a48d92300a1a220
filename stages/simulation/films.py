"""Simulated films and what is known about them: numbers that drive the simulated brain, motion, captions.

`make_spec`/`sample_specs` say what a clip is, `render_clip` draws it, `flow_field`, `optical_flow`, `motion_course`,
`feature_vector` and `caption` describe it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.simulation import captions
from eeg2vid.stages.simulation.looks import LOOKS
from eeg2vid.stages.simulation.render import DURATION_S, flow_field, flow_fields, render_clip
from eeg2vid.stages.simulation.specs import (
    JUDGING_SEEDS,
    STUDY_SEEDS,
    TRAINING_SEEDS,
    ClipSpec,
    check_seeds,
    make_spec,
    sample_specs,
)
from eeg2vid.stages.stimuli.measures import layout

__all__ = [
    "CODE_FEATURES",
    "FEATURE_NAMES",
    "JUDGING_SEEDS",
    "MOTION_RATE_HZ",
    "STUDY_SEEDS",
    "TRAINING_SEEDS",
    "ClipSpec",
    "caption",
    "check_seeds",
    "concept_code",
    "feature_vector",
    "flow_field",
    "flow_fields",
    "layout",
    "make_spec",
    "motion_course",
    "optical_flow",
    "render_clip",
    "sample_specs",
]

CODE_FEATURES = 6
MOTION_RATE_HZ = 8.0  # of `motion_course`
_CODE_SEED = 40_000_001
_FLOW_SIZE = (48, 27)  # px; the true flow is smooth enough
_ATTRIBUTES = ("human", "face", "number")
FEATURE_NAMES: tuple[str, ...] = (
    *(f"{value}-{row}-{column}" for row in ("top", "bottom") for column in ("left", "middle", "right")
      for value in ("luminance", "red-green", "blue-yellow")),
    "contrast",
    "motion",
    *_ATTRIBUTES,
    *(f"concept-{k + 1}" for k in range(CODE_FEATURES)),
)  # fmt: skip

# Mean and spread of the raw features, measured once over 4000 clips of the training range, all concepts alike.
# Fixed, so that a study of ten concepts has the same features (and the same signal) as one of forty.
_LAYOUT_MEAN = np.array([0.452, -0.023, -0.010])
_LAYOUT_SPREAD = np.array([0.189, 0.135, 0.175])
_CONTRAST = (-1.854, 0.292)  # of ln(standard deviation of luminance within a frame)
_MOTION = (0.582, 0.775)  # of ln(optical flow)
_ATTRIBUTE_MEAN = np.array([0.286, 0.179, 1.606])  # SEED-DV's own base rates
_ATTRIBUTE_SPREAD = np.array([0.452, 0.383, 0.871])


def concept_code() -> NDArray[np.float64]:
    """Return the fixed random vector of every concept, `(concept, code)`, mean 0 and spread 1 over the 40."""
    code = np.random.default_rng(_CODE_SEED).standard_normal((len(LOOKS), CODE_FEATURES))
    standard: NDArray[np.float64] = (code - code.mean(axis=0)) / code.std(axis=0)
    return standard


@lru_cache(maxsize=8192)
def _pace(spec: ClipSpec) -> tuple[float, ...]:
    """Return the mean true flow over the frame at every 1 / `MOTION_RATE_HZ` s, px per frame at 512 px, 24 frames/s."""
    width, height = _FLOW_SIZE
    times = (np.arange(round(DURATION_S * MOTION_RATE_HZ), dtype=np.float64) + 0.5) / MOTION_RATE_HZ
    flow = flow_fields(spec, times, width, height, fps=24.0)
    speed = np.sqrt((flow**2).sum(axis=-1)).mean(axis=(1, 2)) * 512 / width
    return tuple(speed.astype(np.float64).tolist())


def optical_flow(specs: Sequence[ClipSpec], *, width: int = 512, fps: float = 24.0) -> NDArray[np.float64]:
    """Return the mean magnitude of clips' true optical flow, `(clip,)` in px per frame at this width and rate.

    At 512 px and 24 frames per second the values spread like SEED-DV's scores (quartiles 1.07, 1.80, 2.84).
    """
    mean = np.array([np.mean(_pace(spec)) for spec in specs])
    flow: NDArray[np.float64] = mean * (width / 512) * (24.0 / fps)
    return flow


def motion_course(spec: ClipSpec) -> NDArray[np.float64]:
    """Return the motion energy over a clip relative to its mean, `(time,)` at `MOTION_RATE_HZ` (bins, mean 1)."""
    pace = np.array(_pace(spec))
    course: NDArray[np.float64] = pace / pace.mean() if pace.mean() > 0 else np.ones(len(pace))
    return course


def _looks(spec: ClipSpec) -> tuple[NDArray[np.float64], float]:
    """Return a rendered clip's layout and ln of its contrast."""
    frames = render_clip(spec, width=96, height=54, fps=2.0)
    contrast = (frames.mean(axis=-1, dtype=np.float32) / 255).std(axis=(1, 2)).mean()
    return layout(frames), float(np.log(contrast + 1e-3))


def feature_vector(specs: Sequence[ClipSpec]) -> NDArray[np.float64]:
    """Return the numbers phi that drive the simulated EEG, `(clip, feature)`, named `FEATURE_NAMES`.

    Layout (18) and ln of the contrast as measured on the rendered clip, ln of the true optical flow, human, face,
    number, and the concept's code; each standardised with fixed constants, so about mean 0 and spread 1 over all
    concepts.
    """
    seen = [_looks(spec) for spec in specs]
    grid = (np.array([grid for grid, _ in seen]) - _LAYOUT_MEAN) / _LAYOUT_SPREAD
    contrast = (np.array([contrast for _, contrast in seen]) - _CONTRAST[0]) / _CONTRAST[1]
    motion = (np.log(optical_flow(specs) + 1e-3) - _MOTION[0]) / _MOTION[1]
    attributes = np.array([[getattr(spec, name) for name in _ATTRIBUTES] for spec in specs], np.float64)
    attributes = (attributes - _ATTRIBUTE_MEAN) / _ATTRIBUTE_SPREAD
    code = concept_code()[[spec.concept - 1 for spec in specs]]
    flat = grid.reshape(len(specs), -1)
    return np.concatenate([flat, contrast[:, None], motion[:, None], attributes, code], axis=1)


def caption(spec: ClipSpec) -> str:
    """Describe a clip in one lower-case sentence of 3 to 19 words; see `captions.caption`."""
    return captions.caption(spec, float(optical_flow([spec])[0]))
