"""How the forty concepts of the simulated films look: one row each, plus backdrops and colours.

The look only has to be recognisable (shape x texture x backdrop x hue), not natural. Clips of one concept
scatter around its row as widely as the rows scatter around each other; see `specs.make_spec`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Look(NamedTuple):
    """The fixed part of a concept's appearance."""

    singular: str
    plural: str
    shape: str
    texture: str
    backdrop: str
    hue: float  # turns


class Backdrop(NamedTuple):
    """A kind of scene: the words for it, and its opponent colour (luminance, red-green, blue-yellow)."""

    place: str
    top: tuple[float, float, float]
    bottom: tuple[float, float, float]


BACKDROPS: dict[str, Backdrop] = {
    "meadow": Backdrop("on green grass", (0.62, -0.06, 0.20), (0.42, -0.20, -0.18)),
    "forest": Backdrop("in a forest", (0.36, -0.16, -0.10), (0.24, -0.06, -0.10)),
    "beach": Backdrop("on a beach", (0.68, -0.06, 0.22), (0.62, 0.10, -0.22)),
    "sea": Backdrop("in the sea", (0.50, -0.10, 0.26), (0.30, -0.12, 0.22)),
    "night": Backdrop("in the night", (0.14, 0.00, 0.08), (0.12, 0.02, 0.04)),
    "room": Backdrop("in a room", (0.60, 0.08, -0.08), (0.40, 0.14, -0.14)),
    "snow": Backdrop("in the snow", (0.66, -0.04, 0.16), (0.82, 0.00, 0.04)),
    "street": Backdrop("on a street", (0.56, 0.00, 0.06), (0.34, 0.02, -0.02)),
    "stage": Backdrop("on a stage", (0.22, 0.14, 0.08), (0.34, 0.18, -0.06)),
    "table": Backdrop("on a table", (0.46, 0.10, -0.12), (0.62, 0.14, -0.18)),
    "sky": Backdrop("in the sky", (0.48, -0.06, 0.32), (0.70, -0.02, 0.16)),
}

# index = SEED-DV concept id - 1
LOOKS: tuple[Look, ...] = (
    Look("cat", "cats", "quadruped", "stripes", "room", 0.08),
    Look("dog", "dogs", "quadruped", "plain", "meadow", 0.10),
    Look("elephant", "elephants", "quadruped", "weave", "forest", 0.62),
    Look("horse", "horses", "quadruped", "waves", "street", 0.05),
    Look("panda", "pandas", "disc", "dots", "forest", 0.95),
    Look("rabbit", "rabbits", "flower", "plain", "snow", 0.90),
    Look("bird", "birds", "crescent", "stripes", "sky", 0.00),
    Look("fish", "fish", "fish", "stripes", "sea", 0.12),
    Look("jellyfish", "jellyfish", "balloon", "waves", "sea", 0.85),
    Look("shark", "sharks", "fish", "plain", "sea", 0.60),
    Look("turtle", "turtles", "ellipse", "checks", "beach", 0.33),
    Look("flower", "flowers", "flower", "waves", "meadow", 0.93),
    Look("mushroom", "mushrooms", "tree", "dots", "forest", 0.02),
    Look("tree", "trees", "tree", "grain", "meadow", 0.30),
    Look("boxer", "boxers", "person", "checks", "stage", 0.00),
    Look("dancer", "dancers", "person", "waves", "stage", 0.80),
    Look("runner", "runners", "person", "plain", "street", 0.58),
    Look("skier", "skiers", "person", "stripes", "snow", 0.05),
    Look("face", "faces", "face", "plain", "room", 0.06),
    Look("couple", "couples", "person", "dots", "beach", 0.95),
    Look("crowd", "crowds", "person", "grain", "street", 0.70),
    Look("beach umbrella", "beach umbrellas", "crescent", "checks", "beach", 0.15),
    Look("building", "buildings", "square", "checks", "street", 0.60),
    Look("mountain", "mountains", "triangle", "grain", "sky", 0.40),
    Look("road", "roads", "bar", "stripes", "street", 0.15),
    Look("waterfall", "waterfalls", "bar", "waves", "forest", 0.55),
    Look("firework", "fireworks", "star", "grain", "night", 0.13),
    Look("banana", "bananas", "crescent", "plain", "table", 0.16),
    Look("cake", "cakes", "square", "stripes", "table", 0.95),
    Look("drink", "drinks", "bar", "dots", "table", 0.08),
    Look("pizza", "pizzas", "disc", "grain", "table", 0.06),
    Look("watermelon", "watermelons", "ellipse", "stripes", "meadow", 0.35),
    Look("drum", "drums", "ring", "checks", "stage", 0.02),
    Look("guitar", "guitars", "balloon", "stripes", "stage", 0.08),
    Look("piano", "pianos", "square", "stripes", "room", 0.66),
    Look("motorcycle", "motorcycles", "car", "checks", "street", 0.00),
    Look("car", "cars", "car", "plain", "street", 0.60),
    Look("hot-air balloon", "hot-air balloons", "balloon", "checks", "sky", 0.00),
    Look("airplane", "airplanes", "cross", "plain", "sky", 0.62),
    Look("ship", "ships", "ship", "waves", "sea", 0.05),
)

# SEED-DV coding of the main colour; 0 means "no single main colour"
COLOR_WORDS = ("", "red", "green", "blue", "yellow", "white", "grey")
COLOR_RGB = (
    (0.50, 0.50, 0.50),
    (0.82, 0.14, 0.14),
    (0.16, 0.62, 0.20),
    (0.16, 0.30, 0.82),
    (0.90, 0.80, 0.16),
    (0.94, 0.94, 0.94),
    (0.52, 0.52, 0.54),
)
SKIN_RGB = (0.86, 0.66, 0.54)
DARK_RGB = (0.10, 0.08, 0.10)


def opponent(rgb: Floats) -> Floats:
    """Turn RGB in [0, 1] into luminance, red-green and blue-yellow, along the last axis."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    return np.stack([(red + green + blue) / 3, red - green, blue - (red + green) / 2], axis=-1)


def from_opponent(values: Floats) -> Floats:
    """Invert `opponent`, along the last axis (not clipped)."""
    luminance, red_green, blue_yellow = values[..., 0], values[..., 1], values[..., 2]
    both = 2 * luminance - 2 / 3 * blue_yellow  # red + green
    return np.stack([(both + red_green) / 2, (both - red_green) / 2, luminance + 2 / 3 * blue_yellow], axis=-1)


def from_hsv(hue: float, saturation: float, value: float) -> Floats:
    """Return RGB in [0, 1] of a hue in turns."""
    ramp = np.abs((hue + np.array([0.0, 2 / 3, 1 / 3])) % 1.0 * 6 - 3) - 1
    rgb: Floats = value * (1 - saturation * (1 - np.clip(ramp, 0, 1)))
    return rgb
