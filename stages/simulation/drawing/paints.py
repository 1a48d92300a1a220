"""What painters of backdrops share: colours, soft edges, the sky.

A painter gets the coordinates of the columns and rows of its picture (heights; the frame at the clip's middle is
0..aspect by 0..1), a random generator and the light, and returns RGB `(3, row, column)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.simulation.drawing.noise import Singles, cloudy, noise

Floats = NDArray[np.float64]
Painter = Callable[[Floats, Floats, np.random.Generator, str], Singles]

SKIES = {  # top, horizon, clouds
    "day": ((0.20, 0.45, 0.86), (0.66, 0.84, 0.97), (0.98, 0.98, 1.00)),
    "dusk": ((0.36, 0.28, 0.52), (0.98, 0.62, 0.34), (0.98, 0.76, 0.62)),
    "overcast": ((0.60, 0.65, 0.71), (0.80, 0.82, 0.84), (0.90, 0.91, 0.92)),
    "night": ((0.03, 0.04, 0.12), (0.10, 0.12, 0.26), (0.16, 0.17, 0.28)),
}
DIM = {"day": 1.0, "dusk": 0.82, "overcast": 0.88, "night": 0.42}


def colour(rgb: Sequence[float]) -> Singles:
    """Return a colour as a picture of one pixel."""
    return np.asarray(rgb, np.float32)[:, None, None]


def mix(one: NDArray[np.floating], two: NDArray[np.floating], share: NDArray[np.floating]) -> Singles:
    """Blend two pictures; share 0 gives the first."""
    share = np.clip(share, 0, 1).astype(np.float32)
    return (one + share * (two - one)).astype(np.float32, copy=False)


def soft(values: NDArray[np.floating], width: float = 0.01) -> NDArray[np.floating]:
    """Return 0 below and 1 above zero, with a smooth step of this width."""
    return np.clip(values / width + 0.5, 0, 1)


def ground(one: Sequence[float], two: Sequence[float], grain: NDArray[np.floating], light: str) -> Singles:
    """Blend two colours by a texture in [-1, 1], in the light of the hour."""
    return mix(colour(one), colour(two), 0.5 + 0.5 * grain) * np.float32(DIM[light])


def depth(y: Floats, horizon: float) -> Floats:
    """Return a coordinate in which perspective looks even below a horizon."""
    return np.log(np.maximum(y - horizon, 0) + 0.04)


def sky(x: Floats, y: Floats, rng: np.random.Generator, light: str) -> Singles:
    """Paint a sky with clouds, at night with stars."""
    top, low, cloud = (colour(rgb) for rgb in SKIES[light])
    out = mix(top, low, np.clip(y / 0.75, 0, 1)[:, None] * np.ones((1, len(x))))
    cover = rng.uniform(-0.1, 0.45)
    thick = cloudy(x * 1.6, y * 3.6, rng) - cover
    if light == "night":
        stars = noise(x * 38, y * 38, rng)
        return mix(out, colour((0.9, 0.9, 1.0)), soft(stars - 0.9, 0.1) * 0.8)
    return mix(out, cloud, np.clip(thick * 1.6, 0, 0.9))
