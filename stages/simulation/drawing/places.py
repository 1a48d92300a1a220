"""Natural scenes: umbrellas on a beach, buildings, mountains, roads, waterfalls, fireworks."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation.drawing.animals import WHITE, shadow, tone
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Pen
from eeg2vid.stages.simulation.drawing.plants import tree


def beach(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a beach umbrella with a deck chair below it, a palm tree, or a sandcastle with flags; 1 high."""
    if variant == 1:
        tree(pen, (0.20, 0.52, 0.22), phase, 2)
        pen.fill(rgb, edge=0.3, pattern=("stripes", WHITE, 2.0, 0.0)).polygon(
            ((0.15, 0.0), (0.55, 0.0), (0.62, 0.10), (0.22, 0.10))
        )
        return
    if variant == 2:
        _castle(pen, rgb, phase)
        return
    shadow(pen, 0.42, 0.1)
    pen.fill((0.92, 0.90, 0.86), edge=0.2).limb((0.0, 0.0), (0.03, 0.86), 0.016)
    pen.fill((0.55, 0.38, 0.22), edge=0.2).limb((0.16, 0.0), (0.34, 0.24), 0.014).limb((0.40, 0.0), (0.20, 0.15), 0.014)
    pen.fill((0.30, 0.62, 0.80), edge=0.2).limb((0.15, 0.13), (0.34, 0.15), 0.024).limb(
        (0.34, 0.15), (0.44, 0.36), 0.024
    )
    top = pen.at(0.03, 0.62, 1.0, 0.12 + 0.02 * np.sin(phase))
    top.fill(rgb, edge=0.3, bevel=0.06, light=0.2).oval(0.0, 0.0, 0.48, 0.34, cut=(0.0, -1.0, 0.0))
    top.fill(WHITE, edge=0.2, inside=True).oval(0.0, 0.0, 0.10, 0.36).oval(0.0, 0.0, 0.37, 0.37, hollow=0.10)


def _castle(pen: Pen, rgb: RGB, phase: Floats) -> None:
    sand = (0.80, 0.64, 0.40)
    shadow(pen, 0.55)
    pen.fill(sand, edge=0.4, pattern=("spots", tone(sand, 0.85), 4.0, 4.0)).box(0.0, 0.16, 0.34, 0.16)
    for x, top in ((-0.38, 0.44), (0.38, 0.44), (0.0, 0.62)):
        pen.fill(tone(sand, 1.08), edge=0.4).box(x, top / 2, 0.13, top / 2)
        for k in range(3):
            pen.box(x - 0.10 + 0.10 * k, top + 0.03, 0.03, 0.035)
        pen.fill((0.4, 0.3, 0.2), edge=0).limb((x, top), (x, top + 0.26), 0.01)
        wave = 0.03 * np.sin(2 * phase)
        pen.fill(rgb, edge=0.2).limb((x + 0.01, top + 0.22), (x + 0.13, top + 0.20 + wave), 0.05, 0.02)
    pen.fill(tone(sand, 0.45), edge=0).oval(0.0, 0.02, 0.09, 0.17)


def building(pen: Pen, rgb: RGB, rng: np.random.Generator, kind: int, *, night: bool) -> None:
    """Draw a tower with rows of windows, 1 high: flat, with a spire, or stepped."""
    wide = rng.uniform(0.15, 0.26)
    wall = tone(rgb, 0.45) if night else rgb
    panes = (0.98, 0.85, 0.45) if night else (0.20, 0.32, 0.48)
    top = 0.92 if kind == 0 else 0.84
    if kind == 1:
        pen.fill(tone(wall, 0.85)).polygon(((-0.6 * wide, 0.82), (0.6 * wide, 0.82), (0.0, 0.98)))
        pen.fill(tone(wall, 0.6), edge=0).limb((0.0, 0.95), (0.0, 1.06), 0.008)
    elif kind == 2:
        pen.fill(tone(wall, 0.9)).box(0.0, 0.88, 0.6 * wide, 0.06)
    pen.fill(wall, edge=0.3, bevel=0.02, light=0.05).box(0.0, top / 2, wide, top / 2)
    across, down = max(2, round(wide / 0.055)), 9
    pen.fill(wall, edge=0, light=0, pattern=("windows", panes, across / 2, down / 2)).box(
        0.0, top / 2 + 0.02, 0.88 * wide, top / 2 - 0.06
    )
    pen.fill(tone(wall, 0.55), edge=0, light=0, opacity=0.45).polygon(
        ((0.62 * wide, 0.0), (wide, 0.0), (wide, top), (0.62 * wide, top))
    )
    pen.fill(tone(wall, 0.4), edge=0).box(0.0, 0.035, 0.06, 0.035)


def _volcano(pen: Pen, rgb: RGB, phase: Floats) -> None:
    for k in range(4):
        rise = (0.05 * phase + k / 4) % 1.0
        pen.fill((0.45, 0.42, 0.42), edge=0.2, opacity=0.45).dot(0.25 * rise, 0.84 + 0.40 * rise, 0.08 + 0.16 * rise)
    pen.fill((1.0, 0.55, 0.12), edge=0, light=0).oval(0.0, 0.83, 0.20, 0.05)
    pen.fill(tone(rgb, 0.8), edge=0.15).polygon(
        (
            (-0.95, 0.0),
            (-0.40, 0.45),
            (-0.20, 0.83),
            (-0.05, 0.79),
            (0.08, 0.81),
            (0.20, 0.83),
            (0.42, 0.45),
            (0.95, 0.0),
        )
    )
    pen.fill((0.95, 0.32, 0.08), edge=0, light=0, inside=True)
    flow = 0.02 * np.sin(phase)
    pen.chain(((0.0, 0.84), (0.05 + flow, 0.55), (-0.06, 0.25)), (0.06, 0.045, 0.015))
    pen.chain(((0.10, 0.84), (0.24, 0.52 + flow), (0.34, 0.36)), (0.04, 0.03, 0.01))


def _green_hill(pen: Pen, rgb: RGB) -> None:
    """Draw rounded, wooded mountains."""
    green = (0.5 * rgb[0], 0.25 + 0.5 * rgb[1], 0.5 * rgb[2])
    pen.fill(tone(green, 0.75), edge=0.2, pattern=("spots", tone(green, 0.55), 3.0, 3.0)).oval(
        0.45, 0.0, 0.75, 0.72, cut=(0.0, -1.0, 0.0)
    )
    pen.fill(green, edge=0.2, pattern=("spots", tone(green, 0.72), 3.0, 4.0)).oval(
        -0.22, 0.0, 0.85, 1.0, cut=(0.0, -1.0, 0.0)
    )


def mountain(pen: Pen, rgb: RGB, phase: Floats, rng: np.random.Generator, variant: int) -> None:
    """Draw a rocky peak with a snow cap, a volcano, or wooded round mountains; 1 high, 1.8 wide, from y = 0."""
    if variant == 1:
        _volcano(pen, rgb, phase)
        return
    if variant == 2:
        _green_hill(pen, rgb)
        return
    left, right, peak = rng.uniform(0.75, 1.05), rng.uniform(0.75, 1.05), rng.uniform(-0.1, 0.1)
    bend = rng.uniform(-0.06, 0.06, 4)
    outline = ((-left, 0.0), (-0.5 * left + bend[0], 0.52), (-0.22 * left, 0.70 + bend[1]), (peak, 1.0),
               (0.2 * right, 0.76 + bend[2]), (0.52 * right + bend[3], 0.46), (right, 0.0))  # fmt: skip
    pen.fill(rgb, edge=0.15, light=-0.1).polygon(outline)
    pen.fill(tone(rgb, 0.62), edge=0, light=0, inside=True)
    pen.polygon(
        (
            (peak, 1.02),
            (peak + 0.06, 0.72),
            (0.08, 0.45),
            (0.22, 0.2),
            (0.12, 0.0),
            (right, 0.0),
            (0.52 * right + bend[3], 0.46),
            (0.2 * right, 0.78 + bend[2]),
        )
    )
    cap = 0.62 + rng.uniform(-0.06, 0.08)
    pen.fill((0.96, 0.97, 1.0), edge=0.1, light=0, inside=True)
    pen.polygon(
        (
            (peak, 1.05),
            (0.45, cap + 0.05),
            (0.20, cap + 0.12),
            (0.12, cap - 0.10),
            (0.0, cap + 0.10),
            (-0.10, cap - 0.08),
            (-0.18, cap + 0.10),
            (-0.30, cap - 0.02),
            (-0.5, cap + 0.06),
        )
    )
    pen.fill((0.70, 0.78, 0.90), edge=0, light=0, inside=True)
    pen.polygon(((peak, 1.05), (0.45, cap + 0.05), (0.20, cap + 0.12), (0.12, cap - 0.10), (peak + 0.05, cap + 0.12)))


def road(pen: Pen, rgb: RGB, run: Floats, end: float, half: float, variant: int) -> None:
    """Draw a road in perspective, from the lower edge (y = 0, half-width `half`) to a vanishing point (end, 1).

    `run` moves the dashes towards the viewer, in dashes. 0: asphalt with lines, 1: a dirt track with ruts and
    posts, 2: a railway.
    """
    if variant == 1:
        rgb = (0.58, 0.44, 0.28)
    elif variant == 2:
        rgb = (0.46, 0.43, 0.42)
    edge = 0.02
    pen.fill(tone(rgb, 1.25), edge=0, light=0).polygon(
        ((-1.14 * half, -0.05), (1.14 * half, -0.05), (end + 1.2 * edge, 1.0), (end - 1.2 * edge, 1.0))
    )
    pen.fill(rgb, edge=0, light=-0.12).polygon(((-half, -0.05), (half, -0.05), (end + edge, 1.0), (end - edge, 1.0)))
    if variant == 2:
        pen.fill((0.30, 0.20, 0.13), edge=0, light=0)
        for k in range(12):
            near = ((k - run) % 12) * 0.5 + 0.52
            low = 1 - 0.55 / near
            pen.limb((end * low - 0.85 * half * (1 - low), low), (end * low + 0.85 * half * (1 - low), low), 0.02)
    line = ((0.95, 0.95, 0.92), (0.40, 0.30, 0.18), (0.75, 0.76, 0.80))[variant]
    pen.fill(line, edge=0, light=0)
    place = (0.9, 0.45, 0.6)[variant]
    for side in (-place, place):
        pen.polygon(
            (
                (side * half - 0.018, -0.05),
                (side * half + 0.018, -0.05),
                (end + side * edge + 0.001, 1.0),
                (end + side * edge - 0.001, 1.0),
            )
        )
    if variant == 2:
        return
    pen.fill((0.98, 0.88, 0.35) if variant == 0 else (0.46, 0.62, 0.24), edge=0, light=0)
    for k in range(7):  # equal steps in depth
        near, far = (((k - run) % 7) + shift + 0.05 for shift in (0.0, 0.45))
        low, high = 1 - 0.55 / near, 1 - 0.55 / far
        pen.limb((end * low, low), (end * high, high), 0.016)


def waterfall(pen: Pen, rgb: RGB, run: Floats, rng: np.random.Generator, variant: int) -> None:
    """Draw water that falls from a cliff into foam: narrow, broad, or parted by a rock; 1 high, from y = 0.

    `run` is how far it has fallen.
    """
    wide = rng.uniform(0.13, 0.2) * (1.0, 2.0, 1.7)[variant]
    rock, ends = (0.36, 0.33, 0.30), rng.uniform(0.0, 1.0, (9, 2))
    pen.fill(rock, edge=0.5, bevel=0.05, pattern=("spots", (0.24, 0.30, 0.16), 1.6, 2.2))
    pen.polygon(
        (
            (-wide - 0.42, 0.0),
            (-wide - 0.36, 0.60),
            (-wide - 0.24, 0.95),
            (wide + 0.22, 1.0),
            (wide + 0.36, 0.55),
            (wide + 0.44, 0.0),
        )
    )
    pen.fill((0.30, 0.46, 0.18), edge=0.3)
    for k in range(5):
        pen.oval(-wide - 0.26 + 0.04 * k, 0.99 - 0.02 * k, 0.10, 0.05).oval(wide + 0.28 - 0.05 * k, 1.0, 0.10, 0.05)
    pen.fill(rgb, edge=0.15, light=0.1).polygon(
        ((-wide, 0.0), (-0.9 * wide, 1.0), (0.9 * wide, 1.0), (1.08 * wide, 0.0))
    )
    pen.fill((0.99, 1.0, 1.0), edge=0, light=0, opacity=0.85, inside=True)
    for share, lag in ends:
        x = wide * (1.8 * share - 0.9)
        y = 1.1 - ((lag + run) % 1.25)
        pen.limb((x, y), (1.02 * x, y - 0.17), 0.011)
    pen.fill(tone(rgb, 0.72), edge=0, light=0, opacity=0.6, inside=True)
    for share, lag in ends[:6]:
        x = wide * (1.8 * ((share + 0.5) % 1.0) - 0.9)
        y = 1.1 - ((lag + 0.6 + run) % 1.25)
        pen.limb((x, y), (1.02 * x, y - 0.22), 0.009)
    if variant == 2:
        pen.fill(rock, edge=0.5, bevel=0.04).polygon(
            ((-0.10, 0.0), (-0.07, 0.55), (0.01, 0.74), (0.08, 0.5), (0.11, 0.0))
        )
    pen.fill(tone(rgb, 0.8), edge=0.1).oval(0.0, -0.03, wide + 0.5, 0.10)
    pen.fill(WHITE, edge=0, light=0, opacity=0.8)
    for k in range(7):
        pen.dot((k - 3) * wide / 2.4, 0.015 + 0.015 * np.sin(9 * run + 2 * k), 0.055)


def firework(pen: Pen, rgb: RGB, age: Floats, accent: RGB, variant: int) -> None:
    """Draw a burst that opens and fades: a ball, a willow whose sparks sink, or a ring of stars.

    `age` 0..1 repeats; radius 0.5 around the centre.
    """
    age = age % 1.0
    reach = 0.05 + 0.47 * age**0.5
    fade = np.clip(1.5 * (1 - age), 0, 1) * np.clip(14 * age, 0, 1)
    drop = 0.10 * age**2
    pen.fill(tone(rgb, 0.30), glow=True, opacity=0.30 * fade).dot(0.0, -drop, 0.8 * reach)
    if variant == 1:
        pen.fill(rgb, glow=True, opacity=fade)
        for k in range(18):
            angle = k * 2 * np.pi / 18
            x, y = np.cos(angle), np.sin(angle)
            middle = (0.62 * reach * x, 0.62 * reach * y - drop)
            pen.limb((0.12 * reach * x, 0.12 * reach * y), middle, 0.004, 0.007)
            pen.limb(middle, (reach * x, 0.85 * reach * y - 0.05 - 3.2 * drop), 0.007, 0.010)
    elif variant == 2:
        pen.fill(rgb, glow=True, opacity=fade).rays(0.0, -drop, reach, 0.020, 16, free=0.93)
        pen.fill(accent, glow=True, opacity=fade).rays(0.0, -drop, 0.62 * reach, 0.018, 10, free=0.9, turn=0.2)
        pen.fill(rgb, glow=True, opacity=0.5 * fade).rays(0.0, -drop, reach, 0.004, 16, free=0.2)
    else:
        for color, count, share, turn in ((rgb, 24, 1.0, 0.0), (accent, 16, 0.70, 0.13), (WHITE, 10, 0.38, 0.05)):
            pen.fill(color, glow=True, opacity=fade).rays(
                0.0, -drop, share * reach, 0.003, count, free=0.30, taper=2.6, turn=turn
            )
    pen.fill((1.0, 0.95, 0.8), glow=True, opacity=np.clip(1 - 5 * age, 0, 1)).dot(0.0, 0.0, 0.08)
