"""Bikes, cars, balloons, airplanes and ships: about 1 wide, facing right; on wheels they stand at y = 0."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation.drawing.animals import DARK, WHITE, tone
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Number, Pen
from eeg2vid.stages.simulation.drawing.people import Dress, head

_GLASS = (0.62, 0.80, 0.90)
_CHROME = (0.80, 0.82, 0.85)


def _shadow(pen: Pen, wide: float) -> None:
    pen.fill((0, 0, 0), edge=0, light=0, opacity=0.32).oval(0.0, 0.0, wide, 0.035)


def _wheel(pen: Pen, x: float, radius: float, turn: Number, *, spokes: int, tyre: float) -> None:
    pen.fill(DARK, edge=0.2).oval(x, radius, radius, radius, turn, hollow=tyre)
    if spokes:
        pen.fill(_CHROME, edge=0, light=0).rays(x, radius, radius - 0.6 * tyre, 0.008, spokes, turn=turn)
    else:
        pen.fill(_CHROME, edge=0.3).oval(x, radius, radius - tyre, radius - tyre, turn)
        pen.fill((0.35, 0.36, 0.38), edge=0, light=0).rays(
            x, radius, 0.9 * (radius - tyre), 0.016, 5, free=0.25, turn=turn
        )
    pen.fill((0.30, 0.30, 0.32), edge=0).dot(x, radius, 0.22 * radius)


def car(pen: Pen, rgb: RGB, phase: Floats, turn: Number, variant: int) -> None:
    """Draw a car from the side, wheels turning: a sedan, a van, or a lorry with a box."""
    _shadow(pen, 0.54)
    own = pen.at(0.0, 0.005 * np.sin(2 * phase))
    if variant == 2:
        own.fill((0.92, 0.91, 0.87), edge=0.3, pattern=("stripes", (0.82, 0.81, 0.78), 4.0, 0.0)).box(
            -0.16, 0.34, 0.35, 0.22
        )
        own.fill(rgb, edge=0.35).polygon(((0.21, 0.09), (0.21, 0.46), (0.40, 0.46), (0.50, 0.26), (0.51, 0.09)))
        own.fill(_GLASS, edge=0.25).polygon(((0.27, 0.27), (0.27, 0.41), (0.38, 0.41), (0.45, 0.27)))
    elif variant == 1:
        own.fill(rgb, edge=0.35).polygon(
            ((-0.48, 0.10), (-0.48, 0.40), (-0.44, 0.46), (0.24, 0.46), (0.36, 0.28), (0.50, 0.24), (0.51, 0.10))
        )
        own.fill(_GLASS, edge=0.25).polygon(((-0.42, 0.29), (-0.42, 0.41), (-0.20, 0.41), (-0.20, 0.29))).polygon(
            ((-0.15, 0.29), (-0.15, 0.41), (0.05, 0.41), (0.05, 0.29))
        )
        own.polygon(((0.09, 0.29), (0.09, 0.41), (0.22, 0.41), (0.31, 0.29)))
    else:
        own.fill(tone(rgb, 0.92), edge=0.35).polygon(((-0.36, 0.22), (-0.24, 0.39), (0.10, 0.39), (0.27, 0.22)))
        own.fill(_GLASS, edge=0.25).polygon(((-0.29, 0.235), (-0.21, 0.36), (-0.09, 0.36), (-0.09, 0.235))).polygon(
            ((-0.05, 0.235), (-0.05, 0.36), (0.09, 0.36), (0.20, 0.235))
        )
        own.fill(rgb, edge=0.35, bevel=0.03).polygon(
            ((-0.50, 0.09), (-0.50, 0.20), (-0.46, 0.235), (0.26, 0.235), (0.46, 0.19), (0.51, 0.15), (0.51, 0.09))
        )
    own.fill(tone(rgb, 0.55), edge=0, light=0).limb((-0.07, 0.22), (-0.07, 0.11), 0.004).limb(
        (-0.02, 0.20), (0.03, 0.20), 0.007
    )
    own.fill((1.0, 0.95, 0.65), edge=0.2).oval(0.47, 0.165, 0.03, 0.022)
    own.fill((0.85, 0.10, 0.10), edge=0.2).box(-0.485, 0.175, 0.015, 0.025)
    own.fill((0.28, 0.28, 0.30), edge=0.1).box(0.0, 0.085, 0.50, 0.016)
    for x in (-0.29, 0.30):
        pen.fill((0.10, 0.10, 0.11), edge=0).dot(x, 0.10, 0.115)
        _wheel(pen, x, 0.095, turn, spokes=0, tyre=0.035)


def bicycle(pen: Pen, rgb: RGB, turn: Number, rider: Dress | None, *, face: bool) -> None:
    """Draw a bicycle with spoked wheels, turning pedals and, perhaps, somebody who rides it."""
    _shadow(pen, 0.55)
    pedal = 0.5 * np.asarray(turn)
    axle = (-0.02, 0.22)
    for x in (-0.33, 0.34):
        _wheel(pen, x, 0.22, turn, spokes=10, tyre=0.028)
    saddle, bar = (-0.14, 0.56), (0.24, 0.56)
    if rider is not None:
        _rider_leg(pen, rider, saddle, axle, pedal + np.pi, 0.72)
    pen.fill(rgb, edge=0.3)
    pen.limb((-0.33, 0.22), axle, 0.018).limb(axle, (0.20, 0.50), 0.02).limb((-0.13, 0.48), (0.20, 0.50), 0.02)
    pen.limb(axle, (-0.14, 0.53), 0.02).limb((-0.33, 0.22), (-0.13, 0.48), 0.016).limb((0.34, 0.22), bar, 0.02)
    pen.fill(DARK, edge=0).limb((-0.20, 0.545), (-0.07, 0.55), 0.024).limb(bar, (0.15, 0.60), 0.018).limb(
        bar, (0.30, 0.585), 0.016
    )
    pen.fill(_CHROME, edge=0.3).dot(axle[0], axle[1], 0.055)
    for lag in (0.0, np.pi):
        pen.limb(axle, (axle[0] + 0.10 * np.cos(pedal + lag), axle[1] + 0.10 * np.sin(pedal + lag)), 0.012)
    if rider is not None:
        _rider_leg(pen, rider, saddle, axle, pedal, 1.0)
        shoulder = (0.06, 0.90)
        pen.fill(rider.top).limb((-0.13, 0.61), shoulder, 0.075, 0.085)
        pen.fill(rider.skin).limb(shoulder, (0.17, 0.72), 0.034).limb((0.17, 0.72), (0.18, 0.61), 0.03)
        head(pen, rider, 0.12, 1.04, 0.08 if not face else 0.11, face=face, side=not face)
        pen.fill(tone(rgb, 0.9)).oval(0.105, 1.07, 0.095, 0.075, cut=(0.0, -1.0, 0.0))


def _rider_leg(
    pen: Pen, rider: Dress, hip: tuple[float, float], axle: tuple[float, float], angle: Number, dim: float
) -> None:
    foot = (axle[0] + 0.10 * np.cos(angle), axle[1] + 0.10 * np.sin(angle) + 0.02)
    knee = (0.5 * (hip[0] + foot[0]) + 0.13, 0.5 * (hip[1] + foot[1]) + 0.06)
    pen.fill(tone(rider.legs, dim)).limb((hip[0], hip[1] + 0.04), knee, 0.062, 0.048)
    pen.fill(tone(rider.skin, dim)).limb(knee, foot, 0.042, 0.03)
    pen.fill(tone(WHITE, dim)).limb(foot, (foot[0] + 0.05, foot[1] - 0.01), 0.028)


def scooter(pen: Pen, rgb: RGB, phase: Floats, turn: Number, rider: Dress | None, *, face: bool) -> None:
    """Draw a motor scooter: small wheels, a leg shield, a curved rear and, perhaps, somebody who rides it."""
    _shadow(pen, 0.5)
    own = pen.at(0.0, 0.006 * np.sin(2 * phase))
    for x in (-0.30, 0.32):
        _wheel(pen, x, 0.12, turn, spokes=0, tyre=0.045)
    own.fill((0.35, 0.36, 0.38)).limb((0.32, 0.12), (0.24, 0.62), 0.02)
    own.fill(rgb, edge=0.35, bevel=0.05).oval(-0.26, 0.30, 0.22, 0.17).limb((-0.1, 0.16), (0.16, 0.16), 0.035)
    own.polygon(((0.12, 0.14), (0.24, 0.56), (0.30, 0.56), (0.24, 0.14))).oval(0.30, 0.24, 0.15, 0.05, 0.2)
    own.fill((0.30, 0.18, 0.12), edge=0.3).limb((-0.38, 0.47), (-0.08, 0.46), 0.045)
    own.fill((1.0, 0.96, 0.75), edge=0.4).dot(0.29, 0.60, 0.05)
    own.fill(DARK, edge=0).limb((0.25, 0.64), (0.15, 0.68), 0.018)
    if rider is not None:
        own.fill(rider.legs).limb((-0.14, 0.54), (0.08, 0.46), 0.065, 0.052).limb(
            (0.08, 0.46), (0.06, 0.20), 0.048, 0.04
        )
        own.fill(rider.top).limb((-0.15, 0.56), (-0.10, 0.86), 0.08, 0.095)
        own.limb((-0.08, 0.84), (0.06, 0.72), 0.042).limb((0.06, 0.72), (0.15, 0.68), 0.036)
        head(own, rider, -0.06, 1.02, 0.085 if not face else 0.11, face=face, side=not face)
        own.fill(tone(rgb, 1.1), edge=0.3).oval(-0.07, 1.05, 0.10, 0.08, cut=(0.0, -1.0, 0.0))


def motorcycle(pen: Pen, rgb: RGB, phase: Floats, turn: Number, rider: Dress | None, *, face: bool) -> None:
    """Draw a motorcycle: fat wheels, tank, seat, engine, exhaust and, perhaps, a rider with a helmet."""
    _shadow(pen, 0.55)
    own = pen.at(0.0, 0.006 * np.sin(2 * phase))
    for x in (-0.34, 0.35):
        _wheel(pen, x, 0.19, turn, spokes=6, tyre=0.065)
    own.fill((0.30, 0.30, 0.32)).limb((-0.34, 0.19), (-0.04, 0.22), 0.03).limb((0.35, 0.19), (0.22, 0.50), 0.026)
    own.fill((0.55, 0.56, 0.58), edge=0.4, pattern=("stripes", (0.3, 0.3, 0.32), 0.0, 2.5)).box(0.0, 0.25, 0.13, 0.10)
    own.fill(_CHROME, edge=0.4).limb((0.0, 0.15), (-0.44, 0.16), 0.03, 0.036)
    own.fill(rgb, edge=0.4, bevel=0.04).oval(0.07, 0.42, 0.18, 0.095, 0.12).polygon(
        ((-0.14, 0.42), (-0.46, 0.48), (-0.42, 0.38), (-0.10, 0.30))
    )
    own.polygon(((0.22, 0.39), (0.44, 0.37), (0.36, 0.42), (0.25, 0.46)))
    own.fill(DARK, edge=0.2).limb((-0.08, 0.43), (-0.34, 0.46), 0.04, 0.03)
    own.fill((1.0, 0.96, 0.75), edge=0.4).dot(0.28, 0.50, 0.055)
    own.fill(DARK, edge=0).limb((0.20, 0.52), (0.12, 0.60), 0.018)
    if rider is not None:
        own.fill(rider.legs).limb((-0.12, 0.48), (0.10, 0.40), 0.068, 0.055).limb(
            (0.10, 0.40), (0.02, 0.17), 0.05, 0.04
        )
        own.fill(DARK).limb((0.02, 0.15), (0.09, 0.14), 0.036)
        own.fill(rider.top).limb((-0.14, 0.52), (0.0, 0.82), 0.085, 0.10)
        own.limb((0.01, 0.80), (0.10, 0.66), 0.045).limb((0.10, 0.66), (0.14, 0.60), 0.04)
        head(own, rider, 0.06, 0.97, 0.085 if not face else 0.11, face=face, side=not face)
        if not face:
            own.fill(tone(rgb, 0.9), edge=0.4).dot(0.055, 0.985, 0.105)
            own.fill((0.12, 0.14, 0.20), edge=0).oval(0.12, 0.975, 0.05, 0.034)


def balloon(pen: Pen, rgb: RGB, phase: Floats, accent: RGB, variant: int) -> None:
    """Draw a hot-air balloon with gores, belts or a star, ropes, a burner and a basket; 1 high."""
    own = pen.at(0.0, 0.02 * np.sin(0.8 * phase), 1.0, 0.04 * np.sin(0.6 * phase))
    own.fill((0.30, 0.24, 0.18), edge=0, light=0)
    for x in (-0.085, 0.085):
        own.limb((2.2 * x, 0.32), (x, 0.15), 0.007)
    own.fill((1.0, 0.66, 0.15), edge=0, light=0).oval(0.0, 0.21, 0.022, 0.05 + 0.02 * np.sin(5 * phase))
    own.fill(rgb, edge=0.4, bevel=0.09, light=0.12).oval(0.0, 0.66, 0.37, 0.35)
    own.polygon(((-0.34, 0.56), (-0.11, 0.28), (0.11, 0.28), (0.34, 0.56)))
    own.fill(accent, edge=0.3, bevel=0.06, inside=True)
    if variant == 0:
        own.oval(0.0, 0.63, 0.07, 0.38).oval(0.0, 0.63, 0.255, 0.39, hollow=0.075)
    elif variant == 1:
        own.box(0.0, 0.66, 0.5, 0.06).box(0.0, 0.88, 0.5, 0.04).box(0.0, 0.46, 0.5, 0.04)
    else:
        own.rays(0.0, 0.68, 0.22, 0.09, 5, taper=0.1, turn=0.31)
    own.fill(tone(rgb, 0.55), edge=0.2).box(0.0, 0.285, 0.11, 0.014)
    own.fill((0.55, 0.36, 0.18), edge=0.3, pattern=("windows", (0.40, 0.25, 0.12), 2.0, 2.0)).box(
        0.0, 0.085, 0.09, 0.068
    )
    own.fill((0.34, 0.21, 0.10), edge=0.2).box(0.0, 0.155, 0.098, 0.013)


def _propeller(own: Pen, rgb: RGB, phase: Floats, accent: RGB) -> None:
    own.fill(accent, edge=0.3).polygon(((-0.36, 0.02), (-0.46, 0.22), (-0.36, 0.22), (-0.24, 0.04)))
    own.fill(rgb, edge=0.35, bevel=0.05).limb((0.30, 0.0), (-0.06, 0.01), 0.085, 0.095).limb(
        (-0.06, 0.01), (-0.46, 0.04), 0.095, 0.025
    )
    own.fill(_GLASS, edge=0.3).polygon(((0.16, 0.08), (0.08, 0.16), (-0.06, 0.16), (-0.12, 0.08)))
    own.fill(accent, edge=0, inside=True).limb((-0.5, -0.01), (0.5, -0.02), 0.018)
    own.fill((0.25, 0.25, 0.27), edge=0).limb((0.10, -0.08), (0.14, -0.19), 0.014).dot(0.14, -0.20, 0.045)
    own.fill(tone(rgb, 0.9), edge=0.4).polygon(((0.18, 0.20), (0.16, 0.24), (-0.14, 0.25), (-0.16, 0.20))).polygon(
        ((0.14, -0.02), (-0.08, -0.17), (-0.20, -0.17), (-0.10, -0.02))
    )
    own.fill((0.25, 0.25, 0.27), edge=0).dot(0.40, 0.0, 0.03)
    blade = 0.20 * np.abs(np.sin(4 * phase))
    own.fill((0.30, 0.30, 0.32), edge=0, light=0, opacity=0.8).oval(0.415, 0.0, 0.014, 0.03 + blade)


def _jet(own: Pen, rgb: RGB, phase: Floats, accent: RGB) -> None:
    own.fill((1.0, 0.60, 0.15), edge=0, light=0).limb(
        (-0.42, 0.0), (-0.58 + 0.02 * np.sin(4 * phase), 0.0), 0.035, 0.01
    )
    own.fill(tone(rgb, 0.7), edge=0.3).polygon(((-0.02, 0.03), (-0.22, 0.16), (-0.30, 0.16), (-0.22, 0.02)))
    own.fill(accent, edge=0.3).polygon(((-0.22, 0.04), (-0.42, 0.24), (-0.46, 0.22), (-0.40, 0.02)))
    own.fill(rgb, edge=0.35, bevel=0.05).limb((-0.40, 0.0), (0.15, 0.0), 0.055, 0.065).limb(
        (0.15, 0.0), (0.55, -0.015), 0.065, 0.008
    )
    own.fill((0.20, 0.30, 0.45), edge=0.2).oval(0.20, 0.055, 0.13, 0.045)
    own.fill(tone(rgb, 0.85), edge=0.4).polygon(((0.12, -0.02), (-0.30, -0.24), (-0.38, -0.24), (-0.32, -0.03)))


def airplane(pen: Pen, rgb: RGB, phase: Floats, accent: RGB, variant: int) -> None:
    """Draw an airliner from the side (fuselage, windows, swept wings, engines, fin), a propeller plane, or a jet."""
    own = pen.at(0.0, 0.012 * np.sin(phase), 1.0, 0.10 + 0.03 * np.sin(0.5 * phase))
    if variant:
        (_propeller, _jet)[variant - 1](own, rgb, phase, accent)
        return
    own.fill(tone(rgb, 0.72), edge=0.3).polygon(((0.04, 0.05), (-0.16, 0.27), (-0.23, 0.27), (-0.12, 0.04)))
    own.fill(accent, edge=0.3).polygon(((-0.34, 0.04), (-0.50, 0.27), (-0.41, 0.27), (-0.24, 0.06)))
    own.fill(rgb, edge=0.35, bevel=0.05).limb((-0.20, 0.005), (0.36, 0.0), 0.072, 0.07).limb(
        (-0.20, 0.005), (-0.50, 0.045), 0.07, 0.022
    )
    own.oval(0.38, -0.008, 0.12, 0.06)
    own.fill(accent, edge=0, inside=True).limb((-0.5, -0.03), (0.5, -0.045), 0.014)
    own.fill((0.18, 0.26, 0.36), edge=0, light=0)
    for k in range(11):
        own.dot(-0.24 + 0.05 * k, 0.022, 0.0125)
    own.polygon(((0.40, 0.035), (0.46, 0.018), (0.42, 0.008), (0.39, 0.012)))
    own.fill(tone(rgb, 0.85), edge=0.3).polygon(((-0.36, 0.05), (-0.54, 0.10), (-0.48, 0.04)))
    own.fill((0.45, 0.47, 0.50), edge=0.4).limb((-0.04, -0.12), (0.06, -0.125), 0.04)
    own.fill(tone(rgb, 0.90), edge=0.4).polygon(((0.12, -0.03), (-0.20, -0.30), (-0.29, -0.30), (-0.10, -0.03)))


def ship(pen: Pen, rgb: RGB, phase: Floats, accent: RGB, variant: int) -> None:
    """Draw a ship in its waves: a liner with decks, funnels and smoke, a sailing boat, or a freighter."""
    own = pen.at(0.0, 0.02 * np.sin(0.8 * phase), 1.0, 0.04 * np.sin(0.8 * phase + 1))
    if variant == 1:
        accent = (0.95, 0.94, 0.90)
        own.fill((0.45, 0.32, 0.20)).limb((0.0, 0.12), (0.0, 0.98), 0.014)
        own.fill(accent, edge=0.3, bevel=0.05).polygon(((-0.03, 0.94), (-0.03, 0.22), (-0.40, 0.22)))
        own.fill(tone(accent, 0.88), edge=0.3).polygon(((0.03, 0.88), (0.03, 0.26), (0.36, 0.24)))
        own.fill(rgb, edge=0.35).polygon(((-0.40, 0.18), (0.46, 0.20), (0.30, -0.04), (-0.30, -0.04)))
        own.fill(WHITE, edge=0, inside=True).box(0.03, 0.165, 0.5, 0.016)
    else:
        if variant == 2:
            _containers(own)
        else:
            _decks(own, phase, accent)
        own.fill(rgb, edge=0.35, bevel=0.04).polygon(((-0.48, 0.18), (0.54, 0.22), (0.40, -0.06), (-0.42, -0.06)))
        own.fill((0.72, 0.16, 0.12), edge=0, inside=True).box(0.0, -0.04, 0.6, 0.045)
    pen.fill((0.86, 0.94, 0.97), edge=0, light=0, opacity=0.85)
    for k in range(9):
        pen.oval(-0.52 + 0.13 * k + 0.02 * np.sin(phase + k), -0.065 + 0.012 * np.sin(phase + 2 * k), 0.10, 0.03)


def _containers(own: Pen) -> None:
    own.fill((0.93, 0.93, 0.90), edge=0.25).box(-0.36, 0.34, 0.085, 0.20)
    own.fill((0.20, 0.30, 0.42), edge=0, light=0).box(-0.34, 0.48, 0.06, 0.02).box(-0.34, 0.40, 0.06, 0.015)
    colors = ((0.80, 0.25, 0.18), (0.20, 0.42, 0.70), (0.90, 0.65, 0.18), (0.30, 0.58, 0.35), (0.55, 0.55, 0.58))
    for k in range(11):
        row, place = divmod(k, 5)
        own.fill(colors[(2 * k + row) % 5], edge=0.35).box(
            -0.17 + 0.13 * place + 0.06 * (row == 2), 0.235 + 0.095 * row, 0.062, 0.045
        )


def _decks(own: Pen, phase: Floats, accent: RGB) -> None:
    own.fill((0.93, 0.93, 0.90), edge=0.25).polygon(((-0.34, 0.16), (-0.30, 0.32), (0.24, 0.32), (0.30, 0.16)))
    own.box(-0.02, 0.36, 0.20, 0.05)
    own.fill((0.20, 0.30, 0.42), edge=0, light=0)
    for k in range(8):
        own.box(-0.26 + 0.068 * k, 0.25, 0.02, 0.018)
    for k in range(4):
        own.box(-0.15 + 0.09 * k, 0.365, 0.022, 0.016)
    for x in (-0.12, 0.04):
        own.fill(accent, edge=0.3).polygon(((x - 0.05, 0.40), (x - 0.07, 0.60), (x + 0.03, 0.60), (x + 0.05, 0.40)))
        own.fill(DARK, edge=0).box(x - 0.02, 0.585, 0.05, 0.022)
        own.fill((0.75, 0.76, 0.78), edge=0, light=0, opacity=0.45)
        for k in range(3):
            rise = (0.12 * phase + k / 3 + x) % 1.0
            own.dot(x - 0.02 - 0.30 * rise, 0.62 + 0.22 * rise, 0.03 + 0.07 * rise)
    own.fill((0.35, 0.35, 0.37), edge=0).limb((0.22, 0.32), (0.22, 0.56), 0.009)
