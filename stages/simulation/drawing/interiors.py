"""Places indoors: a stage, a room, a table, a ring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.stages.simulation.drawing.noise import Singles, cloudy, line, noise
from eeg2vid.stages.simulation.drawing.paints import DIM, Floats, colour, ground, mix, sky, soft


def _planks(x: Floats, y: Floats, rng: np.random.Generator, light: str, one: Sequence[float], two: Sequence[float],
            rows: float) -> Singles:  # fmt: skip
    grain = 0.5 * noise(x * 4, y * 60, rng) + 0.5 * noise(x * 1.3, y * rows, rng)
    seams = 1 - soft(np.abs(((y * rows) % 1.0) - 0.5) * 2 - 0.06, 0.08)[:, None] * np.ones((1, len(x)))
    return ground(one, two, grain, light) * (1 - np.float32(0.3) * seams.astype(np.float32))


def stage_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint a curtain and spotlights."""
    folds = np.sin(2 * np.pi * x * 3.2 + 1.5 * line(x * 2, rng)).astype(np.float32)[None, :]
    curtain = [(0.45, 0.05, 0.08), (0.10, 0.08, 0.34), (0.22, 0.05, 0.30)][int(rng.integers(3))]
    out = colour(curtain) * (np.float32(0.75) + np.float32(0.35) * folds) * np.ones((1, len(y), 1), np.float32)
    for _ in range(3):  # spotlights
        middle, lean = rng.uniform(0, 1.8), rng.uniform(-0.5, 0.5)
        beam = colour([(1.0, 0.9, 0.6), (0.5, 0.7, 1.0), (1.0, 0.5, 0.7)][int(rng.integers(3))])
        off = np.abs(x[None, :] - middle - lean * y[:, None]) - 0.03 - 0.16 * y[:, None]
        out = out + np.float32(0.35) * beam * (1 - soft(off, 0.06)).astype(np.float32)
    return out


def stage_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint the boards of a stage."""
    del light
    return _planks(x, y, rng, "dusk", (0.30, 0.18, 0.10), (0.50, 0.32, 0.18), 14)


_WALLS = (
    (0.86, 0.80, 0.68),
    (0.66, 0.76, 0.82),
    (0.74, 0.80, 0.68),
    (0.88, 0.72, 0.66),
    (0.80, 0.80, 0.82),
    (0.45, 0.50, 0.60),
)


def room_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint a wall with a window or a picture."""
    wall = colour(_WALLS[int(rng.integers(len(_WALLS)))]) * np.float32(DIM[light])
    stripes = np.sin(2 * np.pi * x * rng.uniform(3, 6)).astype(np.float32)[None, :] * np.float32(rng.choice([0, 0.05]))
    out = wall * (1 + stripes) * np.ones((1, len(y), 1), np.float32)
    middle, half = rng.choice([0.25, 1.5]) + rng.uniform(-0.1, 0.1), rng.uniform(0.16, 0.24)
    across, down = np.abs(x - middle)[None, :] - half, np.abs(y - 0.22)[:, None] - 0.2
    frame = np.maximum(across, down)
    if rng.random() < 0.6:
        view = sky(x, y * 2, rng, light)
    else:  # a painting
        view = ground((0.3, 0.2, 0.4), (0.9, 0.7, 0.3), cloudy(x * 6, y * 6, rng), light)
    out = mix(colour((0.94, 0.92, 0.88)) * np.float32(DIM[light]), out, soft(frame - 0.025))
    bars = np.minimum(np.abs(x - middle)[None, :], np.abs(y - 0.22)[:, None]) - 0.008
    return mix(out, view, (1 - soft(frame)) * soft(bars))


def room_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint a floor or a rug."""
    if rng.random() < 0.5:
        return _planks(x, y, rng, light, (0.46, 0.30, 0.17), (0.66, 0.46, 0.28), 12)
    rug = colour([(0.62, 0.22, 0.22), (0.28, 0.36, 0.52), (0.56, 0.52, 0.44)][int(rng.integers(3))])
    return rug * np.float32(DIM[light]) * (1 + np.float32(0.10) * noise(x * 45, y * 70, rng))


def kitchen_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint tiles or a blurred wall."""
    wall = colour([*_WALLS, (0.25, 0.22, 0.22), (0.16, 0.30, 0.28)][int(rng.integers(len(_WALLS) + 2))]) * np.float32(
        DIM[light]
    )
    if rng.random() < 0.5:  # tiles
        seam = np.maximum(np.cos(2 * np.pi * x * 5)[None, :], np.cos(2 * np.pi * y * 5)[:, None])
        return wall * (1 - np.float32(0.16) * soft(seam - 0.93, 0.1).astype(np.float32))
    blur = cloudy(x * 3, y * 3, rng, 2)
    return wall * (1 + np.float32(0.22) * blur)


def table_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint a table top or a checked cloth."""
    kind = rng.random()
    if kind < 0.6:
        one, two = [((0.44, 0.27, 0.14), (0.62, 0.42, 0.24)), ((0.66, 0.50, 0.33), (0.82, 0.68, 0.48)),
                    ((0.22, 0.16, 0.13), (0.36, 0.27, 0.21))][int(rng.integers(3))]  # fmt: skip
        return _planks(x, y, rng, light, one, two, 7)
    cloth = colour([(0.72, 0.16, 0.18), (0.22, 0.38, 0.66), (0.30, 0.55, 0.36)][int(rng.integers(3))])
    across, down = soft(np.sin(2 * np.pi * x * 4), 0.3)[None, :], soft(np.sin(2 * np.pi * y * 6), 0.3)[:, None]
    return mix(colour((0.94, 0.93, 0.90)), cloth, 0.5 * (across + down)) * np.float32(DIM[light])


def gym_up(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint a dim hall with lamps."""
    del light
    wall = colour([(0.14, 0.15, 0.20), (0.36, 0.22, 0.18), (0.24, 0.30, 0.36)][int(rng.integers(3))])
    people = cloudy(x * 9, y * 9, rng, 2)  # a dark audience
    out = wall * (1 + np.float32(0.35) * people)
    lamps = (
        np.maximum(np.cos(2 * np.pi * x * 1.4), 0)[None, :] ** 6 * np.clip(0.16 - np.abs(y - 0.05), 0, 1)[:, None] * 6
    )
    return out + colour((0.9, 0.9, 0.8)) * lamps.astype(np.float32)


def gym_low(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint a mat."""
    del light
    mat = [((0.32, 0.45, 0.62), (0.40, 0.53, 0.70)), ((0.62, 0.60, 0.56), (0.72, 0.70, 0.66))][int(rng.integers(2))]
    return ground(*mat, 0.6 * cloudy(x * 3, y * 6, rng, 3), "day")
