"""Water animals: fish, shark, whale, turtle, jellyfish. About 1 wide, facing right, around their centre."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation.drawing.animals import DARK, WHITE, tone
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Pen


def fish(pen: Pen, rgb: RGB, phase: Floats, accent: RGB, variant: int) -> None:
    """Draw a fish that beats its tail: striped, plain with long fins, or spotted."""
    long = 1.5 if variant == 1 else 1.0
    coat = (("stripes", tone(accent, 1.1), 1.25, 0.0), None, ("spots", tone(accent, 1.1), 1.8, 1.8))[variant]
    beat = 0.35 * np.sin(2 * phase)
    tail = pen.at(-0.30, 0.0, 1.0, 0.5 * beat)
    tail.fill(accent).polygon(
        ((0.04, 0.06), (-0.26 * long, 0.24 * long), (-0.19 * long, 0.0), (-0.26 * long, -0.24 * long), (0.04, -0.06))
    )
    pen.fill(accent).polygon(((-0.20, 0.15), (-0.10 - 0.3 * (long - 1), 0.36 * long), (0.18, 0.30), (0.22, 0.15)))
    pen.polygon(((-0.12, -0.15), (-0.14, -0.32 * long), (0.10, -0.16)))
    pen.fill(rgb, bevel=0.06, pattern=coat).oval(0.03, 0.0, 0.38, 0.235)
    pen.fill(rgb, edge=0, inside=True).dot(0.48, 0.02, 0.20)
    fin = pen.at(0.06, -0.04, 1.0, 0.6 * np.sin(phase))
    fin.fill(tone(accent, 0.85)).polygon(((0.04, 0.03), (-0.16, 0.07), (-0.18, -0.08), (0.03, -0.04)))
    pen.fill(WHITE, edge=0.1).dot(0.25, 0.06, 0.058)
    pen.fill(DARK, edge=0).dot(0.262, 0.06, 0.034).limb((0.40, -0.05), (0.33, -0.08), 0.012)


def shark(pen: Pen, rgb: RGB, phase: Floats, *, striped: bool) -> None:
    """Draw a shark: pointed snout, dorsal fin, crescent tail, white belly, gills and teeth; perhaps striped."""
    beat = 0.28 * np.sin(1.4 * phase)
    tail = pen.at(-0.40, 0.0, 1.0, beat)
    tail.fill(rgb).limb((0.06, 0.0), (-0.12, 0.01), 0.06, 0.032)
    tail.polygon(((-0.08, 0.02), (-0.28, 0.30), (-0.23, 0.06), (-0.18, 0.0), (-0.24, -0.15), (-0.10, -0.02)))
    pen.fill(rgb).polygon(((-0.10, 0.10), (-0.15, 0.36), (0.10, 0.12))).polygon(
        ((0.10, -0.06), (-0.10, -0.30), (-0.03, -0.05))
    )
    pen.polygon(((-0.26, -0.05), (-0.36, -0.15), (-0.32, -0.03)))
    stripes = ("stripes", tone(rgb, 0.5), 2.2, 0.0) if striped else None
    pen.fill(rgb, bevel=0.05, pattern=stripes).limb((-0.36, 0.0), (0.12, 0.01), 0.06, 0.145).limb(
        (0.12, 0.01), (0.46, 0.03), 0.145, 0.03
    )
    pen.fill((0.93, 0.95, 0.96), edge=0.2, inside=True).limb((-0.36, -0.09), (0.10, -0.13), 0.05, 0.09)
    pen.limb((0.10, -0.13), (0.42, -0.06), 0.09, 0.035)
    pen.fill(tone(rgb, 0.45), edge=0)
    for k in range(3):
        pen.limb((0.10 - 0.04 * k, 0.05), (0.085 - 0.04 * k, -0.045), 0.008)
    pen.fill(DARK, edge=0).dot(0.31, 0.065, 0.021).chain(
        ((0.40, -0.015), (0.33, -0.045), (0.25, -0.04)), (0.011, 0.011, 0.011)
    )
    pen.fill(WHITE, edge=0).polygon(((0.37, -0.03), (0.355, -0.055), (0.345, -0.035))).polygon(
        ((0.33, -0.045), (0.315, -0.07), (0.30, -0.04))
    )


def whale(pen: Pen, rgb: RGB, phase: Floats) -> None:
    """Draw a whale: a huge head, a pale grooved belly, flukes."""
    beat = 0.25 * np.sin(phase)
    tail = pen.at(-0.38, 0.02, 1.0, 0.25 + beat)
    tail.fill(rgb).limb((0.10, 0.0), (-0.12, 0.03), 0.085, 0.035)
    tail.polygon(((-0.08, 0.03), (-0.28, 0.20), (-0.24, 0.05), (-0.30, -0.06), (-0.10, 0.0)))
    pen.fill(rgb, bevel=0.06).limb((-0.34, 0.02), (0.22, 0.02), 0.09, 0.21)
    pen.fill((0.86, 0.90, 0.92), edge=0.2, inside=True, pattern=("stripes", (0.62, 0.70, 0.76), 0.0, 1.6)).oval(
        0.16, -0.17, 0.40, 0.13
    )
    fin = pen.at(0.10, -0.12, 1.0, 0.4 * np.sin(phase))
    fin.fill(tone(rgb, 0.7)).limb((0.0, 0.0), (-0.16, -0.14), 0.05, 0.02)
    pen.fill(DARK, edge=0).dot(0.28, 0.0, 0.022).chain(
        ((0.42, -0.03), (0.30, -0.06), (0.20, -0.05)), (0.009, 0.009, 0.009)
    )


def turtle(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a turtle: paddling flippers, a round head, the shell with plates, spots or rings."""
    stroke = 0.45 * np.sin(phase)
    skin = tone(rgb, 1.25)
    shell = (0.45 * rgb[0] + 0.14, 0.42 * rgb[1] + 0.10, 0.3 * rgb[2] + 0.06)
    pen.at(0.18, -0.02, 1.0, 0.5 + 0.8 * stroke).fill(tone(skin, 0.7)).oval(0.10, -0.14, 0.07, 0.18, 0.2)
    pen.fill(skin).limb((-0.36, -0.02), (-0.50, -0.06), 0.05, 0.01)
    pen.limb((0.30, 0.02), (0.42, 0.07), 0.08, 0.08).oval(0.47, 0.09, 0.125, 0.105)
    pen.fill(shell, bevel=0.06, edge=0.45).oval(-0.02, -0.02, 0.40, 0.31, cut=(0.0, -1.0, 0.18))
    pen.fill(tone(shell, 1.9), edge=0.5, bevel=0.02, inside=True)
    if variant == 2:
        for size in (0.30, 0.20, 0.10):
            pen.oval(-0.02, -0.02, 1.2 * size, size, hollow=0.03)
    for x, y, size in (
        ()
        if variant == 2
        else ((-0.24, 0.06, 0.085), (-0.02, 0.12, 0.10), (0.20, 0.06, 0.085), (-0.12, -0.02, 0.05), (0.10, -0.02, 0.05))
    ):
        if variant == 1:
            pen.dot(x, y, 0.6 * size)
        else:
            pen.polygon([(x + size * np.cos(a), y + size * np.sin(a)) for a in np.arange(6) * np.pi / 3])
    pen.fill(tone(skin, 1.15)).limb((-0.34, -0.085), (0.32, -0.085), 0.045)
    for x, lag in ((0.20, 0.0), (-0.26, 2.4)):
        fin = pen.at(x, -0.07, 1.0, -0.7 + 0.45 * np.sin(phase + lag))
        fin.fill(skin).oval(0.0, -0.14, 0.07 if x > 0 else 0.055, 0.19 if x > 0 else 0.12)
    pen.fill(DARK, edge=0).dot(0.51, 0.12, 0.026).limb((0.58, 0.06), (0.50, 0.045), 0.008)


def jellyfish(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a jellyfish: a bell that pulses (domed, flat or spotted), frilly arms, waving tentacles; about 1 high."""
    pulse = np.sin(1.3 * phase)
    wide, high = 0.30 + 0.045 * pulse, 0.27 - 0.03 * pulse
    if variant == 1:
        wide, high = 1.3 * wide, 0.6 * high
    spots = ("spots", tone(rgb, 0.6), 1.6, 1.6) if variant == 2 else None
    own = pen.at(0.0, 0.22 + 0.03 * pulse)
    own.fill(tone(rgb, 1.1), edge=0, light=0, opacity=0.6)
    for k in range(7):
        x = wide * (k - 3) / 3.6
        lag = phase - 0.7 * k
        own.chain(
            [(bend * x + 0.04 * k * np.sin(lag - k), -0.23 * k) for k, bend in enumerate((1.0, 0.9, 0.8, 0.75))],
            (0.013, 0.012, 0.010, 0.006),
        )  # fmt: skip
    own.fill(tone(rgb, 1.5), edge=0.2, light=0, opacity=0.7)
    for k in range(3):
        root = 0.08 * (k - 1)
        own.chain(
            (
                (root, 0.02),
                (1.3 * root + 0.03 * np.sin(phase + k), -0.18),
                (root + 0.05 * np.sin(phase - 1 + k), -0.40),
            ),
            (0.05, 0.035, 0.01),
        )
    own.fill(tone(rgb, 1.15), edge=0.45, bevel=0.08, light=0.25, opacity=0.85, pattern=spots).oval(
        0.0, 0.0, wide, high, cut=(0.0, -1.0, 0.12)
    )
    own.fill(tone(rgb, 1.9), edge=0, light=0, opacity=0.5, inside=True).oval(-0.08, 0.5 * high, 0.09, 0.06, 0.5).oval(
        0.0, 0.06, 0.05, 0.07
    ).oval(0.12, 0.08, 0.045, 0.06)
    own.fill(tone(rgb, 1.4), edge=0.1, light=0, opacity=0.9)
    for k in range(7):
        own.dot(wide * (k - 3) / 3.3, -0.03, 0.035)
