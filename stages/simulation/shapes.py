"""Shapes as signed distances, and textures as plane waves: the alphabet of the simulated films.

A shape is a list of parts painted in order, each a role (whose colour) and its signed distance (negative
inside) at local coordinates `u` (right) and `v` (down) where the shape has about unit radius. Distances need
only be right near the outline, where they make the antialiased edge.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Parts = list[tuple[str, Array]]
Wave = Callable[[float, float], Array]  # (relative frequency, turn of the direction) -> sine at every point

SKIN_DISC = 0.36  # radius of a person's head, of a unit shape


def _disc(u: Array, v: Array, x: float = 0.0, y: float = 0.0, radius: float = 1.0) -> Array:
    distance: Array = np.hypot(u - x, v - y) - radius
    return distance


def _box(u: Array, v: Array, x: float, y: float, half_width: float, half_height: float) -> Array:
    distance: Array = np.maximum(np.abs(u - x) - half_width, np.abs(v - y) - half_height)
    return distance


def _ellipse(u: Array, v: Array, x: float, y: float, half_width: float, half_height: float) -> Array:
    relative = np.hypot((u - x) / half_width, (v - y) / half_height)
    distance: Array = (relative - 1) * min(half_width, half_height)
    return distance


def _petals(u: Array, v: Array, count: int, depth: float) -> Array:
    outline = 1 - depth + depth * np.cos(np.arctan2(v, u) * count)
    distance: Array = (np.hypot(u, v) - outline) * 0.7
    return distance


def _union(*distances: Array) -> Array:
    out = distances[0]
    for distance in distances[1:]:
        out = np.minimum(out, distance)
    return out


def _quadruped(u: Array, v: Array) -> Array:
    legs = [_box(u, v, x, 0.62, 0.11, 0.38) for x in (-0.6, -0.25, 0.35, 0.65)]
    return _union(_ellipse(u, v, 0.0, 0.1, 0.85, 0.45), _disc(u, v, 0.75, -0.4, 0.38), *legs)


def _fish(u: Array, v: Array) -> Array:
    tail = np.maximum(np.abs(v) + (u + 0.55), -u - 1.25)
    return _union(_ellipse(u, v, 0.15, 0.0, 0.9, 0.5), tail * 0.7)


def _triangle(u: Array, v: Array) -> Array:
    distance: Array = np.maximum((np.abs(u) * 1.5 - v - 1) * 0.55, v - 0.8)
    return distance


def _car(u: Array, v: Array) -> Array:
    wheels = [_disc(u, v, x, 0.5, 0.28) for x in (-0.6, 0.6)]
    return _union(_box(u, v, 0.0, 0.2, 1.15, 0.28), _box(u, v, -0.05, -0.3, 0.6, 0.3), *wheels)


def _ship(u: Array, v: Array) -> Array:
    hull = np.maximum(np.abs(u) + 0.6 * v - 1.1, np.abs(v - 0.5) - 0.32)
    return _union(hull, _box(u, v, 0.0, -0.3, 0.1, 0.6), _box(u, v, 0.3, -0.45, 0.32, 0.3))


def _person(u: Array, v: Array) -> Array:
    legs = [_box(u, v, x, 0.75, 0.14, 0.45) for x in (-0.2, 0.2)]
    return _union(_ellipse(u, v, 0.0, 0.05, 0.42, 0.55), _box(u, v, 0.0, -0.15, 0.7, 0.11), *legs)


_OUTLINES: dict[str, Callable[[Array, Array], Array]] = {
    "disc": lambda u, v: _disc(u, v, radius=0.9),
    "ellipse": lambda u, v: _ellipse(u, v, 0.0, 0.0, 1.15, 0.7),
    "square": lambda u, v: _box(u, v, 0.0, 0.0, 0.85, 0.85),
    "bar": lambda u, v: _box(u, v, 0.0, 0.0, 0.42, 1.2),
    "triangle": _triangle,
    "star": lambda u, v: _petals(u, v, 5, 0.32),
    "flower": lambda u, v: _petals(u, v, 6, 0.2),
    "ring": lambda u, v: np.abs(np.hypot(u, v) - 0.72) - 0.28,
    "crescent": lambda u, v: np.maximum(_disc(u, v), -_disc(u, v, 0.0, -0.62, 0.85)),
    "cross": lambda u, v: _union(_box(u, v, 0.0, 0.0, 1.2, 0.26), _box(u, v, 0.1, 0.0, 0.24, 0.95)),
    "balloon": lambda u, v: _union(_disc(u, v, 0.0, -0.3, 0.8), _box(u, v, 0.0, 0.85, 0.25, 0.3)),
    "tree": lambda u, v: _union(_ellipse(u, v, 0.0, -0.35, 0.85, 0.65), _box(u, v, 0.0, 0.6, 0.16, 0.5)),
    "quadruped": _quadruped,
    "fish": _fish,
    "car": _car,
    "ship": _ship,
    "person": _person,
    "face": lambda u, v: _ellipse(u, v, 0.0, 0.0, 0.8, 1.0),
}
SHAPES = tuple(_OUTLINES)


def shape_parts(shape: str, u: Array, v: Array, *, face: bool) -> Parts:
    """Return the parts of a shape at local coordinates, in painting order.

    Parameters
    ----------
    shape
        One of `SHAPES`.
    u, v
        Local coordinates, broadcastable, the shape of about unit radius.
    face
        Paint two eyes and a mouth: on the (then larger) head of a person, else on the shape itself.

    Returns
    -------
    list of (role, signed distance); roles: "object", "skin", "dark".
    """
    parts: Parts = [("skin" if shape == "face" else "object", _OUTLINES[shape](u, v))]
    x, y, size = 0.0, -0.05, 1.0
    if shape == "person":
        size = 0.55 if face else SKIN_DISC
        y = -0.9 if face else -0.8
        parts.append(("skin", _disc(u, v, x, y, size)))
    elif shape == "quadruped":
        x, y, size = 0.75, -0.4, 0.5
    if face or shape == "face":
        eyes = [_disc(u, v, x + side * 0.36 * size, y - 0.2 * size, 0.16 * size) for side in (-1, 1)]
        parts.append(("dark", _union(*eyes, _box(u, v, x, y + 0.45 * size, 0.36 * size, 0.1 * size))))
    return parts


@lru_cache(maxsize=64)
def shape_area(shape: str) -> float:
    """Return the area of a shape of unit radius, measured on a fine grid (unit radius squared)."""
    axis: Array = (np.arange(512, dtype=np.float32) + 0.5) / 128 - 2
    inside = [distance < 0 for _, distance in shape_parts(shape, axis[None, :], axis[:, None], face=False)]
    return float(np.any(inside, axis=0).mean() * 16)


def texture(name: str, wave: Wave) -> Array | None:
    """Return a texture in [-1, 1] made of plane waves, None where it is plain.

    Parameters
    ----------
    name
        plain, waves, stripes, checks, dots, weave, grain.
    wave
        Gives the sine of a plane wave everywhere, from its relative frequency and the turn of its direction.
    """
    if name == "plain":
        return None
    first = wave(1.0, 0.0)
    out: Array
    if name == "waves":
        out = first
    elif name == "stripes":
        out = np.clip(2.5 * first, -1, 1)
    elif name == "checks":
        out = np.clip(5 * first * wave(1.0, 0.25), -1, 1)
    elif name == "dots":
        out = np.clip(2.5 * (first + wave(1.0, 0.25)) - 1, -1, 1)
    elif name == "weave":
        out = np.maximum(first, wave(1.0, 0.25)) * 2 - 1
    elif name == "grain":
        out = (first + wave(1.37, 0.2) + wave(0.71, 0.39) + wave(1.13, 0.11)) / 2.4
    else:
        raise KeyError(name)
    return out
