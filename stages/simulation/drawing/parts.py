"""Posed parts: the alphabet of the simulated films.

A picture is a list of groups painted one over the other; a group is a union of parts of one colour; a part is an
ellipse, a tapered limb, a box, a polygon or a ring of rays with a pose at every time. Everything is in screen
coordinates: heights of the frame, x to the right from the left edge, y down from the top edge. Figures are built
through a `Pen`, in coordinates of their own with y up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RGB = tuple[float, float, float]
Number = float | Floats  # a constant, or one value per time
Point = tuple[Number, Number]

ELLIPSE, LIMB, BOX, POLYGON, RAYS = range(5)


@dataclass
class Part:
    """One shape with its pose at every time.

    Attributes
    ----------
    kind
        ELLIPSE, LIMB (tapered, round ends), BOX, POLYGON or RAYS (a ring of limbs).
    x, y
        Origin of the local frame, `(time,)`.
    cos, sin
        Direction of its first axis, `(time,)`.
    handed
        +1 or -1: whether the second axis lies clockwise or anticlockwise of the first.
    width, height
        Lengths along the axes, `(time,)`: radii, half sides, (length, radius) of a limb, (reach, radius) of rays.
    extra
        LIMB: radius at the far end over that at the near end. RAYS: (count, share of the reach left free in the
        middle, far radius over near radius). POLYGON: vertices `(vertex, 2)` in units of width and height.
    cut
        (a, b, c): keep only a*u + b*v <= c, in units of width and height.
    hollow
        Keep only a rim of this thickness (heights, `(time,)`) inside the outline; None fills it.
    """

    kind: int
    x: Floats
    y: Floats
    cos: Floats
    sin: Floats
    handed: float
    width: Floats
    height: Floats
    extra: tuple[float, ...] | Floats = ()
    cut: tuple[float, float, float] | None = None
    hollow: Floats | None = None

    def fields(self) -> list[Floats]:
        """Return everything that varies with time."""
        return [self.x, self.y, self.cos, self.sin, self.width, self.height]

    def bounds(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Return left, right, top and bottom at every time."""
        if self.kind == LIMB:
            far_x, far_y = self.x + self.cos * self.width, self.y + self.sin * self.width
            reach = self.height * max(1.0, float(self.extra[0]))
            return (
                np.minimum(self.x, far_x) - reach,
                np.maximum(self.x, far_x) + reach,
                np.minimum(self.y, far_y) - reach,
                np.maximum(self.y, far_y) + reach,
            )
        if self.kind == RAYS:
            reach = self.width + self.height * max(1.0, float(self.extra[2]))
            return self.x - reach, self.x + reach, self.y - reach, self.y + reach
        if self.kind == POLYGON:
            u, v = np.asarray(self.extra).T
            along, across = self.width[:, None] * u, self.handed * self.height[:, None] * v
            x = self.x[:, None] + self.cos[:, None] * along - self.sin[:, None] * across
            y = self.y[:, None] + self.sin[:, None] * along + self.cos[:, None] * across
            return x.min(axis=1), x.max(axis=1), y.min(axis=1), y.max(axis=1)
        if self.kind == BOX:
            across = np.abs(self.cos) * self.width + np.abs(self.sin) * self.height
            down = np.abs(self.sin) * self.width + np.abs(self.cos) * self.height
        else:
            across = np.sqrt((self.cos * self.width) ** 2 + (self.sin * self.height) ** 2)
            down = np.sqrt((self.sin * self.width) ** 2 + (self.cos * self.height) ** 2)
        return self.x - across, self.x + across, self.y - down, self.y + down


@dataclass
class Group:
    """Parts of one colour, painted together.

    Attributes
    ----------
    rgb
        Colour in [0, 1].
    parts
        Their union is filled.
    edge
        How much darker the outline is, 0..1.
    bevel
        Depth over which the outline's darkening fades, heights, a constant or `(time,)`.
    light
        Brightening towards the top, darkening towards the bottom, 0..1.
    opacity
        0..1, a constant or `(time,)`.
    glow
        Add the light instead of covering what is below.
    pattern
        (name, second colour, frequencies along and across) in the first part's own coordinates, or None.
    clip
        Parts outside of which nothing is painted (their union); None for everywhere.
    """

    rgb: RGB
    parts: list[Part] = field(default_factory=list)
    edge: float = 0.35
    bevel: Number = 0.02
    light: float = 0.12
    opacity: Number = 1.0
    glow: bool = False
    pattern: tuple[str, RGB, float, float] | None = None
    clip: list[Part] | None = None


@dataclass(frozen=True)
class Pen:
    """Draws figures in coordinates of their own (y up) into a list of groups.

    Attributes
    ----------
    groups
        What has been drawn, in painting order.
    count
        Number of times.
    matrix
        From the figure's coordinates to the screen, four `(time,)` arrays: xx, xy, yx, yy.
    origin
        The figure's origin on the screen, two `(time,)` arrays.
    """

    groups: list[Group]
    count: int
    matrix: tuple[Floats, Floats, Floats, Floats]
    origin: tuple[Floats, Floats]

    def at(self, x: Number, y: Number, scale: Number = 1.0, turn: Number = 0.0, *, flip: bool = False) -> Pen:
        """Return a pen for a figure at (x, y) of this one, `scale` as large, turned by `turn` rad (anticlockwise)."""
        xx, xy, yx, yy = self.matrix
        cos, sin, sign = np.cos(turn), np.sin(turn), -1.0 if flip else 1.0
        return replace(
            self,
            matrix=(
                scale * sign * (xx * cos + xy * sin),
                scale * (xy * cos - xx * sin),
                scale * sign * (yx * cos + yy * sin),
                scale * (yy * cos - yx * sin),
            ),
            origin=(self.origin[0] + xx * x + xy * y, self.origin[1] + yx * x + yy * y),
        )

    def fill(
        self,
        rgb: Sequence[float] | Floats,
        *,
        edge: float = 0.35,
        bevel: float = 0.02,
        light: float = 0.12,
        opacity: Number = 1.0,
        glow: bool = False,
        pattern: tuple[str, RGB, float, float] | None = None,
        inside: bool = False,
    ) -> Pen:
        """Begin a group: what is drawn next is one union in this colour; `inside`: only on the group before."""
        red, green, blue = (float(min(max(value, 0.0), 1.0)) for value in rgb)
        clip = None
        if inside:
            clip = self.groups[-1].clip or self.groups[-1].parts
        self.groups.append(
            Group((red, green, blue), [], edge, bevel * self._scale(), light, opacity, glow, pattern, clip)
        )
        return self

    def _scale(self) -> Floats:
        return np.sqrt(self.matrix[0] ** 2 + self.matrix[2] ** 2)

    def _add(
        self, kind: int, place: Point, along: Point, size: tuple[Number, Number],
        extra: tuple[float, ...] | Floats = (), cut: tuple[float, float, float] | None = None,
        hollow: float | None = None,
    ) -> Pen:  # fmt: skip
        xx, xy, yx, yy = self.matrix
        zero = np.zeros(self.count)
        x, y = self.origin[0] + xx * place[0] + xy * place[1], self.origin[1] + yx * place[0] + yy * place[1]
        dx, dy = xx * along[0] + xy * along[1], yx * along[0] + yy * along[1]
        norm = np.sqrt(dx * dx + dy * dy) + 1e-9
        scale = self._scale()
        handed = 1.0 if float(xx[0] * yy[0] - xy[0] * yx[0]) > 0 else -1.0
        rim = None if hollow is None else zero + hollow * scale
        self.groups[-1].parts.append(
            Part(kind, x + zero, y + zero, dx / norm, dy / norm, handed,
                 size[0] * scale, size[1] * scale, extra, cut, rim)
        )  # fmt: skip
        return self

    def oval(
        self, x: Number, y: Number, wide: Number, high: Number, turn: Number = 0.0,
        *, cut: tuple[float, float, float] | None = None, hollow: float | None = None,
    ) -> Pen:  # fmt: skip
        """Add an ellipse of these radii, turned by `turn` rad."""
        return self._add(ELLIPSE, (x, y), (np.cos(turn), np.sin(turn)), (wide, high), cut=cut, hollow=hollow)

    def dot(self, x: Number, y: Number, radius: Number, *, hollow: float | None = None) -> Pen:
        """Add a disc."""
        return self.oval(x, y, radius, radius, hollow=hollow)

    def box(self, x: Number, y: Number, half_width: Number, half_height: Number, turn: Number = 0.0) -> Pen:
        """Add a rectangle around (x, y)."""
        return self._add(BOX, (x, y), (np.cos(turn), np.sin(turn)), (half_width, half_height))

    def limb(self, start: Point, stop: Point, radius: float, far_radius: float | None = None) -> Pen:
        """Add a line with round ends from `start` to `stop`, `radius` thick there, `far_radius` here."""
        dx, dy = stop[0] - start[0], stop[1] - start[1]
        far = radius if far_radius is None else far_radius
        return self._add(LIMB, start, (dx, dy), (np.sqrt(dx * dx + dy * dy) + 1e-9, radius), (far / radius,))

    def chain(self, points: Sequence[Point], radii: Sequence[float]) -> Pen:
        """Add a bent limb through points."""
        for k in range(len(points) - 1):
            self.limb(points[k], points[k + 1], radii[k], radii[k + 1])
        return self

    def polygon(
        self, points: Sequence[tuple[float, float]], x: Number = 0.0, y: Number = 0.0, turn: Number = 0.0
    ) -> Pen:
        """Add a polygon around (x, y), turned by `turn` rad."""
        vertices = np.asarray(points, np.float64)
        return self._add(POLYGON, (x, y), (np.cos(turn), np.sin(turn)), (1.0, 1.0), vertices)

    def rays(
        self, x: Number, y: Number, reach: Number, radius: Number, count: int,
        *, free: float = 0.0, taper: float = 1.0, turn: Number = 0.0,
    ) -> Pen:  # fmt: skip
        """Add `count` limbs around (x, y), from the share `free` of `reach` to `reach`."""
        shape = (float(count), free, taper)
        return self._add(RAYS, (x, y), (np.cos(turn), np.sin(turn)), (reach, radius), shape)
