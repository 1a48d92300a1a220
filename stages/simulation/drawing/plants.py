"""Flowers, mushrooms and trees: 1 high, standing on the ground, swaying."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation.drawing.animals import WHITE, shadow, tone
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Pen


def flower(pen: Pen, rgb: RGB, phase: Floats, kind: int) -> None:
    """Draw a flower: a daisy (0), a tulip (1) or a sunflower-like bloom with two rows of petals (2)."""
    sway = 0.05 * np.sin(0.6 * phase)
    pen.fill((0.20, 0.50, 0.16)).chain(((0.0, 0.0), (0.5 * sway, 0.35), (sway, 0.66)), (0.028, 0.024, 0.022))
    for side in (-1.0, 1.0):
        pen.fill((0.24, 0.56, 0.20)).oval(0.15 * side + 0.3 * sway, 0.20 + 0.05 * side, 0.17, 0.055, 0.6 * side)
    top = pen.at(sway, 0.70, 1.0, 0.25 * np.sin(0.6 * phase))
    if kind == 1:
        top.fill(tone(rgb, 0.75)).oval(0.0, 0.06, 0.13, 0.24)
        top.fill(rgb).oval(-0.11, 0.04, 0.10, 0.22, -0.2).oval(0.11, 0.04, 0.10, 0.22, 0.2)
        top.fill(tone(rgb, 1.15)).oval(0.0, 0.0, 0.10, 0.19)
        return
    if kind == 2:
        top.fill(tone(rgb, 0.72)).rays(0.0, 0.0, 0.28, 0.05, 12, free=0.4, taper=0.8, turn=0.26)
    top.fill(rgb, edge=0.5, bevel=0.03).rays(0.0, 0.0, 0.26, 0.05, 12 if kind == 2 else 8, free=0.45, taper=1.25)
    centre = (0.35, 0.20, 0.08) if kind == 2 else (0.96, 0.78, 0.16)
    top.fill(centre, pattern=("spots", tone(centre, 0.6), 2.5, 2.5)).dot(0.0, 0.0, 0.115)


def mushroom(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a mushroom: a round cap with white dots, a plain one, or a thin one with a pointed cap."""
    shadow(pen, 0.38)
    lean = 0.02 * np.sin(0.5 * phase)
    own = pen.at(0.0, 0.0, 1.0, lean)
    if variant == 2:
        own.fill((0.92, 0.86, 0.76)).chain(((0.0, 0.05), (0.03, 0.35), (0.0, 0.66)), (0.06, 0.05, 0.05))
        own.fill(rgb, edge=0.4, bevel=0.06, pattern=("stripes", tone(rgb, 0.7), 9.0, 0.0)).polygon(
            ((-0.30, 0.55), (-0.12, 0.86), (0.0, 1.0), (0.12, 0.86), (0.30, 0.55), (0.0, 0.60))
        )
        return
    own.fill((0.94, 0.90, 0.80), bevel=0.06).limb((0.0, 0.08), (0.0, 0.58), 0.13, 0.095)
    own.fill((0.84, 0.78, 0.66)).oval(0.0, 0.44, 0.15, 0.045)
    own.fill((0.80, 0.70, 0.58)).oval(0.0, 0.58, 0.42, 0.09)
    own.fill(rgb, edge=0.4, bevel=0.08, light=0.22).oval(0.0, 0.56, 0.46, 0.42, cut=(0.0, -1.0, 0.02))
    if variant == 0:
        own.fill(WHITE, edge=0.15, inside=True)
        for x, y, size in (
            (-0.26, 0.72, 0.06),
            (-0.06, 0.86, 0.065),
            (0.20, 0.80, 0.055),
            (0.06, 0.66, 0.05),
            (0.33, 0.65, 0.04),
            (-0.38, 0.60, 0.035),
        ):
            own.oval(x, y, size, 0.8 * size)


def tree(pen: Pen, rgb: RGB, phase: Floats, kind: int) -> None:
    """Draw a tree: a round crown (0), a fir (1) or a palm (2)."""
    shadow(pen, 0.40)
    sway = 0.02 * np.sin(0.6 * phase)
    trunk = (0.40, 0.27, 0.16)
    if kind == 1:
        pen.fill(trunk).limb((0.0, 0.0), (0.0, 0.3), 0.05)
        for k, (low, high, half) in enumerate(((0.14, 0.55, 0.34), (0.36, 0.76, 0.27), (0.58, 1.02, 0.19))):
            pen.fill(tone(rgb, 0.8 + 0.12 * k), edge=0.4).polygon(
                ((-half, low), (0.0, low + 0.05), (half, low), (0.0, high)), sway * (k + 1)
            )
        return
    if kind == 2:
        pen.fill(trunk).chain(((0.0, 0.0), (0.05, 0.35), (0.04 + sway, 0.72)), (0.05, 0.038, 0.03))
        for k in range(7):
            angle = 0.25 + k * 0.44 + 0.08 * np.sin(0.8 * phase + k)
            tip = (0.04 + sway + 0.40 * np.cos(angle), 0.70 + 0.30 * np.sin(angle) - 0.16 * np.abs(np.cos(angle)))
            middle = (0.04 + sway + 0.22 * np.cos(angle), 0.76 + 0.22 * np.sin(angle))
            pen.fill(tone(rgb, 0.8 + 0.08 * (k % 4))).chain(((0.04 + sway, 0.73), middle, tip), (0.03, 0.045, 0.01))
        return
    pen.fill(trunk).limb((0.0, 0.0), (0.0, 0.5), 0.065, 0.045).limb((0.0, 0.36), (0.14, 0.56), 0.03).limb(
        (0.0, 0.33), (-0.15, 0.54), 0.03
    )
    crown = pen.at(sway, 0.0)
    blobs = (
        (-0.20, 0.58, 0.19),
        (0.21, 0.58, 0.19),
        (0.0, 0.56, 0.2),
        (-0.12, 0.76, 0.2),
        (0.14, 0.76, 0.19),
        (0.0, 0.86, 0.16),
    )
    crown.fill(tone(rgb, 0.7), bevel=0.05)
    for x, y, size in blobs:
        crown.dot(x, y, size)
    crown.fill(rgb, edge=0.0, light=0.25, pattern=("spots", tone(rgb, 1.4), 1.6, 1.6))
    for x, y, size in blobs:
        crown.dot(x - 0.02, y + 0.03, 0.8 * size)
