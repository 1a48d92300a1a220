"""The arithmetic of structural similarity, over windows that slide: seven by seven pixels, or Gaussian weights.

Structural similarity of two windows (Wang et al., "Image quality assessment: from error visibility to structural
similarity", IEEE TIP 2004, equation 13) is a term of means times a term of variances. With d = x - y, which needs one
moving window a pair where x y, x and y would need three,

    2 mx my + C1 = (mx^2 + my^2 + C1) - (mx - my)^2        2 cov(x, y) + C2 = (vx + vy + C2) - var(d)

so that both terms are 1 minus a quotient, and equal windows score exactly 1. All that belongs to one side is computed
once for all its partners. In units of window sums the 7 x 7 sums are integers below 2^24, which float32 holds exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from eeg2vid.stages.metrics.frames import FloatArray

Float32 = npt.NDArray[np.float32]

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_CENTRE = 128.0  # taken from every pixel: squares of small numbers lose fewer digits


def gaussian_taps(sigma: float, radius: int) -> tuple[float, ...]:
    """Return the weights of a Gaussian at whole pixels -radius..radius, of sum 1."""
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return tuple(float(weight) for weight in weights / weights.sum())


@dataclass(frozen=True)
class Window:
    """A window and its variance.

    Attributes
    ----------
    taps
        Weights along each axis, symmetric, an odd number of them.
    sample
        What (co)variances are multiplied with: n / (n - 1) makes them those of a sample.
    pad
        Pixels that a frame is continued by at each border, mirrored; 0: windows lie wholly in the frame.
    """

    taps: tuple[float, ...]
    sample: float
    pad: int = 0

    @property
    def size(self) -> int:
        """Pixels along each axis."""
        return len(self.taps)

    @cached_property
    def weight(self) -> float:
        """Sum of all weights of the window."""
        return 49.0 if self.taps == SEVEN else 1.0

    def slide(self, values: Float32, step: int, spare: Float32, out: Float32) -> Float32:
        """Return the weighted sum of every value with those `step` apart, in `out`, shorter by what sticks out.

        `values` are flat; sums that run over the end of a row are computed, too, and cut off later.
        """
        reach = self.size - 1
        kept = len(values) - reach * step
        out = out[:kept]
        if self.taps == SEVEN:  # 1 + 1, 2 + 2, + 2, + 1: four additions instead of six
            pairs = spare[: len(values) - step]
            np.add(values[:-step], values[step:], out=pairs)
            np.add(pairs[:kept], pairs[2 * step : 2 * step + kept], out=out)
            out += pairs[4 * step : 4 * step + kept]
            out += values[6 * step :]
            return out
        middle = reach // 2
        pair = spare[:kept]
        np.multiply(values[middle * step : middle * step + kept], np.float32(self.taps[middle]), out=out)
        for k in range(middle):
            far = (reach - k) * step
            np.add(values[k * step : k * step + kept], values[far : far + kept], out=pair)
            pair *= np.float32(self.taps[k])
            out += pair
        return out


SEVEN = (1.0,) * 7
UNIFORM = Window(SEVEN, 49 / 48)  # scikit-image's default
GAUSSIAN = Window(gaussian_taps(1.5, 5), 1.0)  # Wang's own
WIN3 = Window(gaussian_taps(1.5, 5), 9 / 8, pad=4)  # scikit-image's gaussian_weights with win_size=3


@dataclass(frozen=True)
class Moments:
    """A tile of one side: its centred pixels, and of each window the sum, and what it adds to both denominators."""

    pixels: Float32
    total: Float32
    spread: Float32
    level: Float32


class Scratch:
    """Buffers of one thread, used over and over.

    Fresh arrays of this size come from the operating system page by page, which costs more than the arithmetic.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, Float32] = {}

    def take(self, name: str, count: int, size: int) -> list[Float32]:
        """Return so many buffers of that many values."""
        found = self._buffers.get(name)
        if found is None or found.size < count * size:
            found = self._buffers[name] = np.empty(count * size, np.float32)
        return list(found[: count * size].reshape(count, size))


def moments(tile: npt.NDArray[Any], window: Window, scratch: Scratch, name: str) -> Moments:
    """Return the moments of a tile ``(frame, row, column, channel)`` of one side, in buffers of that name."""
    row, channels = tile.shape[2] * tile.shape[3], tile.shape[3]
    pixels, total, spread, level = scratch.take(name, 4, tile.size)
    square, spare, down, _ = scratch.take("", 4, tile.size)
    pixels.reshape(tile.shape)[...] = tile
    pixels -= np.float32(_CENTRE)
    total = window.slide(window.slide(pixels, row, spare, down), channels, spare, total)
    np.multiply(pixels, pixels, out=square)
    power = window.slide(window.slide(square, row, spare, down), channels, spare, square)
    spread, level = spread[: len(total)], level[: len(total)]
    weight = np.float32(window.weight)
    power *= weight
    np.multiply(total, total, out=spread)
    np.subtract(power, spread, out=spread)
    spread += np.float32(weight**2 * _C2 / (2 * window.sample))
    np.add(total, np.float32(weight * _CENTRE), out=level)
    level *= level
    level += np.float32(weight**2 * _C1 / 2)
    return Moments(pixels, total, spread, level)


def similarity_map(a: Moments, b: Moments, row: int, channels: int, window: Window, scratch: Scratch) -> Float32:
    """Return the similarity of every window, flat, in a buffer of `scratch`."""
    difference, spare, down, denominator = scratch.take("", 4, len(a.pixels))
    np.subtract(a.pixels, b.pixels, out=difference)
    difference *= difference
    apart = window.slide(window.slide(difference, row, spare, down), channels, spare, difference)
    gap, spread, level = down[: len(apart)], spare[: len(apart)], denominator[: len(apart)]
    apart *= np.float32(window.weight)
    np.subtract(a.total, b.total, out=gap)
    gap *= gap
    apart -= gap  # the variance of the difference
    np.add(a.spread, b.spread, out=spread)
    np.add(a.level, b.level, out=level)
    np.subtract(spread, apart, out=apart)
    np.subtract(level, gap, out=gap)
    apart *= gap
    spread *= level
    apart /= spread
    return apart


def sum_of_windows(flat: Float32, shape: tuple[int, ...], window: Window) -> FloatArray:
    """Return the sum over the windows of each frame of a tile of that shape, float64 ``(frame,)``.

    Parameters
    ----------
    flat
        What `similarity_map` gave; what belongs to no window is left out.
    shape
        Of the tile, ``(frame, row, column, channel)``.
    window
        The window that slid.
    """
    frames, rows, columns, channels = shape
    row, reach = columns * channels, window.size - 1
    kept = row - reach * channels
    sums = np.empty(frames)
    for frame in range(frames):
        start = frame * rows * row
        last = start + (rows - reach - 1) * row  # the last row is shorter: it ends with the last window
        body = flat[start:last].reshape(rows - reach - 1, row)[:, :kept].sum(axis=1).sum(dtype=np.float64)
        sums[frame] = body + flat[last : last + kept].sum(dtype=np.float64)
    return sums
