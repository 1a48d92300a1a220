"""Simulated films and what is known about them: numbers that drive the simulated brain, motion, captions.

`make_spec`/`sample_specs` say what a clip is, `render_clip` draws it, `flow_field`, `optical_flow`, `motion_course`,
`rightward_flow`, `feature_vector`, `describe` and `caption` describe it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import GROUPS, group_of
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
    "COURSE_STEPS",
    "FEATURE_NAMES",
    "JUDGING_SEEDS",
    "MOTION_RATE_HZ",
    "STUDY_SEEDS",
    "TRAINING_SEEDS",
    "ClipSpec",
    "caption",
    "check_seeds",
    "concept_code",
    "describe",
    "feature_vector",
    "flow_field",
    "flow_fields",
    "layout",
    "make_spec",
    "motion_course",
    "optical_flow",
    "render_clip",
    "rightward_flow",
    "sample_specs",
]

CODE_FEATURES = 6
MOTION_RATE_HZ = 8.0  # of `motion_course`
COURSE_RATE_HZ = 3.0  # at which layout and direction of motion are followed through a clip
COURSE_STEPS = round(DURATION_S * COURSE_RATE_HZ)
_CODE_SEED = 40_000_001
_FLOW_SIZE = (48, 27)  # px; the true flow is smooth enough
_ATTRIBUTES = ("human", "face", "number")
FEATURE_NAMES: tuple[str, ...] = (
    *(f"{value}-{row}-{column}" for row in ("top", "bottom") for column in ("left", "middle", "right")
      for value in ("luminance", "red-green", "blue-yellow")),
    "contrast",
    "motion",
    "direction",
    *_ATTRIBUTES,
    *(f"concept-{k + 1}" for k in range(CODE_FEATURES)),
)  # fmt: skip

# Mean and spread of the raw features, measured once over 4000 clips of the training range, all concepts alike.
# Fixed, so that a study of ten concepts has the same features (and the same signal) as one of forty.
_LAYOUT_MEAN = np.array([0.452, -0.023, -0.010])
_LAYOUT_SPREAD = np.array([0.189, 0.135, 0.175])
_CONTRAST = (-1.854, 0.292)  # of ln(standard deviation of luminance within a frame)
_MOTION = (0.582, 0.775)  # of ln(optical flow)
_DIRECTION = 1.0  # of arsinh(flow to the right / 1 px per frame); to the left as often
_GROUP_SHARE = 0.5  # of the variance of concepts' codes that lies between groups
_ATTRIBUTE_MEAN = np.array([0.286, 0.179, 1.606])  # SEED-DV's own base rates
_ATTRIBUTE_SPREAD = np.array([0.452, 0.383, 0.871])


def concept_code() -> NDArray[np.float64]:
    """Return the fixed vector of every concept, `(concept, code)`, mean 0 and spread 1 over the 40.

    It is the random centre of the concept's group and a random deviation of its own, so that what is learned from some
    concepts tells something of others.
    """
    rng = np.random.default_rng(_CODE_SEED)
    centres, own = rng.standard_normal((len(GROUPS), CODE_FEATURES)), rng.standard_normal((len(LOOKS), CODE_FEATURES))
    groups = list(GROUPS)
    mine = centres[[groups.index(str(group_of(concept + 1))) for concept in range(len(LOOKS))]]
    parts = [(part - part.mean(axis=0)) / part.std(axis=0) for part in (mine, own)]
    code = np.sqrt(_GROUP_SHARE) * parts[0] + np.sqrt(1 - _GROUP_SHARE) * parts[1]
    standard: NDArray[np.float64] = (code - code.mean(axis=0)) / code.std(axis=0)
    return standard


@lru_cache(maxsize=8192)
def _pace(spec: ClipSpec) -> tuple[tuple[float, float], ...]:
    """Return mean speed and mean flow to the right over the frame at every 1 / `MOTION_RATE_HZ` s.

    Both in px per frame at 512 px, 24 frames/s.
    """
    width, height = _FLOW_SIZE
    times = (np.arange(round(DURATION_S * MOTION_RATE_HZ), dtype=np.float64) + 0.5) / MOTION_RATE_HZ
    flow = flow_fields(spec, times, width, height, fps=24.0)
    speed = np.sqrt((flow**2).sum(axis=-1)).mean(axis=(1, 2)) * 512 / width
    right = flow[..., 0].mean(axis=(1, 2)) * 512 / width
    return tuple(zip(speed.astype(np.float64).tolist(), right.astype(np.float64).tolist(), strict=True))


def optical_flow(specs: Sequence[ClipSpec], *, width: int = 512, fps: float = 24.0) -> NDArray[np.float64]:
    """Return the mean magnitude of clips' true optical flow, `(clip,)` in px per frame at this width and rate.

    At 512 px and 24 frames per second the values spread like SEED-DV's scores (quartiles 1.07, 1.80, 2.84).
    """
    mean = np.array([np.mean([speed for speed, _ in _pace(spec)]) for spec in specs])
    flow: NDArray[np.float64] = mean * (width / 512) * (24.0 / fps)
    return flow


def motion_course(spec: ClipSpec) -> NDArray[np.float64]:
    """Return the motion energy over a clip relative to its mean, `(time,)` at `MOTION_RATE_HZ` (bins, mean 1)."""
    pace = np.array([speed for speed, _ in _pace(spec)])
    course: NDArray[np.float64] = pace / pace.mean() if pace.mean() > 0 else np.ones(len(pace))
    return course


def rightward_flow(spec: ClipSpec) -> NDArray[np.float64]:
    """Return the mean flow to the right over a clip, `(time,)` at `MOTION_RATE_HZ`, px per frame as `optical_flow`."""
    return np.array([right for _, right in _pace(spec)])


def _looks(spec: ClipSpec) -> tuple[NDArray[np.float64], float]:
    """Return a rendered clip's layout at every step of its course and ln of its contrast."""
    frames = render_clip(spec, width=96, height=54, fps=COURSE_RATE_HZ)
    contrast = (frames.mean(axis=-1, dtype=np.float32) / 255).std(axis=(1, 2)).mean()
    return layout(frames[:, None]), float(np.log(contrast + 1e-3))


def _direction(spec: ClipSpec) -> NDArray[np.float64]:
    """Return the direction of motion at every step of a clip's course: large flows count less than in proportion."""
    known = (np.arange(round(DURATION_S * MOTION_RATE_HZ)) + 0.5) / MOTION_RATE_HZ
    steps = (np.arange(COURSE_STEPS) + 0.5) / COURSE_RATE_HZ
    course: NDArray[np.float64] = np.arcsinh(np.interp(steps, known, rightward_flow(spec))) / _DIRECTION
    return course


def describe(specs: Sequence[ClipSpec]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what drives the simulated EEG: numbers of whole clips, and how they change within.

    Returns
    -------
    phi
        `(clip, feature)`, named `FEATURE_NAMES`: layout (18) and ln of the contrast as measured on the rendered clip,
        ln of the true optical flow, direction (arsinh of the flow to the right, positive, or left), human, face,
        number, and the concept's code; each standardised with fixed constants, so about mean 0 and spread 1 over all
        concepts.
    course
        `(clip, step, feature)`: by how much each third of a second differs from phi; 0 but for layout and direction.
    """
    seen = [_looks(spec) for spec in specs]
    grid = (np.array([grid for grid, _ in seen]) - _LAYOUT_MEAN) / _LAYOUT_SPREAD  # (clip, step, row, column, value)
    grid = grid.reshape(len(specs), COURSE_STEPS, -1)
    contrast = (np.array([contrast for _, contrast in seen]) - _CONTRAST[0]) / _CONTRAST[1]
    motion = (np.log(optical_flow(specs) + 1e-3) - _MOTION[0]) / _MOTION[1]
    direction = np.array([_direction(spec) for spec in specs])
    attributes = np.array([[getattr(spec, name) for name in _ATTRIBUTES] for spec in specs], np.float64)
    attributes = (attributes - _ATTRIBUTE_MEAN) / _ATTRIBUTE_SPREAD
    code = concept_code()[[spec.concept - 1 for spec in specs]]
    still = [contrast[:, None], motion[:, None], direction.mean(axis=1, keepdims=True)]
    phi = np.concatenate([grid.mean(axis=1), *still, attributes, code], axis=1)
    course = np.zeros((len(specs), COURSE_STEPS, len(FEATURE_NAMES)))
    course[:, :, : grid.shape[2]] = grid - grid.mean(axis=1, keepdims=True)
    course[:, :, FEATURE_NAMES.index("direction")] = direction - direction.mean(axis=1, keepdims=True)
    return phi, course


def feature_vector(specs: Sequence[ClipSpec]) -> NDArray[np.float64]:
    """Return the numbers phi that drive the simulated EEG, `(clip, feature)`, see `describe`."""
    return describe(specs)[0]


def caption(spec: ClipSpec) -> str:
    """Describe a clip in one lower-case sentence of 3 to 19 words; see `captions.caption`."""
    return captions.caption(spec, float(optical_flow([spec])[0]))
