"""The scenes behind the objects: what lies above and below the horizon, as still pictures of any extent.

Each scene is a pair of painters (see `paints`) and the height of its horizon.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from eeg2vid.stages.simulation.drawing.interiors import (
    gym_low,
    gym_up,
    kitchen_up,
    room_low,
    room_up,
    stage_low,
    stage_up,
    table_low,
)
from eeg2vid.stages.simulation.drawing.noise import Singles, cloudy, line, noise, steps
from eeg2vid.stages.simulation.drawing.paints import (
    DIM,
    SKIES,
    Floats,
    Painter,
    colour,
    depth,
    ground,
    mix,
    sky,
    soft,
)


class Scene(NamedTuple):
    """A kind of place."""

    place: tuple[str, ...]  # words for it
    horizon: float  # heights from the top; above 1.2: nothing but the upper picture
    upper: Painter
    lower: Painter
    scroll: float = 0.0  # what the lower picture flows sideways by itself, heights per second (waves)
    lights: tuple[str, ...] = ("day", "day", "dusk", "overcast")
    far: float = 0.35  # how fast the upper picture follows the camera


def _hills(x: Floats, y: Floats, rng: np.random.Generator, light: str, near: Sequence[float], base: float) -> Singles:
    out = sky(x, y, rng, light)
    for k, share in enumerate((0.55, 0.15)):
        ridge = base - 0.08 + 0.05 * k + 0.07 * line(x * (0.9 + 0.6 * k), rng)
        haze = mix(colour(near) * np.float32(DIM[light]), colour(SKIES[light][1]), np.float32(share) * np.ones((1, 1)))
        out = mix(out, haze, soft(y[:, None] - ridge))
    return out


def _grass(x: Floats, y: Floats, rng: np.random.Generator, light: str, one: Sequence[float], two: Sequence[float],
           horizon: float, blossoms: Sequence[float] | None) -> Singles:  # fmt: skip
    far = depth(y, horizon)
    grain = 0.6 * noise(x * 26, far * 13, rng) + 0.5 * cloudy(x * 3, far * 3, rng, 3)
    out = ground(one, two, grain, light)
    if blossoms is not None:
        spots = noise(x * 17, y * 30, rng) * (0.6 + 0.4 * noise(x * 1.5, y * 2, rng))
        out = mix(out, colour(blossoms) * np.float32(DIM[light]), soft(spots - 0.62, 0.15))
    return out


def _meadow_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    return _hills(x, y, rng, light, (0.20, 0.42, 0.20), 0.46)


def _meadow_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    blossoms = [None, (0.98, 0.95, 0.7), (0.95, 0.95, 0.98)][int(rng.integers(3))]
    return _grass(x, y, rng, light, (0.16, 0.42, 0.10), (0.46, 0.70, 0.22), 0.44, blossoms)


def _savanna_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    return _hills(x, y, rng, light, (0.52, 0.46, 0.28), 0.44)


def _savanna_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    return _grass(x, y, rng, light, (0.58, 0.44, 0.18), (0.86, 0.74, 0.38), 0.42, None)


def _forest_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    dim = np.float32(DIM[light])
    leaves = cloudy(x * 7, y * 7, rng)
    out = mix(colour((0.10, 0.24, 0.09)), colour((0.44, 0.62, 0.24)), 0.45 + 0.5 * leaves) * dim
    for k, wide in enumerate((5.5, 2.6)):
        trunk = noise(x * wide, np.zeros(1), rng) + 0.12 * noise(x * 12, y * 3, rng)
        bark = mix(colour((0.16, 0.11, 0.07)), colour((0.36, 0.27, 0.19)), 0.5 + 0.6 * noise(x * 40, y * 6, rng)) * dim
        out = mix(out, bark, soft(trunk - 0.5 - 0.06 * k, 0.12) * soft(y[:, None] - 0.02, 0.5))
    return out


def _forest_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    far = depth(y, 0.55)
    grain = 0.6 * noise(x * 20, far * 12, rng) + 0.6 * cloudy(x * 4, far * 4, rng, 3)
    return ground((0.16, 0.20, 0.08), (0.44, 0.38, 0.20), grain, light)


def _sea_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    far = depth(y, 0.42)
    waves = 0.7 * noise(x * 5, far * 12, rng) + 0.5 * noise(x * 14, far * 24, rng)
    deep, pale = {"dusk": ((0.22, 0.24, 0.40), (0.85, 0.58, 0.45))}.get(light, ((0.02, 0.22, 0.42), (0.26, 0.58, 0.72)))
    out = ground(deep, pale, waves - 0.1, light)
    return mix(out, colour((0.95, 0.98, 1.0)) * np.float32(DIM[light]), soft(waves - 0.78, 0.2))


def _beach_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    water = _sea_low(x, y, rng, light)
    sand = ground((0.78, 0.64, 0.42), (0.95, 0.86, 0.66), 0.5 * cloudy(x * 6, y * 20, rng), light)
    shore = y[:, None] - 0.62 - 0.04 * line(x * 1.5, rng)
    wet = mix(sand * np.float32(0.72), sand, soft(shore - 0.06, 0.08))
    out = mix(water, wet, soft(shore))
    return mix(out, colour((0.97, 0.98, 1.0)) * np.float32(DIM[light]), 1 - soft(np.abs(shore) - 0.014, 0.012))


def _water(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    top, low = {"dusk": ((0.30, 0.70, 0.66), (0.02, 0.20, 0.26)), "overcast": ((0.30, 0.52, 0.62), (0.03, 0.12, 0.22)),
                "night": ((0.10, 0.16, 0.45), (0.01, 0.02, 0.12)),
                "day": ((0.34, 0.78, 0.93), (0.02, 0.22, 0.50))}[light]  # fmt: skip
    out = mix(colour(top), colour(low), np.clip(y, 0, 1)[:, None] ** 0.8 * np.ones((1, len(x))))
    shafts = np.maximum(noise(x * 5, y * 0.7, rng), 0) * np.clip(0.9 - y, 0, 1)[:, None]
    out = out + np.float32(0.28) * shafts + np.float32(0.03) * noise(x * 9, y * 14, rng)
    bed = y[:, None] - 0.9 - 0.06 * line(x * 1.2, rng)
    sand = ground((0.30, 0.42, 0.42), (0.62, 0.66, 0.52), noise(x * 12, y * 30, rng), light)
    return mix(out, mix(sand, colour(low), np.float32(0.35) * np.ones((1, 1))), soft(bed, 0.03))


def _street_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    out = sky(x, y, rng, light)
    wide = rng.uniform(1.8, 2.6)
    roof = 0.34 - 0.30 * steps(x * wide, rng)
    hue, cell = steps(x * wide, rng), x * wide - np.floor(x * wide)
    wall = np.stack([0.52 + 0.34 * hue, 0.44 + 0.22 * (1 - hue), 0.36 + 0.26 * np.abs(hue - 0.5)])[:, None, :]
    wall = wall.astype(np.float32) * np.float32(DIM[light]) * (1 + np.float32(0.06) * noise(x * 20, y * 20, rng))
    across, down = np.sin(2 * np.pi * cell * 4 - 1.57), np.sin(2 * np.pi * y * 9)
    panes = soft(np.minimum(across[None, :], down[:, None]) - 0.2, 0.5)
    lit = colour((0.98, 0.85, 0.45)) if light == "night" else colour((0.24, 0.32, 0.42))
    front = mix(wall, lit, panes * 0.85)
    return mix(out, front, soft(y[:, None] - roof[None, :]))


def _street_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    grain = noise(x * 50, y * 60, rng)
    out = ground((0.27, 0.27, 0.29), (0.36, 0.36, 0.38), grain, light)
    walk = ground((0.60, 0.58, 0.55), (0.68, 0.66, 0.63), grain, light)
    out = mix(walk, out, soft(y - 0.66)[:, None] * np.ones((1, len(x))))
    dashes = (1 - soft(np.abs(y - 0.86) - 0.012, 0.01))[:, None] * soft(np.sin(2 * np.pi * x * 1.6), 0.2)
    return mix(out, colour((0.92, 0.90, 0.80)) * np.float32(DIM[light]), dashes)


def _slope_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    out = sky(x, y, rng, light)
    ridge = 0.26 + 0.16 * line(x * 1.4, rng, 4)
    rock = mix(
        colour((0.36, 0.42, 0.54)), colour((0.92, 0.95, 1.0)), 0.6 + 1.2 * cloudy(x * 5, y * 7, rng)
    ) * np.float32(DIM[light])
    out = mix(out, rock, soft(y[:, None] - ridge))
    firs = 0.42 - 0.10 * np.abs(((x * 9) % 1.0) * 2 - 1) * steps(x * 9, rng)
    return mix(out, colour((0.08, 0.18, 0.14)), soft(y[:, None] - firs, 0.02))


def _slope_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    tracks = noise(x * 3, depth(y, 0.4) * 14, rng) + 0.5 * cloudy(x * 2, y * 5, rng, 3)
    return ground((0.76, 0.83, 0.93), (0.98, 0.98, 1.0), tracks, light)


def _city(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    out = sky(x, y, rng, "night")
    roof = 0.92 - 0.16 * steps(x * 6, rng)
    panes = soft(np.minimum(np.sin(2 * np.pi * x * 24)[None, :], np.sin(2 * np.pi * y * 24)[:, None]) - 0.1, 0.4)
    panes = panes * (noise(x * 20, y * 20, rng) > 0.1)
    block = mix(colour((0.04, 0.04, 0.08)), colour((0.85, 0.70, 0.35)), 0.7 * panes)
    return mix(out, block, soft(y[:, None] - roof[None, :]))


_ANY, _CALM = ("day", "day", "dusk", "overcast"), ("day", "overcast")
SCENES: dict[str, Scene] = {
    "sky": Scene(("in the sky", "against the sky"), 9.0, sky, sky, lights=_ANY, far=0.6),
    "sea": Scene(("on the sea", "in the ocean"), 0.42, sky, _sea_low, 0.05, _ANY),
    "underwater": Scene(("under water", "in the blue water"), 9.0, _water, _water, lights=(*_ANY, "night"), far=0.8),
    "meadow": Scene(("in a meadow", "in a green field", "on the grass"), 0.46, _meadow_up, _meadow_low, lights=_ANY),
    "savanna": Scene(("in the savanna", "in dry grass"), 0.44, _savanna_up, _savanna_low, lights=_ANY),
    "forest": Scene(("in a forest", "in the woods"), 0.57, _forest_up, _forest_low, lights=("day", "dusk", "overcast")),
    "beach": Scene(("on a beach", "at the beach", "by the sea"), 0.42, sky, _beach_low, lights=_ANY),
    "street": Scene(("on a street", "in the city"), 0.58, _street_up, _street_low, lights=(*_ANY, "night")),
    "stage": Scene(("on a stage",), 0.68, stage_up, stage_low, lights=("dusk",)),
    "room": Scene(("in a room", "at home"), 0.64, room_up, room_low, lights=("day", "dusk", "overcast")),
    "table": Scene(("on a table", "on the kitchen table"), 0.52, kitchen_up, table_low, lights=("day", "dusk", "day")),
    "gym": Scene(("in a gym", "in the ring"), 0.66, gym_up, gym_low, lights=("day",)),
    "slope": Scene(("on a snowy slope", "in the snow"), 0.44, _slope_up, _slope_low, lights=_CALM),
    "night": Scene(("at night", "in the night sky"), 9.0, _city, _city, lights=("night",), far=0.3),
}
