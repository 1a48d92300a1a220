"""Bananas, cake, drink, pizza, watermelon: about 1 wide or high, standing on a table at y = 0."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation.drawing.animals import WHITE, shadow, tone
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Pen


def _plate(pen: Pen, y: float, wide: float) -> None:
    pen.fill((0, 0, 0), edge=0, light=0, opacity=0.25).oval(0.0, y - 0.05, wide * 1.03, 0.30 * wide)
    pen.fill((0.93, 0.93, 0.95), edge=0.25).oval(0.0, y, wide, 0.30 * wide)
    pen.fill((0.84, 0.85, 0.88), edge=0.1).oval(0.0, y, 0.75 * wide, 0.21 * wide)


def bananas(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a bunch of three bananas, a single one, or a peeled one."""
    own = pen.at(0.0, 0.02, 1.0, 0.04 * np.sin(phase))
    shadow(pen, 0.52)
    tip = (0.30, 0.20, 0.10)
    if variant == 2:
        own.fill((0.99, 0.96, 0.82), edge=0.45, bevel=0.06)
        own.chain(((0.10, 0.45), (0.20, 0.70), (0.12, 0.94), (0.04, 1.02)), (0.12, 0.115, 0.085, 0.05))
        own.fill(tone(rgb, 0.78)).chain(((0.08, 0.50), (-0.22, 0.52), (-0.36, 0.28)), (0.07, 0.10, 0.03))
        own.fill(tone(rgb, 0.85)).chain(((0.10, 0.50), (0.40, 0.50), (0.50, 0.26)), (0.07, 0.10, 0.03))
        own.fill(rgb, edge=0.45, bevel=0.05)
        own.chain(((-0.26, 0.08), (-0.08, 0.12), (0.04, 0.30), (0.10, 0.52)), (0.045, 0.10, 0.125, 0.125))
        own.chain(((0.06, 0.52), (0.10, 0.42), (0.22, 0.20)), (0.08, 0.09, 0.02))
        own.fill(tip, edge=0).dot(-0.29, 0.075, 0.045)
        return
    rows = ((0.0, 1.0),) if variant == 1 else ((0.30, 0.78), (0.16, 0.9), (0.0, 1.0))
    for k, (drop, shade) in enumerate(rows):
        points = [
            (-0.42 + 0.03 * k, 0.66),
            (-0.36, 0.38 + 0.6 * drop),
            (-0.12, 0.17 + 0.9 * drop),
            (0.18, 0.13 + drop),
            (0.46 - 0.2 * drop, 0.30 + drop),
        ]
        own.fill(tone(rgb, shade), edge=0.45, bevel=0.05).chain(points, (0.045, 0.085, 0.105, 0.10, 0.04))
        own.fill(tip, edge=0).dot(points[-1][0] + 0.02, points[-1][1] + 0.02, 0.035)
        own.fill(tone(rgb, 1.18 * shade), edge=0, light=0, opacity=0.6)
        own.chain([(x + 0.03, y + 0.03) for x, y in points[1:4]], (0.018, 0.022, 0.018))
    own.fill((0.42, 0.34, 0.14)).limb((-0.40, 0.64), (-0.46, 0.80), 0.055, 0.04)


def cake(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a cake of two tiers with icing, cherries and candles, a slice of layer cake, or a cupcake."""
    if variant == 1:
        _slice(pen, rgb)
        return
    if variant == 2:
        _cupcake(pen, rgb, phase)
        return
    _plate(pen, 0.05, 0.58)
    cream = (0.98, 0.94, 0.86)
    pen.fill(rgb, light=0.05).oval(0.0, 0.08, 0.46, 0.13).box(0.0, 0.20, 0.46, 0.13)
    pen.fill(cream).oval(0.0, 0.33, 0.46, 0.13)
    for k in range(8):
        pen.limb((-0.42 + 0.12 * k, 0.30), (-0.42 + 0.12 * k, 0.24 - 0.03 * (k % 3)), 0.05)
    pen.fill(tone(rgb, 0.9), light=0.05).oval(0.0, 0.38, 0.30, 0.09).box(0.0, 0.47, 0.30, 0.09)
    pen.fill(cream).oval(0.0, 0.56, 0.30, 0.09)
    for k in range(6):
        pen.limb((-0.27 + 0.108 * k, 0.54), (-0.27 + 0.108 * k, 0.49 - 0.02 * (k % 2)), 0.04)
    pen.fill((0.82, 0.08, 0.15))
    for k in range(5):
        pen.dot(-0.38 + 0.19 * k, 0.355 - 0.06 * (1 - abs(k - 2) / 2), 0.035)
    colors = ((0.30, 0.55, 0.90), (0.95, 0.85, 0.25), (0.40, 0.75, 0.40), (0.92, 0.45, 0.65), (0.55, 0.40, 0.80))
    for k, color in enumerate(colors):
        x, y = -0.20 + 0.10 * k, 0.56 + 0.03 * (k % 2)
        pen.fill(color, edge=0.2).box(x, y + 0.09, 0.017, 0.10)
        flicker = 0.012 * np.sin(3 * phase + k)
        pen.fill((1.0, 0.55, 0.10), edge=0, light=0).oval(x + flicker, y + 0.235, 0.026, 0.05 + flicker)
        pen.fill((1.0, 0.92, 0.45), edge=0, light=0).oval(x + flicker, y + 0.225, 0.013, 0.025)


def _slice(pen: Pen, rgb: RGB) -> None:
    _plate(pen, 0.05, 0.50)
    pen.fill(tone(rgb, 1.1), edge=0.3).polygon(((-0.38, 0.46), (0.10, 0.62), (0.36, 0.52), (0.34, 0.44)))
    pen.fill(rgb, edge=0.3).polygon(((-0.38, 0.08), (0.34, 0.06), (0.34, 0.46), (-0.38, 0.46)))
    pen.fill((0.98, 0.94, 0.86), edge=0).box(-0.02, 0.20, 0.36, 0.025).box(-0.02, 0.33, 0.36, 0.025).box(
        -0.02, 0.445, 0.36, 0.025
    )
    pen.fill((0.84, 0.10, 0.15)).oval(0.05, 0.64, 0.08, 0.09)
    pen.fill((0.25, 0.55, 0.2), edge=0).limb((0.05, 0.72), (0.10, 0.76), 0.018)


def _cupcake(pen: Pen, rgb: RGB, phase: Floats) -> None:
    shadow(pen, 0.32)
    pen.fill((0.90, 0.78, 0.30), edge=0.3, pattern=("stripes", (0.70, 0.55, 0.20), 8.0, 0.0)).polygon(
        ((-0.22, 0.02), (0.22, 0.02), (0.32, 0.40), (-0.32, 0.40))
    )
    for y, wide, shade in ((0.44, 0.38, 0.92), (0.57, 0.29, 1.0), (0.69, 0.18, 1.08)):
        pen.fill(tone(rgb, shade), edge=0.35).oval(0.0, y, wide, 0.11)
    pen.fill((0.84, 0.10, 0.15)).dot(0.0, 0.80, 0.075)
    pen.fill((0.30, 0.55, 0.90), edge=0.2).box(0.14, 0.80, 0.017, 0.11)
    flicker = 0.012 * np.sin(3 * phase)
    pen.fill((1.0, 0.60, 0.12), edge=0, light=0).oval(0.14 + flicker, 0.955, 0.026, 0.05 + flicker)


def _beer(pen: Pen, rgb: RGB, phase: Floats) -> None:
    shadow(pen, 0.32)
    pen.fill((0.80, 0.88, 0.92), edge=0.3).oval(0.30, 0.40, 0.16, 0.21, hollow=0.05)
    pen.fill(rgb, edge=0.3, bevel=0.05, pattern=("stripes", tone(rgb, 1.2), 2.0, 0.0)).box(0.0, 0.38, 0.26, 0.36)
    pen.fill((0.88, 0.94, 0.97), edge=0.2).box(0.0, 0.035, 0.27, 0.03)
    rise = 0.01 * np.sin(phase)
    pen.fill((0.99, 0.97, 0.90), edge=0.15)
    for k in range(5):
        pen.dot(-0.22 + 0.11 * k, 0.78 + rise + 0.03 * (k % 2), 0.085)
    pen.box(0.0, 0.73, 0.27, 0.05).limb((-0.2, 0.72), (-0.2, 0.58 + rise), 0.045)


def _coffee(pen: Pen, rgb: RGB, phase: Floats) -> None:
    _plate(pen, 0.05, 0.48)
    pen.fill(tone(rgb, 0.9), edge=0.3).oval(0.36, 0.34, 0.15, 0.14, hollow=0.055)
    pen.fill(rgb, edge=0.3, bevel=0.06).polygon(((-0.20, 0.06), (0.20, 0.06), (0.34, 0.50), (-0.34, 0.50))).oval(
        0.0, 0.07, 0.20, 0.05
    )
    pen.fill(WHITE, edge=0.2).oval(0.0, 0.50, 0.34, 0.085)
    pen.fill((0.30, 0.17, 0.09), edge=0.1).oval(0.0, 0.495, 0.29, 0.066)
    for k in range(2):
        x = -0.08 + 0.16 * k
        pen.fill(WHITE, edge=0, light=0, opacity=0.45)
        pen.chain(
            ((x, 0.56), (x + 0.05 * np.sin(phase + k), 0.72), (x - 0.05 * np.sin(phase + k), 0.90)), (0.02, 0.035, 0.01)
        )


def drink(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a tall glass of juice with ice, a straw and lemon, a mug of beer, or a cup of coffee; 1 high."""
    if variant:
        (_beer, _coffee)[variant - 1](pen, rgb, phase)
        return
    shadow(pen, 0.28)
    level = 0.60 + 0.012 * np.sin(phase)
    pen.fill((0.90, 0.25, 0.28), edge=0.2, pattern=("stripes", WHITE, 4.0, 0.0)).limb(
        (-0.02, 0.10), (0.22, 1.02), 0.026
    )
    glass = ((-0.165, 0.02), (0.165, 0.02), (0.235, 0.76), (-0.235, 0.76))
    pen.fill((0.88, 0.94, 0.97), edge=0.3, light=0.0, opacity=0.45).polygon(glass)
    pen.fill(rgb, edge=0.3, bevel=0.05, opacity=0.92).polygon(
        ((-0.15, 0.05), (0.15, 0.05), (0.212, 0.62), (-0.212, 0.62))
    )
    pen.fill(tone(rgb, 1.3)).oval(0.0, level, 0.212, 0.035)
    pen.fill((0.96, 0.98, 1.0), edge=0.3, light=0.0, opacity=0.6)
    for x, y, turn in ((-0.08, 0.52, 0.3), (0.08, 0.55, -0.2), (0.0, 0.42, 0.6)):
        pen.box(x, y + 0.012 * np.sin(phase + x * 30), 0.06, 0.055, turn)
    pen.fill(WHITE, edge=0, light=0, opacity=0.55).limb((-0.16, 0.14), (-0.20, 0.60), 0.014)
    pen.fill((0.95, 0.84, 0.20)).dot(-0.22, 0.78, 0.135)
    pen.fill((0.99, 0.95, 0.62), edge=0).dot(-0.22, 0.78, 0.11)
    pen.fill((0.95, 0.84, 0.20), edge=0).rays(-0.22, 0.78, 0.11, 0.008, 8)


def pizza(pen: Pen, rgb: RGB, phase: Floats, variant: int, *, flat: float = 0.72) -> None:
    """Draw a pizza on a board, a slice pulled out: with salami and basil, with olives, or with basil only."""
    own = pen.at(0.0, 0.42, 1.0, 0.05 * np.sin(0.4 * phase))
    own.fill((0, 0, 0), edge=0, light=0, opacity=0.28).oval(0.02, -0.05, 0.56, 0.56 * flat)
    own.fill((0.62, 0.44, 0.27)).oval(0.0, -0.02, 0.56, 0.56 * flat)
    own.fill((0.82, 0.56, 0.26), edge=0.4, bevel=0.05).oval(0.0, 0.0, 0.50, 0.50 * flat)
    own.fill((0.76, 0.22, 0.10), edge=0.2).oval(0.0, 0.0, 0.43, 0.43 * flat)
    own.fill(rgb, edge=0.1, pattern=("spots", tone(rgb, 0.82), 2.2, 2.2)).oval(0.0, 0.0, 0.405, 0.405 * flat)
    if variant < 2:
        own.fill(((0.72, 0.14, 0.10), (0.12, 0.10, 0.14))[variant], edge=0.35, bevel=0.03)
        size = (0.068, 0.045)[variant]
        for k in range(8 + 4 * variant):
            angle, reach = k * 2.4 + 0.3, 0.08 + 0.28 * ((k * 0.37) % 1.0)
            own.oval(reach * np.cos(angle), reach * np.sin(angle) * flat, size, size * flat)
    own.fill((0.18, 0.45, 0.14), edge=0.2)
    for k in range(12 if variant == 2 else 6):
        angle, reach = k * 2.1 + 1.2, 0.12 + 0.22 * ((k * 0.61) % 1.0)
        own.oval(reach * np.cos(angle), reach * np.sin(angle) * flat, 0.055, 0.025, angle)
    own.fill((0.50, 0.30, 0.14), edge=0, light=0, opacity=0.7)
    for k in range(4):
        angle = k * np.pi / 4 + 0.2
        dx, dy = 0.49 * np.cos(angle), 0.49 * np.sin(angle) * flat
        own.limb((-dx, -dy), (dx, dy), 0.008)
    pull = own.at(0.10 + 0.02 * np.sin(phase), -0.06)
    pull.fill((0.62, 0.44, 0.27), edge=0).polygon(((0.06, -0.03), (0.50, -0.08), (0.36, -0.34)))
    slice_ = pull.at(0.09, -0.04)
    slice_.fill((0.82, 0.56, 0.26), edge=0.4).polygon(((0.0, 0.0), (0.46, -0.05), (0.44, -0.19), (0.34, -0.28)))
    slice_.fill(rgb, edge=0.1).polygon(((0.02, -0.01), (0.40, -0.055), (0.385, -0.16), (0.305, -0.235)))
    slice_.fill((0.72, 0.14, 0.10), edge=0.3).oval(0.27, -0.12, 0.055, 0.042)


def watermelon(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a watermelon: the striped fruit behind a wedge with seeds, a half cut open, or three wedges."""
    own = pen.at(0.0, 0.0, 1.0, 0.03 * np.sin(0.5 * phase))
    shadow(pen, 0.62)
    if variant == 1:
        own.fill(rgb, edge=0.45, bevel=0.10, pattern=("stripes", tone(rgb, 0.5), 2.2, 0.0)).oval(0.0, 0.38, 0.54, 0.36)
        own.fill((0.93, 0.97, 0.84), edge=0.2).oval(0.02, 0.46, 0.47, 0.26, 0.08)
        own.fill((0.90, 0.20, 0.24), edge=0.1).oval(0.02, 0.46, 0.42, 0.22, 0.08)
        own.fill((0.10, 0.06, 0.05), edge=0)
        for k in range(12):
            own.oval(0.02 + 0.27 * np.cos(k * 0.524), 0.46 + 0.13 * np.sin(k * 0.524), 0.02, 0.014)
        return
    if variant == 0:
        own.fill(rgb, edge=0.45, bevel=0.10, pattern=("stripes", tone(rgb, 0.5), 1.6, 0.0)).oval(
            -0.16, 0.42, 0.46, 0.38, 0.1
        )
        _wedge(own.at(0.18, 0.40, 1.0, -0.12), rgb)
        return
    for x, y, size, turn in ((-0.22, 0.62, 0.75, 0.35), (0.30, 0.58, 0.75, -0.3), (0.0, 0.36, 0.85, 0.0)):
        _wedge(own.at(x, y, size, turn), rgb)


def _wedge(wedge: Pen, rgb: RGB) -> None:
    wedge.fill(tone(rgb, 0.8), edge=0.3).oval(0.0, 0.0, 0.50, 0.42, cut=(0.0, 1.0, 0.0))
    wedge.fill((0.93, 0.97, 0.84), edge=0).oval(0.0, 0.0, 0.455, 0.375, cut=(0.0, 1.0, 0.0))
    wedge.fill((0.90, 0.20, 0.24), edge=0.1, light=0.15).oval(0.0, 0.0, 0.415, 0.335, cut=(0.0, 1.0, 0.0))
    wedge.fill((0.10, 0.06, 0.05), edge=0)
    for x, y in (
        (-0.28, -0.07),
        (-0.16, -0.16),
        (0.0, -0.09),
        (0.0, -0.24),
        (0.16, -0.16),
        (0.28, -0.07),
        (-0.12, -0.05),
        (0.12, -0.05),
    ):
        wedge.oval(x, y, 0.016, 0.027)
