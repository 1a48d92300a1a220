"""What a simulated clip is: every property that is later asked of the EEG, drawn from the clip's own seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.protocol import group_of
from eeg2vid.stages.simulation.palette import (
    BACKDROPS,
    COLOR_RGB,
    LOOKS,
    Floats,
    from_hsv,
    from_opponent,
    opponent,
)
from eeg2vid.stages.simulation.shapes import shape_area

# Clip seeds of studies, and of the films that the tiny models learn from and are judged by: disjoint, so that
# no tiny model has ever seen a clip of a simulated study.
STUDY_SEEDS = range(2**31)
TRAINING_SEEDS = range(2**31, 2**31 + 2**30)
JUDGING_SEEDS = range(2**31 + 2**30, 2**32)

RGB = tuple[float, float, float]
TRAVEL = 0.12  # the object swings this far to either side of its centre, fraction of the width
PAN = 0.5  # the backdrop's texture drifts the other way at this share of the object's speed
ASPECT = 16 / 9
COPY_SCALE = {1: 1.0, 2: 0.75, 3: 0.55}
COPIES = {1: 1, 2: 2, 3: 5}
COMPANION_SCALE = 0.8

_SCATTER_SEED = 20240711
_MEDIAN_SPEED = 0.142  # widths per second; puts the median optical flow near SEED-DV's 1.8
_SPEED_SPREAD = 0.72  # of ln(speed); SEED-DV's quartiles 1.07 and 2.84
_HUMAN_RATE = {
    "land animal": 0.05,
    "water animal": 0.05,
    "plant": 0.05,
    "exercise": 1.0,
    "human": 1.0,
    "natural scene": 0.14,
    "food": 0.14,
    "musical instrument": 0.5,
    "transportation": 0.16,
}
_ANIMAL_FACE_RATE = {"land animal": 0.35, "water animal": 0.14}
_HUMAN_FACE_RATE = 0.32
_NUMBER_RATES = {
    "land animal": (0.75, 0.08, 0.17),
    "water animal": (0.70, 0.05, 0.25),
    "plant": (0.50, 0.05, 0.45),
    "exercise": (0.60, 0.12, 0.28),
    "human": (1.0, 0.0, 0.0),
    "natural scene": (0.76, 0.04, 0.20),
    "food": (0.50, 0.08, 0.42),
    "musical instrument": (0.78, 0.06, 0.16),
    "transportation": (0.72, 0.06, 0.22),
}
_FACE, _COUPLE, _CROWD = 19, 20, 21
_COLOR_RATES = np.array([39, 66, 70, 75, 66, 31]) / 347  # SEED-DV, colours 1..6


@dataclass(frozen=True)
class ClipSpec:
    """One clip, completely: the same spec renders to the same frames at any size.

    Attributes
    ----------
    concept, color, number, human, face
        As in SEED-DV (concept 1..40, colour 0..6, number 1 2 3 = many, human and face 0 or 1).
    speed
        Of the objects, widths per second.
    direction
        Of the motion, turns (0 = to the right).
    center
        Mean place of the objects, fractions of width and height.
    size
        Radius of a single object, heights.
    tilt
        Of the objects, turns.
    object_rgb
        Their colour, RGB in [0, 1].
    background_rgb
        Colours of the backdrop at a grid of 2 rows x 3 columns, row by row.
    seed
        Everything else (texture phases) comes from it.
    """

    concept: int
    color: int
    number: int
    human: int
    face: int
    speed: float
    direction: float
    center: tuple[float, float]
    size: float
    tilt: float
    object_rgb: RGB
    background_rgb: tuple[RGB, RGB, RGB, RGB, RGB, RGB]
    seed: int

    @property
    def shape(self) -> str:
        """The concept's shape."""
        return LOOKS[self.concept - 1].shape

    @property
    def has_companion(self) -> bool:
        """Whether a person stands beside the objects (a person who is not the concept itself)."""
        return bool(self.human) and self.shape not in ("person", "face")


@dataclass(frozen=True)
class _Tendency:
    """Where a concept's clips scatter around (standard deviations between concepts = within)."""

    place: Floats  # (2,) standard normal
    log_speed: float
    size: float
    color: int
    color_rate: float
    columns: Floats  # (3,) left-right gradient of the backdrop, opponent


@lru_cache(maxsize=64)
def _tendency(concept: int) -> _Tendency:
    rng = np.random.default_rng([_SCATTER_SEED, concept])
    return _Tendency(
        place=rng.standard_normal(2),
        log_speed=float(rng.standard_normal()),
        size=float(rng.standard_normal()),
        color=int(rng.integers(1, 7)),
        color_rate=float(rng.uniform(0.05, 0.45)),
        columns=rng.standard_normal(3),
    )


@lru_cache(maxsize=1)
def _backdrop_spread() -> Floats:
    """Return the spread of the concepts' backdrops, (top/bottom, opponent): the clips scatter as widely."""
    table = np.array([[BACKDROPS[look.backdrop].top, BACKDROPS[look.backdrop].bottom] for look in LOOKS])
    spread: Floats = table.std(axis=0)
    return spread


def _rgb(values: Floats) -> RGB:
    red, green, blue = np.clip(values, 0.02, 0.98).tolist()
    return red, green, blue


def _background(concept: int, color: int, rng: np.random.Generator) -> tuple[RGB, RGB, RGB, RGB, RGB, RGB]:
    backdrop = BACKDROPS[LOOKS[concept - 1].backdrop]
    rows = np.array([backdrop.top, backdrop.bottom]) + _backdrop_spread() * rng.standard_normal((2, 3))
    tilt = (_tendency(concept).columns + rng.standard_normal(3)) / np.sqrt(2) * np.array([0.10, 0.06, 0.08])
    cells = rows[:, None, :] + np.array([-1.0, 0.0, 1.0])[None, :, None] * tilt
    cells += rng.standard_normal((2, 3, 3)) * np.array([0.05, 0.03, 0.04])
    if color:  # a main colour colours the whole scene
        cells += 0.45 * (opponent(np.array(COLOR_RGB[color])) - cells) * np.array([0.6, 1.0, 1.0])
    one, two, three, four, five, six = (_rgb(rgb) for rgb in from_opponent(cells.reshape(6, 3)))
    return one, two, three, four, five, six


def make_spec(concept: int, seed: int) -> ClipSpec:
    """Draw the clip of a concept that belongs to a seed: the same two numbers, the same clip.

    Base rates and their dependence on the concept follow SEED-DV's tables (colour 0 for three quarters, a
    human in 400 of 1400, ...); layout, colour and speed scatter within a concept as much as between concepts.

    Raises
    ------
    ValueError
        If the concept is not 1..40.
    """
    group = group_of(concept)
    if group is None:
        raise ValueError(f"concept {concept}: expected 1..40")
    rng = np.random.default_rng([_SCATTER_SEED, concept, seed])
    tendency, look = _tendency(concept), LOOKS[concept - 1]
    human = int(rng.random() < _HUMAN_RATE[group])
    face_rate = _HUMAN_FACE_RATE if human else _ANIMAL_FACE_RATE.get(group, 0.0)
    face = int(concept == _FACE or rng.random() < face_rate)
    number = 1 + int(rng.choice(3, p=_NUMBER_RATES[group]))
    number = {_FACE: 1, _COUPLE: 2, _CROWD: 3}.get(concept, number)
    color = 0
    if rng.random() < tendency.color_rate:
        color = tendency.color if rng.random() < 0.5 else 1 + int(rng.choice(6, p=_COLOR_RATES))
    place, log_speed, size = rng.standard_normal(2), rng.standard_normal(), rng.standard_normal()
    offset = (tendency.place + place) / np.sqrt(2)
    hue = look.hue + rng.normal(0, 0.12)
    rgb = from_hsv(hue, rng.uniform(0.45, 0.9), rng.uniform(0.5, 0.95))
    if color:
        rgb = np.array(COLOR_RGB[color]) * rng.uniform(0.85, 1.1)
    return ClipSpec(
        concept=concept,
        color=color,
        number=number,
        human=human,
        face=face,
        speed=float(
            np.clip(_MEDIAN_SPEED * np.exp(_SPEED_SPREAD * (tendency.log_speed + log_speed) / np.sqrt(2)), 0.012, 0.66)
        ),
        direction=float(0.5 * rng.integers(2) + rng.uniform(-0.08, 0.08)),
        center=(
            float(np.clip(0.5 + 0.15 * offset[0], 0.2, 0.8)),
            float(np.clip(0.52 + 0.10 * offset[1], 0.3, 0.72)),
        ),
        size=float(np.clip(0.31 * np.exp(0.2 * (tendency.size + size) / np.sqrt(2)), 0.21, 0.44)),
        tilt=float(rng.uniform(-0.03, 0.03)),
        object_rgb=_rgb(rgb),
        background_rgb=_background(concept, color, rng),
        seed=seed,
    )


def sample_specs(concepts: Sequence[int], rng: np.random.Generator, *, seeds: range = STUDY_SEEDS) -> list[ClipSpec]:
    """Draw one clip for each entry of `concepts`, with distinct clip seeds out of `seeds`.

    Raises
    ------
    ValueError
        If there are fewer seeds than clips.
    """
    if len(seeds) < len(concepts):
        raise ValueError(f"{len(concepts)} clips need as many seeds, found {len(seeds)}")
    chosen: list[int] = []
    while len(chosen) < len(concepts):
        more = rng.integers(seeds.start, seeds.stop, len(concepts) - len(chosen)).tolist()
        chosen = list(dict.fromkeys(chosen + more))
    return [make_spec(int(concept), seed) for concept, seed in zip(concepts, chosen, strict=True)]


def check_seeds(specs: Iterable[ClipSpec], seeds: range) -> None:
    """Refuse clips whose seed lies outside a range.

    Raises
    ------
    UsageError
        Naming the first such clip.
    """
    for spec in specs:
        if spec.seed not in seeds:
            raise UsageError(
                f"Clip seed {spec.seed} lies outside {seeds.start}..{seeds.stop - 1}.",
                "Studies and the films that tiny models are trained on use disjoint seeds.",
            )


def covered(spec: ClipSpec) -> float:
    """Return the share of the frame that the objects cover (overlaps not subtracted), at most 0.8."""
    radius = spec.size * COPY_SCALE[spec.number]
    area = COPIES[spec.number] * shape_area(spec.shape) * radius**2
    if spec.has_companion:
        area += shape_area("person") * (COMPANION_SCALE * spec.size) ** 2
    return min(area / ASPECT, 0.8)


def optical_flow(specs: Sequence[ClipSpec], *, width: int = 512, fps: float = 24.0) -> NDArray[np.float64]:
    """Return the mean optical-flow magnitude of clips from their known motion, `(clip,)` in px per frame.

    The objects move at `speed`, the backdrop's texture at `PAN` times that. At 512 px and 24 frames per second
    the values spread like SEED-DV's scores (0.11 .. 9.8, median 1.8).
    """
    share = np.array([covered(spec) for spec in specs])
    speed = np.array([spec.speed for spec in specs])
    flow: NDArray[np.float64] = speed * width / fps * (share + PAN * (1 - share))
    return flow
