"""Colours of the simulated films: names, opponent axes, hue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

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


def from_opponent(values: Floats) -> Floats:
    """Invert `stimuli.measures.opponent`, along the last axis (not clipped)."""
    luminance, red_green, blue_yellow = values[..., 0], values[..., 1], values[..., 2]
    both = 2 * luminance - 2 / 3 * blue_yellow  # red + green
    return np.stack([(both + red_green) / 2, (both - red_green) / 2, luminance + 2 / 3 * blue_yellow], axis=-1)
