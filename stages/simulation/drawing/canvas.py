"""From posed parts to pixels: antialiased painting, and the motion of every pixel.

Signed distances (negative inside) are exact for boxes' sides, limbs of constant radius and polygons, and right
near the outline for the rest, where they make the smooth edge.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.simulation.drawing.parts import BOX, ELLIPSE, LIMB, POLYGON, Group, Part

Singles = NDArray[np.float32]
Window = tuple[int, int, int, int]  # top, bottom, left, right, px

_CHUNKS = (1, 2, 4, 8)
_SEEN = 0.5  # the motion of what is more transparent is that of what lies behind


def _column(values: NDArray[np.float64], times: slice = slice(None)) -> Singles:
    return values[times].astype(np.float32)[:, None, None]


def _unit(values: Singles) -> Singles:
    """Clip to 0..1 in place."""
    np.maximum(values, 0, out=values)
    np.minimum(values, 1, out=values)
    return values


def _local(part: Part, x: Singles, y: Singles, times: slice) -> tuple[Singles, Singles]:
    """Return screen points in the part's frame, `(time, row, column)` each, heights."""
    dx, dy = x - _column(part.x, times), y - _column(part.y, times)
    cos, sin = _column(part.cos, times), _column(part.sin, times)
    handed = np.float32(part.handed)
    u = cos * dx + sin * dy
    v = (cos * handed) * dy - (sin * handed) * dx
    return u, v


def _polygon(u: Singles, v: Singles, points: NDArray[np.float64]) -> Singles:
    """Return the exact signed distance to a simple polygon of fixed size."""
    corners = np.asarray(points, np.float32)
    nearest = np.full(np.broadcast_shapes(u.shape, v.shape), np.inf, np.float32)
    inside = np.zeros(nearest.shape, bool)
    for k in range(len(corners)):
        (ax, ay), (bx, by) = corners[k], corners[k - 1]
        ex, ey = bx - ax, by - ay
        wx, wy = u - ax, v - ay
        share = np.clip((wx * ex + wy * ey) / (ex * ex + ey * ey), 0, 1)
        gap_x, gap_y = wx - share * ex, wy - share * ey
        np.minimum(nearest, gap_x * gap_x + gap_y * gap_y, out=nearest)
        if ay != by:
            inside ^= ((v >= ay) != (v >= by)) & (wx < ex * wy / ey)
    distance: Singles = np.sqrt(nearest)
    return np.where(inside, -distance, distance)


def distance(part: Part, u: Singles, v: Singles, times: slice = slice(None)) -> Singles:
    """Return the signed distance of local points to a part's outline at some times, heights."""
    width, height = _column(part.width, times), _column(part.height, times)
    out: Singles
    if part.kind == ELLIPSE:
        a, b = u / width, v / height
        ring = np.sqrt(a * a + b * b)
        if np.array_equal(part.width, part.height):
            out = (ring - 1) * width
        else:
            a /= width
            b /= height
            out = ring * (ring - 1) / (np.sqrt(a * a + b * b) + np.float32(1e-6))
    elif part.kind == LIMB:
        share = _unit(u / width)
        u = u - share * width
        out = np.sqrt(u * u + v * v) - (height + share * (height * np.float32(part.extra[0] - 1)))
    elif part.kind == BOX:
        out = np.maximum(np.abs(u) - width, np.abs(v) - height)
    elif part.kind == POLYGON:
        out = _polygon(u / width, v / width, np.asarray(part.extra)) * width  # they keep their proportions
    else:  # a ring of rays: fold the plane into one sector, there it is a limb
        count, free, taper = (float(value) for value in part.extra)
        reach = np.sqrt(u * u + v * v)
        sector = np.float32(2 * np.pi / count)
        angle = np.arctan2(v, u)
        angle -= np.rint(angle / sector) * sector
        along, across = reach * np.cos(angle), reach * np.sin(angle)
        start = width * np.float32(free)
        share = np.clip((along - start) / (width - start + np.float32(1e-9)), 0, 1)
        along = along - start - share * (width - start)
        out = np.sqrt(along * along + across * across) - height * (1 + share * np.float32(taper - 1))
    if part.cut is not None:
        a_, b_, c_ = (np.float32(value) for value in part.cut)
        norm = np.sqrt((a_ / width) ** 2 + (b_ / height) ** 2)
        out = np.maximum(out, (a_ * u / width + b_ * v / height - c_) / norm)
    if part.hollow is not None:
        out = np.maximum(out, -out - _column(part.hollow, times))
    return out


def _bounds(parts: list[Part]) -> NDArray[np.float64]:
    """Return left, right, top and bottom of every part at every time, `(4, part, time)`, heights."""
    return np.stack([part.bounds() for part in parts], axis=1)


def _windows(bounds: NDArray[np.float64], size: tuple[int, int], times: slice) -> list[Window]:
    """Return the rows and columns that each part touches at any of some times, cut to the frame."""
    height, width = size
    low = np.floor(bounds[0::2, :, times].min(axis=-1) * height).astype(int) - 1
    high = np.ceil(bounds[1::2, :, times].max(axis=-1) * height).astype(int) + 1
    left, top = np.maximum(low, 0).tolist()
    right, bottom = np.minimum(high, [[width], [height]]).tolist()
    return list(zip(top, bottom, left, right, strict=True))


def _axes(window: Window, height: int) -> tuple[Singles, Singles]:
    top, bottom, left, right = window
    x = ((np.arange(left, right, dtype=np.float32) + np.float32(0.5)) / np.float32(height))[None, None, :]
    y = ((np.arange(top, bottom, dtype=np.float32) + np.float32(0.5)) / np.float32(height))[None, :, None]
    return x, y


def _union(parts: list[Part], windows: list[Window], whole: Window, times: slice, height: int) -> Singles:
    """Return the distance to the union of parts within a window, large where none is near."""
    shape = (times.stop - times.start, whole[1] - whole[0], whole[3] - whole[2])
    x, y = _axes(whole, height)
    out: Singles | None = None
    if len(parts) > 1 or windows[0] != whole:
        out = np.full(shape, 1.0, np.float32)
    for part, (top, bottom, left, right) in zip(parts, windows, strict=True):
        top, bottom = max(top, whole[0]) - whole[0], min(bottom, whole[1]) - whole[0]
        left, right = max(left, whole[2]) - whole[2], min(right, whole[3]) - whole[2]
        if top >= bottom or left >= right:
            continue
        u, v = _local(part, x[:, :, left:right], y[:, top:bottom], times)
        if out is None:
            return distance(part, u, v, times)
        view = out[:, top:bottom, left:right]
        np.minimum(view, distance(part, u, v, times), out=view)
    assert out is not None
    return out


def _cover(windows: list[Window]) -> Window | None:
    kept = [w for w in windows if w[0] < w[1] and w[2] < w[3]]
    if not kept:
        return None
    return min(w[0] for w in kept), max(w[1] for w in kept), min(w[2] for w in kept), max(w[3] for w in kept)


def _still(parts: list[Part]) -> bool:
    moving = (v for part in parts for v in part.fields() if v[0] != v[-1] or float(np.ptp(v)) > 1e-9)
    return next(moving, None) is None


def _pieces(bounds: NDArray[np.float64], count: int) -> int:
    """Return into how many stretches of time to cut a group so that its windows stay close around it."""
    low, high = bounds[0::2].min(axis=1), bounds[1::2].max(axis=1)  # of the union: (axis, time)
    wanted = 2 * float((np.ptp(low, axis=1) / ((high - low).mean(axis=1) + 1e-3)).max())
    return next((n for n in _CHUNKS if n >= min(wanted, count / 4, _CHUNKS[-1])), _CHUNKS[-1])


def _pattern(group: Group, x: Singles, y: Singles, times: slice) -> Singles:
    """Return the share of the group's second colour, 0..1."""
    assert group.pattern is not None
    name, _, along, across = group.pattern
    first = group.parts[0]
    u, v = _local(first, x, y, times)
    u, v = u / _column(first.width, times), v / _column(first.height, times)
    two_pi = np.float32(2 * np.pi)
    out: Singles
    if name == "stripes":
        out = np.sin(two_pi * (np.float32(along) * u + np.float32(across) * v)) * 3 + np.float32(0.5)
    elif name == "windows":  # panes in a wall
        out = np.minimum(np.sin(two_pi * np.float32(along) * u), np.sin(two_pi * np.float32(across) * v)) * 4
    elif name == "spots":
        wobble = np.sin(two_pi * np.float32(along) * u + 2 * np.sin(np.float32(4) * v))
        wobble = wobble * np.sin(two_pi * np.float32(across) * v + 2 * np.sin(np.float32(3) * u))
        out = (wobble - np.float32(0.35)) * 4
    else:
        raise KeyError(name)
    return np.clip(out, 0, 1)


def paint(canvas: Singles, groups: list[Group]) -> None:
    """Paint groups in order into a canvas `(3, time, row, column)`, values in [0, 1]."""
    count = canvas.shape[1]
    for group in groups:
        if not group.parts:
            continue
        opacity = np.asarray(group.opacity, np.float64)
        still = opacity.ndim == 0 and _still(group.parts + (group.clip or []))
        bounds = _bounds(group.parts)
        pieces = 1 if still else _pieces(bounds, count)
        edges = np.linspace(0, count, pieces + 1).round().astype(int).tolist()
        for start, stop in itertools.pairwise(edges):
            times = slice(start, start + 1 if still else stop)
            level = opacity if opacity.ndim == 0 else opacity[times, None, None]
            _paint_piece(canvas[:, start:stop], group, bounds, times, level)


def _paint_piece(
    canvas: Singles, group: Group, bounds: NDArray[np.float64], times: slice, level: NDArray[np.float64]
) -> None:
    """Paint a group at some times into these frames of the canvas."""
    height, width = canvas.shape[2:]
    windows = _windows(bounds, (height, width), times)
    whole = _cover(windows)
    if whole is None or float(level.max()) <= 0:
        return
    inside = _union(group.parts, windows, whole, times, height)
    alpha = np.float32(0.5) - inside * np.float32(height)
    _unit(alpha)
    if group.clip is not None:
        limits = _windows(_bounds(group.clip), (height, width), times)
        alpha *= _unit(np.float32(0.5) - _union(group.clip, limits, whole, times, height) * np.float32(height))
    if level.ndim or float(level) != 1:
        alpha *= level.astype(np.float32)
    view = canvas[:, :, whole[0] : whole[1], whole[2] : whole[3]]
    if group.glow:
        for k in range(3):
            view[k] += alpha * np.float32(group.rgb[k])
        return
    x, y = _axes(whole, height)
    shade: Singles | np.float32 = np.float32(1)
    if group.edge:
        bevel = np.broadcast_to(np.asarray(group.bevel, np.float64), len(group.parts[0].x))
        slope = _column(group.edge / np.maximum(bevel, 1e-4), times)
        shade = np.minimum(np.float32(1 - group.edge) - inside * slope, 1)
    if group.light:
        top = bounds[2, :, times].min(axis=0).astype(np.float32)[:, None, None]
        bottom = bounds[3, :, times].max(axis=0).astype(np.float32)[:, None, None]
        shade = shade * (1 + np.float32(group.light) * (1 - 2 * (y - top) / (bottom - top + np.float32(1e-6))))
    share = None if group.pattern is None else _pattern(group, x, y, times)
    for k in range(3):
        tone: Singles | np.float32 = np.float32(group.rgb[k])
        if share is not None and group.pattern is not None:
            tone = tone + share * np.float32(group.pattern[1][k] - group.rgb[k])
        fill = shade * tone - view[k]
        fill *= alpha
        view[k] += fill


def move(field: Singles, groups: list[Group], later: list[Group]) -> None:
    """Write the displacement of what the groups cover into a field `(2, time, row, column)`, heights.

    Parameters
    ----------
    field
        Displacement of what lies below; changed in place.
    groups, later
        The same groups, posed now and at the later times the displacement leads to.
    """
    _, count, height, width = field.shape
    size, times = (height, width), slice(0, count)
    for group, after in zip(groups, later, strict=True):
        level = np.broadcast_to(np.asarray(group.opacity, np.float64), count)
        if not group.parts or level.max() < _SEEN:
            continue
        windows = _windows(_bounds(group.parts), size, times)
        whole = _cover(windows)
        if whole is None:
            continue
        nearest = np.zeros((count, whole[1] - whole[0], whole[3] - whole[2]), np.float32)
        limit = None
        if group.clip is not None:
            limit = _union(group.clip, _windows(_bounds(group.clip), size, times), whole, times, height)
        for part, then, (top, bottom, left, right) in zip(group.parts, after.parts, windows, strict=True):
            if top >= bottom or left >= right:
                continue
            x, y = _axes((top, bottom, left, right), height)
            u, v = _local(part, x, y, times)
            inner = (slice(None), slice(top - whole[0], bottom - whole[0]), slice(left - whole[2], right - whole[2]))
            away = distance(part, u, v)
            wins = away < nearest[inner]
            nearest[inner] = np.where(wins, away, nearest[inner])
            if limit is not None:
                wins &= limit[inner] < 0
            wins &= level[:, None, None] >= _SEEN
            u, v = u * _column(then.width / part.width), v * _column(then.height / part.height * then.handed)
            cos, sin = _column(then.cos), _column(then.sin)
            moved = (_column(then.x) + cos * u - sin * v - x, _column(then.y) + sin * u + cos * v - y)
            for k in range(2):
                np.copyto(field[k, :, top:bottom, left:right], moved[k], where=wins)
