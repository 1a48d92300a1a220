"""The fine classes of the tiny classifiers, the attributes beside them, and pictures that show no concept.

A score such as "50-way top-1" needs many more classes than it draws, so the classes are finer than the 40 concepts:
concept x kind for a picture ("cat, striped cat"), concept x speed for a film ("cat, moving fast"), and eight sorts of
pictures without any concept. The probability of a concept is the sum over its classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from films_data import Batch, Films
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import CONCEPT_NAMES
from eeg2vid.stages.simulation.captions import FAST, SLOW, VARIANTS
from eeg2vid.stages.simulation.films import ClipSpec, optical_flow
from eeg2vid.stages.simulation.looks import LOOKS

SPEEDS = ("moving slowly", "moving", "moving fast")
COLORS = ("no main colour", "red", "green", "blue", "yellow", "white", "grey")
SPEED_SCALE = (0.72, 0.74)  # mean and spread of ln(flow) that the regression is standardised with

DISTRACTORS = (
    "noise",
    "fog",
    "flat colour",
    "gradient",
    "grating",
    "checkerboard",
    "scrambled picture",
    "blurred picture",
)
DISTRACTOR = 0  # the concept of a distractor
Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class FineClasses:
    """A list of classes.

    Attributes
    ----------
    names
        What each class is called, unique.
    concepts
        Its concept 1..40, 0 for a distractor.
    """

    names: tuple[str, ...]
    concepts: tuple[int, ...]

    def index(self, concept: int, *variant: str) -> int:
        """Return the number of a class."""
        return self.names.index(", ".join((CONCEPT_NAMES[concept - 1], *variant)))

    def sums(self) -> NDArray[np.float32]:
        """Return the matrix `(class, 41)` that adds up probabilities per concept; column 0 is "no concept"."""
        table = np.zeros((len(self.names), 41), np.float32)
        table[np.arange(len(self.names)), self.concepts] = 1
        return table


def _classes(variants: dict[int, list[tuple[str, ...]]]) -> FineClasses:
    rows = [(", ".join((CONCEPT_NAMES[c - 1], *v)), c) for c, some in variants.items() for v in some]
    rows += [(name, DISTRACTOR) for name in DISTRACTORS]
    return FineClasses(tuple(name for name, _ in rows), tuple(concept for _, concept in rows))


def kind_of(concept: int, variant: int) -> str:
    """Return the words for one of the three kinds of a concept, as its films are drawn: "sunflower"."""
    words = VARIANTS[concept - 1][variant].split("|")[0]
    return "plain" if words == "*" else words.replace("*", LOOKS[concept - 1].singular)


IMAGE_CLASSES = _classes({c: [(kind_of(c, k),) for k in range(3)] for c in range(1, 41)})
VIDEO_CLASSES = _classes({c: [(speed,) for speed in SPEEDS] for c in range(1, 41)})


def image_labels(specs: Sequence[ClipSpec]) -> NDArray[np.int64]:
    """Return the class of any picture of each clip, by the kind that is drawn."""
    found = [IMAGE_CLASSES.index(spec.concept, kind_of(spec.concept, spec.variant)) for spec in specs]
    return np.array(found, np.int64)


def video_labels(specs: Sequence[ClipSpec], flow: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the class of each clip, by its true mean flow; slow and fast are as in the captions."""
    speeds = np.digitize(flow, [SLOW, FAST])
    found = [VIDEO_CLASSES.index(spec.concept, SPEEDS[int(k)]) for spec, k in zip(specs, speeds, strict=True)]
    return np.array(found, np.int64)


class FlowingFilms(Films):
    """Films whose batches have `flow`, `(clip,)`: worked out by whoever renders them."""

    def batch(self, count: int, seed: int, step: int = 0) -> Batch:
        """Draw and render batch number `step` of `count` clips."""
        made = super().batch(count, seed, step)
        return made if "flow" in made else {**made, "flow": optical_flow(made["specs"])}


def heads(*, moving: bool) -> list[dict[str, Any]]:
    """Return the attribute heads, as they are written to `attributes.json`.

    A still picture does not show speed: only a video model has that head. It predicts (ln(flow) - mean) / spread,
    flow in px per frame at 512 px and 24 frames per second.
    """
    some: list[dict[str, Any]] = [
        {"name": "color", "kind": "classes", "labels": list(COLORS)},
        {"name": "number", "kind": "classes", "labels": ["one", "two", "many"]},
        {"name": "human", "kind": "classes", "labels": ["no", "yes"]},
        {"name": "face", "kind": "classes", "labels": ["no", "yes"]},
    ]
    if moving:
        mean, spread = SPEED_SCALE
        some.append({"name": "speed", "kind": "regression", "of": "ln(flow)", "mean": mean, "spread": spread})
    return some


def attributes(specs: Sequence[ClipSpec], flow: NDArray[np.float64] | None = None) -> dict[str, NDArray[Any]]:
    """Return the target of every head, `(clip,)`: class numbers from 0, or (speed, if there is `flow`) a value."""
    targets: dict[str, NDArray[Any]] = {
        "color": np.array([spec.color for spec in specs], np.int64),
        "number": np.array([spec.number - 1 for spec in specs], np.int64),
        "human": np.array([spec.human for spec in specs], np.int64),
        "face": np.array([spec.face for spec in specs], np.int64),
    }
    if flow is not None:
        speed = np.log(np.maximum(flow, 0.05))
        targets["speed"] = ((speed - SPEED_SCALE[0]) / SPEED_SCALE[1]).astype(np.float32)
    return targets


def _smooth(grid: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Enlarge `(..., rows, columns, 3)` bilinearly."""
    for axis, size in ((-3, height), (-2, width)):
        places = np.linspace(0, grid.shape[axis] - 1, size)
        low = np.minimum(places.astype(int), grid.shape[axis] - 2)
        share = (places - low).reshape(-1, *(1,) * (-axis - 1))
        grid = (1 - share) * grid.take(low, axis) + share * grid.take(low + 1, axis)
    return grid


def _texture(kind: str, height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a still `(height, width, 3)` in [0, 1] of one kind."""
    one, two = rng.random((2, 3))
    if kind == "flat colour":
        return np.broadcast_to(one, (height, width, 3))
    y, x = np.mgrid[:height, :width] / height
    angle, phase = rng.uniform(0, 2 * np.pi, 2)
    along = x * np.cos(angle) + y * np.sin(angle)
    if kind == "gradient":
        share = (along - along.min()) / np.ptp(along)
    elif kind == "grating":
        share = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(2, 10) * along + phase)
    else:  # checkerboard
        side = rng.integers(4, 17) / height
        share = ((x // side + y // side) % 2).astype(np.float64)
    return one + share[..., None] * (two - one)


def distract(kind: str, film: Frames, rng: np.random.Generator) -> Frames:
    """Turn a film into one of the `DISTRACTORS`, of the same shape.

    Noise flickers, a fog or a pattern drifts, and a scrambled or blurred film moves as the film did.

    Parameters
    ----------
    kind
        One of `DISTRACTORS`.
    film
        uint8 `(frame, height, width, 3)`, height and width multiples of 16.
    """
    count, height, width, _ = film.shape
    if kind == "noise":
        grey = rng.random() < 0.5
        noise = rng.normal(rng.uniform(80, 176), rng.uniform(25, 80), (count, height, width, 1 if grey else 3))
        return np.broadcast_to(noise, film.shape).clip(0, 255).astype(np.uint8)
    if kind == "scrambled picture":
        rows, columns = height // 16, width // 16
        blocks = film.reshape(count, rows, 16, columns, 16, 3).swapaxes(2, 3).reshape(count, -1, 16, 16, 3)
        blocks = blocks[:, rng.permutation(rows * columns)].reshape(count, rows, columns, 16, 16, 3)
        return np.ascontiguousarray(blocks.swapaxes(2, 3).reshape(film.shape))
    if kind == "blurred picture":
        means = film.reshape(count, height // 16, 16, width // 16, 16, 3).mean(axis=(2, 4))
        return _smooth(means, height, width).round().astype(np.uint8)
    drift = np.clip(rng.normal(0, 6, 2), -12, 12) * (kind != "gradient")
    places = np.round(np.arange(count)[:, None] * (drift - np.minimum(drift, 0) * 2)).astype(int)
    tall, wide = height + int(places[-1, 0]), width + int(places[-1, 1])
    if kind == "fog":
        rows = int(rng.integers(3, 9))
        still = _smooth(rng.random((rows * tall // height, 2 * rows * wide // width, 3)), tall, wide)
    else:
        still = _texture(kind, tall, wide, rng)
    still = (255 * still).round().clip(0, 255).astype(np.uint8)
    places = np.where(drift < 0, places[-1] - places, places)
    return np.stack([still[y : y + height, x : x + width] for y, x in places.tolist()])
