"""Drums, guitars, pianos, and hands to play them: about 1 high, standing at y = 0."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation.drawing.animals import DARK, WHITE, shadow, tone
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Pen

_WOOD = (0.80, 0.62, 0.38)
_CHROME = (0.82, 0.84, 0.88)


def _kit(pen: Pen, rgb: RGB, phase: Floats) -> None:
    """Draw a drum kit from the front: bass drum, toms, snare, cymbals."""
    shake = 0.07 * np.sin(4 * phase)
    pen.fill(_CHROME, edge=0).limb((-0.62, 0.0), (-0.56, 0.92), 0.016).limb((0.62, 0.0), (0.56, 0.92), 0.016)
    pen.fill((0.88, 0.72, 0.25), edge=0.5).oval(-0.56, 0.92, 0.25, 0.045, 0.2 + shake).oval(
        0.56, 0.92, 0.25, 0.045, -0.2 - shake
    )
    for x in (-0.20, 0.20):
        pen.fill(rgb, light=0.08).box(x, 0.70, 0.15, 0.09)
        pen.fill((0.96, 0.95, 0.90), edge=0.25).oval(x, 0.79, 0.155, 0.045)
    pen.fill(tone(rgb, 0.9)).box(0.52, 0.36, 0.18, 0.10)
    pen.fill((0.96, 0.95, 0.90), edge=0.25).oval(0.52, 0.46, 0.185, 0.05)
    pen.fill(rgb, edge=0.4).dot(0.0, 0.33, 0.34)
    pen.fill((0.96, 0.95, 0.90), edge=0.2).dot(0.0, 0.33, 0.285 + 0.006 * np.sin(4 * phase))
    pen.fill(tone(rgb, 0.8), edge=0).rays(0.0, 0.33, 0.13, 0.045, 5, taper=0.2, turn=0.3)
    for side, lag in ((-1.0, 0.0), (1.0, np.pi)):
        lift = 0.14 * np.clip(np.sin(2 * phase + lag), 0, 1)
        pen.fill(_WOOD, edge=0.4).limb((0.50 * side, 1.08 + lift), (0.16 * side, 0.82 + 0.5 * lift), 0.02, 0.016)


def _bongos(pen: Pen, rgb: RGB, phase: Floats) -> None:
    """Draw two hand drums side by side."""
    shadow(pen, 0.5)
    for x, half, tall, lag in ((-0.25, 0.22, 0.52, 0.0), (0.24, 0.27, 0.60, np.pi)):
        pen.fill(tone(rgb, 0.9), pattern=("stripes", tone(rgb, 0.65), 5.0, 0.0)).polygon(
            ((x - 0.7 * half, 0.0), (x + 0.7 * half, 0.0), (x + half, tall), (x - half, tall))
        )
        pen.fill(_CHROME, edge=0.4).oval(x, tall, 1.05 * half, 0.34 * half)
        pen.fill((0.93, 0.86, 0.72), edge=0.25).oval(x, tall + 0.01, 0.94 * half, 0.28 * half)
        lift = 0.14 * np.clip(np.sin(2 * phase + lag), 0, 1)
        pen.fill((0.80, 0.58, 0.44)).limb((x + 0.5 * half, tall + 0.30 + lift), (x, tall + 0.06 + lift), 0.05, 0.065)
    pen.fill(tone(rgb, 0.5)).box(0.0, 0.34, 0.07, 0.05)


def drum(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a snare drum with lugs, two beating sticks and a cymbal, a whole kit, or bongos."""
    if variant:
        (_kit, _bongos)[variant - 1](pen, rgb, phase)
        return
    shadow(pen, 0.52)
    shake = 0.06 * np.clip(np.sin(2 * phase), 0, 1)
    pen.fill(_CHROME, edge=0).limb((0.56, 0.0), (0.56, 0.80), 0.018)
    pen.fill((0.88, 0.72, 0.25), edge=0.5).oval(0.56, 0.82, 0.26, 0.05, shake)
    pen.fill(rgb, light=0.08, edge=0.3).oval(0.0, 0.14, 0.44, 0.13).box(0.0, 0.33, 0.44, 0.19)
    pen.fill(_CHROME, edge=0.3)
    for k in range(6):
        pen.box(-0.40 + 0.16 * k, 0.30 - 0.03 * np.sin(np.pi * k / 5), 0.014, 0.16)
    pen.fill(_CHROME, edge=0.3).oval(0.0, 0.17, 0.45, 0.14, cut=(0.0, 1.0, 0.0)).oval(0.0, 0.53, 0.46, 0.145)
    pen.fill(rgb, light=0.08, edge=0.2).oval(0.0, 0.215, 0.435, 0.13, cut=(0.0, 1.0, 0.0))
    pen.fill(_CHROME, edge=0.3)
    for k in range(6):
        pen.box(-0.40 + 0.16 * k, 0.30 - 0.07 * np.sin(np.pi * k / 5), 0.014, 0.13)
    pen.fill((0.96, 0.95, 0.90), edge=0.15).oval(0.0, 0.535, 0.42, 0.12)
    for side, lag in ((-1.0, 0.0), (1.0, np.pi)):
        lift = 0.16 * np.clip(np.sin(2 * phase + lag), 0, 1)
        stick = pen.fill(_WOOD, edge=0.4)
        stick.limb((0.58 * side, 0.86 + lift), (0.08 * side, 0.57 + 0.5 * lift), 0.024, 0.018)
        stick.dot(0.08 * side, 0.57 + 0.5 * lift, 0.032)


def guitar(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a guitar leaning to the right, strings trembling: acoustic, electric, or a violin-like one with f-holes."""
    electric = variant == 1
    own = pen.at(-0.12, 0.30, 1.0, -0.55 + 0.03 * np.sin(phase))
    shadow(pen, 0.42)
    if electric:
        own.fill(rgb, edge=0.4, bevel=0.05).oval(0.0, 0.0, 0.24, 0.22).polygon(
            ((-0.24, 0.05), (-0.20, 0.34), (-0.08, 0.20), (0.08, 0.20), (0.17, 0.32), (0.24, 0.05))
        )
        own.fill(WHITE, edge=0.1).polygon(((-0.02, 0.18), (0.14, 0.14), (0.17, -0.10), (0.02, -0.12)))
        own.fill(DARK, edge=0).box(0.0, 0.10, 0.09, 0.02).box(0.0, -0.02, 0.09, 0.02)
    else:
        own.fill(tone(rgb, 0.55), edge=0.3).dot(0.0, 0.0, 0.275).dot(0.0, 0.29, 0.205).box(0.0, 0.16, 0.165, 0.12)
        own.fill(rgb, edge=0.2, bevel=0.04).dot(0.0, 0.0, 0.255).dot(0.0, 0.29, 0.185).box(0.0, 0.16, 0.15, 0.12)
        if variant == 0:
            own.fill((0.90, 0.80, 0.55), edge=0).dot(0.0, 0.19, 0.105)
            own.fill((0.10, 0.06, 0.04), edge=0).dot(0.0, 0.19, 0.088)
        else:
            own.fill((0.10, 0.06, 0.04), edge=0)
            for side in (-1, 1):
                own.chain(((0.12 * side, 0.06), (0.10 * side, 0.14), (0.13 * side, 0.22)), (0.022, 0.012, 0.022))
    own.fill((0.20, 0.12, 0.07), edge=0.3).box(0.0, 0.58, 0.038, 0.36)
    own.box(0.0, -0.10, 0.11, 0.022)
    own.fill(_CHROME, edge=0)
    for k in range(6):
        own.box(0.0, 0.46 + 0.075 * k, 0.036, 0.006)
    own.fill((0.34, 0.20, 0.10)).polygon(((-0.045, 0.92), (0.045, 0.92), (0.07, 1.08), (-0.07, 1.08)))
    own.fill(_CHROME, edge=0.2)
    for k in range(3):
        own.dot(-0.085, 0.95 + 0.05 * k, 0.02).dot(0.085, 0.95 + 0.05 * k, 0.02)
    own.fill((0.97, 0.95, 0.85), edge=0, light=0, opacity=0.9)
    for k in range(3):
        tremble = 0.006 * np.sin(5 * phase + k)
        own.limb((0.022 * (k - 1), -0.10), (0.022 * (k - 1) + tremble, 0.94), 0.0045)


def _keys(keys: Pen, phase: Floats) -> None:
    """Draw a keyboard 1.32 wide and 0.17 high around its middle; some keys go down as they are played."""
    keys.fill(WHITE, edge=0.1, light=0.0).box(0.0, 0.0, 0.66, 0.085)
    keys.fill((0.35, 0.35, 0.36), edge=0, light=0)
    for k in range(1, 14):
        keys.box(-0.66 + 1.32 * k / 14, 0.0, 0.005, 0.085)
    for k in (2, 7, 12):
        press = 0.02 * np.clip(np.sin(2 * phase + k), 0, 1)
        keys.fill((0.82, 0.80, 0.74), edge=0.1).box(-0.66 + 1.32 * (k + 0.5) / 14, -0.085 + press, 0.043, 0.02)
    keys.fill(DARK, edge=0.2, light=0.2)
    for k in range(1, 14):
        if k % 7 not in (0, 3):
            keys.box(-0.66 + 1.32 * k / 14, 0.035, 0.024, 0.052)


def _upright(pen: Pen, rgb: RGB, phase: Floats) -> None:
    shadow(pen, 0.78)
    pen.fill(rgb, edge=0.35).box(0.0, 0.52, 0.70, 0.50)
    pen.fill(tone(rgb, 1.5), edge=0.2).box(0.0, 1.02, 0.74, 0.025)
    pen.fill(tone(rgb, 0.75), edge=0.3).box(-0.34, 0.78, 0.28, 0.15).box(0.34, 0.78, 0.28, 0.15)
    pen.fill((0.97, 0.96, 0.92), edge=0.1).box(-0.10, 0.66, 0.09, 0.12).box(0.10, 0.66, 0.09, 0.12)
    pen.fill(tone(rgb, 1.25), edge=0.3).box(0.0, 0.33, 0.76, 0.07)
    pen.fill(tone(rgb, 0.9), edge=0.3).box(-0.70, 0.15, 0.04, 0.15).box(0.70, 0.15, 0.04, 0.15)
    _keys(pen.at(0.0, 0.43), phase)


def _keyboard(pen: Pen, rgb: RGB, phase: Floats) -> None:
    shadow(pen, 0.6)
    pen.fill((0.25, 0.25, 0.27), edge=0.2).limb((-0.5, 0.0), (0.5, 0.62), 0.025).limb((0.5, 0.0), (-0.5, 0.62), 0.025)
    pen.fill(rgb, edge=0.35).box(0.0, 0.72, 0.76, 0.17)
    pen.fill((0.35, 0.75, 0.70), edge=0.1).box(0.0, 0.84, 0.14, 0.035)
    pen.fill((0.85, 0.25, 0.2), edge=0.2)
    for k in range(4):
        pen.dot(-0.62 + 0.1 * k, 0.84, 0.025).dot(0.62 - 0.1 * k, 0.84, 0.025)
    _keys(pen.at(0.0, 0.68), phase)


def piano(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a grand piano with its lid up, an upright one, or an electric keyboard; about 1.5 wide."""
    if variant:
        (_upright, _keyboard)[variant - 1](pen, rgb, phase)
        return
    shadow(pen, 0.78)
    pen.fill(tone(rgb, 0.7), edge=0.2).box(-0.60, 0.18, 0.035, 0.18).box(0.60, 0.18, 0.035, 0.18).box(
        0.0, 0.10, 0.03, 0.10
    )
    pen.fill((0.85, 0.70, 0.30), edge=0.2).box(0.0, 0.03, 0.06, 0.015)
    pen.fill(tone(rgb, 0.9), edge=0.4, bevel=0.04).polygon(
        ((-0.70, 0.62), (-0.52, 1.06), (0.30, 1.02), (0.64, 0.74), (0.70, 0.62))
    )
    pen.fill((0.78, 0.55, 0.22), edge=0.1).polygon(((-0.62, 0.63), (-0.50, 0.88), (0.26, 0.86), (0.56, 0.63)))
    pen.fill(_CHROME, edge=0)
    for k in range(9):
        pen.limb((-0.54 + 0.12 * k, 0.63), (-0.42 + 0.08 * k, 0.86), 0.005)
    pen.fill(rgb, edge=0.35).box(0.0, 0.50, 0.74, 0.13)
    pen.fill(tone(rgb, 1.6), edge=0, light=0, opacity=0.5).box(0.0, 0.60, 0.72, 0.012)
    _keys(pen.at(0.0, 0.44), phase)
