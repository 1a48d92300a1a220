"""What a simulated clip is: every property that is later asked of the EEG, drawn from the clip's own seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.protocol import group_of
from eeg2vid.stages.simulation.drawing.backdrops import SCENES
from eeg2vid.stages.simulation.looks import LOOKS
from eeg2vid.stages.simulation.palette import COLOR_RGB, Floats, from_opponent

# Clip seeds of studies, and of the films that the tiny models learn from and are judged by: disjoint, so that
# no tiny model has ever seen a clip of a simulated study.
STUDY_SEEDS = range(2**31)
TRAINING_SEEDS = range(2**31, 2**31 + 2**30)
JUDGING_SEEDS = range(2**31 + 2**30, 2**32)

RGB = tuple[float, float, float]
FACE, COUPLE, CROWD = 19, 20, 21

_SCATTER_SEED = 20240711
_MEDIAN_SPEED = 0.127  # widths per second; puts the median optical flow near SEED-DV's 1.8
_SPEED_SPREAD = 0.77  # of ln(speed); SEED-DV's quartiles 1.07 and 2.84
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
_ANIMAL_FACE_RATE = {"land animal": 0.45}
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
_COLOR_RATES = np.array([39, 66, 70, 75, 66, 31]) / 347  # SEED-DV, colours 1..6
_TYPICAL = 0.6  # how often a clip with a main colour has its concept's own
_TINT = np.array([0.11, 0.045, 0.055])  # scatter of the backdrop's cells: luminance, red-green, blue-yellow
_GRADE = np.array([0.14, 0.05, 0.07])  # scatter of the whole picture's ln gain


@dataclass(frozen=True)
class ClipSpec:
    """One clip, completely: the same spec renders to the same frames at any size.

    Attributes
    ----------
    concept, color, number, human, face
        As in SEED-DV (concept 1..40, colour 0..6, number 1 2 3 = many, human and face 0 or 1).
    speed
        Pace of everything, widths per second: what travels covers the scene at it, the camera pans or zooms by it.
    heading
        +1 to the right, -1 to the left.
    turn
        Direction of a pan that follows nothing, turns (0 = to the right).
    zoom
        Share of the camera's pace that goes into zooming, -1 (out) .. 1 (in).
    surge
        Depth, frequency (Hz) and phase (turns) of the changes of pace within the clip.
    center
        Place of the objects, fractions of width and height.
    size
        Factor on the concept's size.
    variant
        Which of the concept's three kinds it is (a daisy, a tulip, a sunflower), 0..2; see `captions.VARIANTS`.
    scene, light
        Where it happens and in what light, see `drawing.backdrops`.
    rgb, accent
        Main and second colour of the objects, RGB in [0, 1].
    tints
        What is added to the backdrop, RGB at a grid of 2 rows x 3 columns, row by row.
    grade
        Gain of the whole picture's red, green and blue.
    seed
        Everything else (details of the drawing) comes from it.
    """

    concept: int
    color: int
    number: int
    human: int
    face: int
    speed: float
    heading: int
    turn: float
    zoom: float
    surge: tuple[float, float, float]
    center: tuple[float, float]
    size: float
    variant: int
    scene: str
    light: str
    rgb: RGB
    accent: RGB
    tints: tuple[RGB, RGB, RGB, RGB, RGB, RGB]
    grade: RGB
    seed: int

    @property
    def has_companion(self) -> bool:
        """Whether a person is beside or upon the objects (a person who is not the concept itself)."""
        return bool(self.human) and group_of(self.concept) not in ("exercise", "human")


@dataclass(frozen=True)
class _Tendency:
    """Where a concept's clips scatter around (standard deviations between concepts = within)."""

    place: Floats  # (2,) standard normal
    log_speed: float
    tints: Floats  # (2, 3, 3) standard normal, opponent


@lru_cache(maxsize=64)
def _tendency(concept: int) -> _Tendency:
    rng = np.random.default_rng([_SCATTER_SEED, concept])
    return _Tendency(rng.standard_normal(2), float(rng.standard_normal()), rng.standard_normal((2, 3, 3)))


def _rgb(values: Floats, low: float = 0.02, high: float = 0.98) -> RGB:
    red, green, blue = np.clip(values, low, high).tolist()
    return red, green, blue


def _tints(concept: int, color: int, rng: np.random.Generator) -> tuple[RGB, RGB, RGB, RGB, RGB, RGB]:
    draws = rng.standard_normal((2, 3, 3)) + 0.7 * rng.standard_normal((2, 1, 3))
    cells = (0.35 * _tendency(concept).tints + 0.65 * draws) * _TINT
    if color:  # a main colour colours the whole scene
        own = np.array(COLOR_RGB[color])
        cells += 0.16 * (np.array([own.mean() - 0.5, own[0] - own[1], own[2] - (own[0] + own[1]) / 2]))
    one, two, three, four, five, six = (_rgb(rgb, -0.6, 0.6) for rgb in from_opponent(cells.reshape(6, 3)))
    return one, two, three, four, five, six


def _colors(concept: int, color: int, rng: np.random.Generator) -> tuple[RGB, RGB]:
    """Draw the main and the second colour of the objects."""
    look = LOOKS[concept - 1]
    natural = np.array(look.colors[int(rng.integers(len(look.colors)))])
    rgb = natural * np.exp(0.10 * rng.standard_normal()) + 0.04 * rng.standard_normal(3)
    gain = rng.uniform(0.88, 1.08)
    if color:
        rgb = 0.12 * natural + 0.88 * gain * np.array(COLOR_RGB[color])
    accent = rng.uniform(0.15, 0.95, 3)
    away = np.abs(accent - rgb).max() < 0.35
    return _rgb(rgb, 0.05), _rgb(np.where(away, 1 - rgb, accent), 0.08)


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
    face = int(concept == FACE or rng.random() < face_rate)
    number = 1 + int(rng.choice(3, p=_NUMBER_RATES[group]))
    number = {FACE: 1, COUPLE: 2, CROWD: 3}.get(concept, number)
    has_color, typical = rng.random() < look.color_rate, rng.random() < _TYPICAL
    other = 1 + int(rng.choice(6, p=_COLOR_RATES))
    color = 0 if not has_color else look.color if typical else other
    place, log_speed, size = rng.standard_normal(2), float(rng.standard_normal()), float(rng.standard_normal())
    offset = (tendency.place + place) / np.sqrt(2)
    scene = look.scenes[int(rng.integers(len(look.scenes)))]
    lights = SCENES[scene].lights
    light = lights[int(rng.integers(len(lights)))]
    pace = _MEDIAN_SPEED * np.exp(_SPEED_SPREAD * (tendency.log_speed + log_speed) / np.sqrt(2))
    style, inward, around = rng.random(), rng.random(), rng.normal(0, 0.06)
    zoom = 0.0 if style < 0.6 else (1.0 if inward < 0.65 else -1.0) * (1.0 if style > 0.85 else 0.5)
    rgb, accent = _colors(concept, color, rng)
    heading = int(rng.choice([-1, 1]))
    return ClipSpec(
        concept=concept,
        color=color,
        number=number,
        human=human,
        face=face,
        speed=float(np.clip(pace, 0.012, 0.80)),
        heading=heading,
        turn=float((0.5 * (heading < 0) + around) % 1.0),
        zoom=zoom,
        surge=(float(rng.uniform(0.0, 0.85)), float(rng.uniform(0.25, 1.0)), float(rng.random())),
        center=(
            float(np.clip(0.5 + 0.11 * offset[0], 0.28, 0.72)),
            float(np.clip(0.5 + 0.06 * offset[1], 0.36, 0.64)),
        ),
        size=float(np.clip(np.exp(0.14 * size), 0.72, 1.35)),
        variant=int(rng.integers(3)),
        scene=scene,
        light=light,
        rgb=rgb,
        accent=accent,
        tints=_tints(concept, color, rng),
        grade=_rgb(np.exp(from_opponent(_GRADE * rng.standard_normal(3)) - 0.04), 0.5, 1.7),
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
