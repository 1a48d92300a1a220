"""Where the camera looks over the clip, and backdrops seen through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.simulation.drawing.paints import Painter
from eeg2vid.stages.simulation.drawing.parts import Floats, Group, Pen

Singles = NDArray[np.float32]

_FINE_ROWS = 108  # backdrops are painted at least this finely, then averaged down


@dataclass(frozen=True)
class View:
    """The camera at some times: a point (x, y) of the world appears at `center + zoom * ((x, y) - center - pan)`.

    Attributes
    ----------
    center
        Middle of the frame, heights.
    pan
        Two `(time,)` arrays, heights.
    zoom
        `(time,)`, 1 at the clip's middle.
    clock
        The clip's own time, `(time,)` s: runs faster and slower with the clip's pace.
    """

    center: tuple[float, float]
    pan: tuple[Floats, Floats]
    zoom: Floats
    clock: Floats

    def pen(self, groups: list[Group]) -> Pen:
        """Return a pen that draws in the world (heights, y down) as the camera sees it."""
        zero = np.zeros_like(self.zoom)
        x = self.center[0] * (1 - self.zoom) - self.zoom * self.pan[0]
        y = self.center[1] * (1 - self.zoom) - self.zoom * self.pan[1]
        return Pen(groups, len(self.zoom), (self.zoom, zero, zero, self.zoom), (x, y))


@dataclass(frozen=True)
class Layer:
    """A still picture behind the objects.

    Attributes
    ----------
    painter, light
        What it shows.
    seed
        Of its details.
    follow
        How fast it follows sideways pans (less than 1 is far away).
    scroll
        How fast it flows sideways by itself, heights per second of the clip's clock.
    top
        It shows only below this height of the world; None shows it everywhere.
    """

    painter: Painter
    light: str
    seed: Sequence[int]
    follow: float
    scroll: float
    top: float | None

    def source(self, view: View) -> tuple[Floats, Floats, Floats, Floats]:
        """Return scale and offset of the map from the screen into the picture: `x * scale + offset`, for x and y."""
        scale = 1 / view.zoom
        x = view.center[0] * (1 - scale) + self.follow * view.pan[0] + self.scroll * view.clock
        y = view.center[1] * (1 - scale) + view.pan[1]
        return scale, x, scale, y

    def edge(self, view: View) -> Floats:
        """Return the height on the screen where the layer begins, `(time,)`."""
        top = -9.0 if self.top is None else self.top
        out: Floats = view.center[1] + view.zoom * (top - view.pan[1] - view.center[1])
        return out


def _picture(
    layer: Layer, bounds: tuple[float, float, float, float], height: int, aspect: float, tints: Floats
) -> tuple[Singles, float, float]:
    """Paint a layer at a pixel per 1/height; returns RGB `(3, row, column)` and its left and top edge."""
    fine = max(1, -(-_FINE_ROWS // height))
    left, right, top, bottom = bounds
    start_x, start_y = np.floor(left * height) - 1, np.floor(top * height) - 1
    columns, rows = int(np.ceil(right * height) + 2 - start_x), int(np.ceil(bottom * height) + 2 - start_y)
    x = (start_x + (np.arange(columns * fine) + 0.5) / fine) / height
    y = (start_y + (np.arange(rows * fine) + 0.5) / fine) / height
    still = layer.painter(x, y, np.random.default_rng(list(layer.seed)), layer.light)
    still = np.broadcast_to(still, (3, len(y), len(x)))
    if fine > 1:
        still = still.reshape(3, rows, fine, columns, fine).mean(axis=(2, 4), dtype=np.float32)
    x, y = x.reshape(-1, fine).mean(axis=1), y.reshape(-1, fine).mean(axis=1)
    across = np.stack([np.interp(x / aspect, [1 / 6, 1 / 2, 5 / 6], unit) for unit in np.eye(3)])
    down = np.stack([np.interp(y, [1 / 4, 3 / 4], unit) for unit in np.eye(2)])
    tint = np.einsum("ry,cx,rck->kyx", down, across, tints, optimize=True).astype(np.float32)
    return still + tint, start_x / height, start_y / height


def _sample(
    still: Singles, rows: tuple[NDArray[np.intp], Singles], columns: tuple[NDArray[np.intp], Singles]
) -> Singles:
    """Read a picture between its pixels, `(3, row, column)`."""
    (low, down), (left, across) = rows, columns
    part = still[:, low[0] : low[-1] + 2, left[0] : left[-1] + 2]
    if part.shape[1] == len(low) + 1 and part.shape[2] == len(left) + 1:  # no zoom: one shift for all pixels
        lines = part[:, :-1] + down[0] * (part[:, 1:] - part[:, :-1])
        return lines[:, :, :-1] + across[0] * (lines[:, :, 1:] - lines[:, :, :-1])
    low, left, down = low - low[0], left - left[0], down[:, None]
    lines = part[:, low]
    lines += down * (part[:, low + 1] - lines)
    picture = np.take(lines, left, axis=2)
    picture += across * (np.take(lines, left + 1, axis=2) - picture)
    return picture


def _taps(
    scale: float, offset: float, start: float, height: int, count: int, limit: int, first: int = 0
) -> tuple[NDArray[np.intp], Singles]:
    place = ((np.arange(first, first + count) + 0.5) / height * scale + offset - start) * height - 0.5
    low = np.floor(place).astype(np.intp)
    if scale == 1:
        low = low[0] + np.arange(count)  # whatever rounding does
    low = np.clip(low, 0, limit - 2)
    return low, np.clip(place - low, 0, 1).astype(np.float32)


def show(canvas: Singles, layer: Layer, view: View, extent: View, tints: Floats) -> None:
    """Paint a layer into every frame of a canvas `(3, time, row, column)`.

    Parameters
    ----------
    canvas
        Changed in place.
    layer, view
        What, and from where at the canvas's times.
    extent
        The camera over the whole clip, which decides how much of the layer is painted.
    tints
        RGB added at a grid of `(2, 3, 3)` over the frame.
    """
    _, count, height, width = canvas.shape
    aspect = width / height
    scale, x, _, y = layer.source(extent)
    edge = layer.edge(extent)
    top = max(0.0, float(edge.min()))
    if top >= 1:
        return
    bounds = (
        float(x.min()),
        float((aspect * scale + x).max()),
        float((top * scale + y).min()),
        float((scale + y).max()),
    )
    still, left, upper = _picture(layer, bounds, height, aspect, tints)
    scale, x, _, y = layer.source(view)
    edges = layer.edge(view)
    steady = float(np.ptp(scale) + np.ptp(x) + np.ptp(y)) < 1e-9
    for k in range(1 if steady else count):
        first = min(max(0, int(np.floor(edges[k] * height - 0.5))), height)
        if first >= height:
            continue
        rows = _taps(scale[k], y[k], upper, height, height - first, still.shape[1], first)
        picture = _sample(still, rows, _taps(scale[k], x[k], left, height, width, still.shape[2]))
        frames = slice(None) if steady else slice(k, k + 1)
        if layer.top is None:
            canvas[:, frames] = picture[:, None]
            continue
        share = np.float32(np.clip((first + 1) - edges[k] * height, 0, 1))
        canvas[:, frames, first + 1 :] = picture[:, None, 1:]
        canvas[:, frames, first] += share * (picture[:, None, 0] - canvas[:, frames, first])


def shift(field: Singles, layer: Layer, now: View, later: View) -> None:
    """Write a layer's displacement from `now` to `later` into a field `(2, time, row, column)`, heights."""
    _, _, height, width = field.shape
    scale, x, _, y = layer.source(now)
    scale_2, x_2, _, y_2 = layer.source(later)
    across, down = (np.arange(width) + 0.5) / height, (np.arange(height) + 0.5) / height
    sideways = (across * scale[:, None] + (x - x_2)[:, None]) / scale_2[:, None] - across
    upwards = (down * scale[:, None] + (y - y_2)[:, None]) / scale_2[:, None] - down
    covered = (down >= layer.edge(now)[:, None])[:, :, None]
    np.copyto(field[0], sideways[:, None, :].astype(np.float32), where=covered)
    np.copyto(field[1], upwards[:, :, None].astype(np.float32), where=covered)
