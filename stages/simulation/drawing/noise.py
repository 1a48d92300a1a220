"""Smooth random textures on axis-aligned grids, the same at any resolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

_CELLS = 64


def _weights(values: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Singles]:
    cell = np.floor(values)
    rest = values - cell
    index = cell.astype(np.intp) % _CELLS
    return index, (index + 1) % _CELLS, (rest * rest * (3 - 2 * rest)).astype(np.float32)


def noise(x: Floats, y: Floats, rng: np.random.Generator) -> Singles:
    """Return value noise in [-1, 1] at the points of a grid, `(row, column)`; features are about 1 wide.

    Parameters
    ----------
    x, y
        Coordinates of the columns and of the rows.
    rng
        Draws the same amount whatever the grid.
    """
    lattice = rng.uniform(-1, 1, (_CELLS, _CELLS)).astype(np.float32)
    low, high, share = _weights(y)
    rows = lattice[low] + share[:, None] * (lattice[high] - lattice[low])
    low, high, share = _weights(x)
    left = rows[:, low]
    out: Singles = left + share * (rows[:, high] - left)
    return out


def cloudy(x: Floats, y: Floats, rng: np.random.Generator, octaves: int = 4) -> Singles:
    """Return the sum of octaves of noise, each half as large and twice as fine, roughly in [-1, 1]."""
    out = noise(x, y, rng)
    for k in range(1, octaves):
        out = out + noise(x * 2.03**k + 7.3 * k, y * 2.03**k + 3.1 * k, rng) * np.float32(0.5**k)
    return out


def line(x: Floats, rng: np.random.Generator, octaves: int = 3) -> Floats:
    """Return a random profile along x, roughly in [-1, 1]: hills, tree tops."""
    out = np.zeros(len(x))
    for k in range(octaves):
        table = rng.uniform(-1, 1, _CELLS)
        low, high, share = _weights(x * 2.0**k)
        out += 0.5**k * (table[low] + share * (table[high] - table[low]))
    return out


def steps(x: Floats, rng: np.random.Generator) -> Floats:
    """Return a random value in [0, 1) for every unit interval of x: roofs of a street."""
    table = rng.random(_CELLS)
    values: Floats = table[np.floor(x).astype(np.intp) % _CELLS]
    return values
