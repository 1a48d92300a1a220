"""Land animals that sit and look at the viewer."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.simulation.drawing.animals import DARK, PINK, WHITE, coat, panda_head, shadow, tone
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Pen, Point


def _ears_and_skin(own: Pen, kind: str, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw what sets the heads of the kinds apart: ears, and the head itself with its coat."""
    if kind == "cat":
        own.fill(rgb).polygon(((-0.95, 0.3), (-0.85, 1.3), (-0.15, 0.8))).polygon(
            ((0.95, 0.3), (0.85, 1.3), (0.15, 0.8))
        )
        own.fill(PINK, edge=0).polygon(((-0.8, 0.5), (-0.75, 1.05), (-0.35, 0.8))).polygon(
            ((0.8, 0.5), (0.75, 1.05), (0.35, 0.8))
        )
    elif kind == "rabbit":
        lop = 0.05 * np.sin(phase)
        tips: tuple[Point, Point] = (
            ((-1.15, -0.55 + lop), (1.15, -0.55 - lop)) if variant == 1 else ((-0.45 + lop, 1.6), (0.45, 1.6))
        )
        for side, tip in zip((-1, 1), tips, strict=True):
            own.fill(rgb).limb((0.35 * side, 0.7), tip, 0.22, 0.24)
            own.fill(PINK, edge=0).limb((0.35 * side, 0.75), tip, 0.08, 0.12)
    elif kind == "elephant":
        flap = 0.08 * np.sin(1.4 * phase)
        own.fill(tone(rgb, 0.8)).oval(-1.1, 0.15, 0.62 + flap, 0.85).oval(1.1, 0.15, 0.62 + flap, 0.85)
    elif kind == "horse":
        own.fill(rgb).polygon(((-0.5, 0.6), (-0.42, 1.2), (-0.1, 0.85))).polygon(((0.5, 0.6), (0.42, 1.2), (0.1, 0.85)))
    if kind == "horse":
        own.fill(rgb, bevel=0.15, pattern=("spots", WHITE, 1.2, 1.2) if variant == 2 else None)
        own.limb((0.0, 0.45), (0.0, -0.85), 0.56, 0.36)
        own.fill(WHITE, edge=0.1).limb((0.0, 0.5), (0.0, -0.5), 0.10, 0.15)
        own.fill(DARK, edge=0).oval(-0.16, -0.95, 0.08, 0.12).oval(0.16, -0.95, 0.08, 0.12)
        own.fill(tone(rgb, 0.35)).chain(((0.0, 1.1), (0.05, 0.75), (-0.08, 0.35)), (0.2, 0.2, 0.06))
        if variant == 1:
            own.fill((0.62, 0.16, 0.14), edge=0.2).limb((-0.42, -0.45), (0.42, -0.45), 0.05)
        return
    pattern = coat(rgb, variant) if kind == "cat" else None
    if kind == "dog" and variant == 2:
        pattern = ("spots", tone(rgb, 0.3), 1.6, 1.6)
    own.fill(rgb, bevel=0.15, pattern=pattern).oval(0.0, 0.0, 0.95 if kind != "dog" else 0.82, 0.9)


def _chest(pen: Pen, kind: str, rgb: RGB) -> None:
    if kind == "horse":
        pen.fill(tone(rgb, 0.9), bevel=0.06).limb((0.0, 0.62), (0.0, 0.25), 0.15, 0.26)
        pen.fill(rgb).limb((-0.14, 0.25), (-0.14, -0.1), 0.09, 0.07).limb((0.14, 0.25), (0.14, -0.1), 0.09, 0.07)
        return
    color, thick = (DARK, 0.10) if kind == "panda" else (rgb, 0.12 if kind == "elephant" else 0.085)
    pen.fill(tone(color, 0.85)).oval(-0.24, 0.12, 0.14, 0.13).oval(0.24, 0.12, 0.14, 0.13)
    pen.fill(tone(rgb, 0.95), bevel=0.08).limb((0.0, 0.18), (0.0, 0.46), 0.26, 0.17)
    if kind in ("cat", "dog", "rabbit"):
        pen.fill(tone(color, 1.5), edge=0, inside=True).oval(0.0, 0.26, 0.11, 0.18)
    pen.fill(color).limb((-0.12, 0.28), (-0.13, 0.05), thick, 0.9 * thick).limb(
        (0.12, 0.28), (0.13, 0.05), thick, 0.9 * thick
    )
    pen.oval(-0.14, 0.03, 1.1 * thick, 0.05).oval(0.14, 0.03, 1.1 * thick, 0.05)


def front(pen: Pen, kind: str, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw an animal that sits and looks at the viewer, its head large; about 1 high."""
    shadow(pen, 0.42)
    _chest(pen, kind, rgb)
    own = pen.at(0.0, 0.64, 0.30 if kind != "horse" else 0.34, 0.05 * np.sin(0.7 * phase))
    blink = np.clip(np.abs(((phase * 0.17) % 1.0) - 0.5) * 18, 0.1, 1)
    if kind == "panda":
        panda_head(own, rgb)
        return
    _ears_and_skin(own, kind, rgb, phase, variant)
    if kind == "elephant":
        swing = 0.15 * np.sin(0.8 * phase)
        own.fill(tone(rgb, 0.92), edge=0.5).chain(((0.0, -0.1), (0.0, -0.9), (swing, -1.5)), (0.34, 0.24, 0.17))
        if variant != 1:
            own.fill(WHITE).limb((-0.4, -0.5), (-0.55, -1.1), 0.10, 0.05).limb((0.4, -0.5), (0.55, -1.1), 0.10, 0.05)
        if variant == 2:
            own.fill((0.80, 0.14, 0.20), edge=0.2).oval(0.0, 0.75, 0.5, 0.28)
    elif kind == "dog":
        ears = own.fill(tone(rgb, 0.5))
        if variant == 1:
            ears.polygon(((-0.8, 0.3), (-0.78, 1.2), (-0.2, 0.8))).polygon(((0.8, 0.3), (0.78, 1.2), (0.2, 0.8)))
        else:
            ears.limb((-0.72, 0.6), (-1.0, -0.35), 0.2, 0.3).limb((0.72, 0.6), (1.0, -0.35), 0.2, 0.3)
        own.fill((0.92, 0.42, 0.45), edge=0.2).limb((0.05, -0.75), (0.06, -1.02 + 0.05 * np.sin(3 * phase)), 0.16)
        own.fill(tone(rgb, 1.45), edge=0.25).oval(0.0, -0.42, 0.48, 0.42)
        own.fill(DARK, edge=0).oval(0.0, -0.22, 0.2, 0.15).limb((0.0, -0.3), (0.0, -0.62), 0.035)
    elif kind in ("cat", "rabbit"):
        own.fill(WHITE, edge=0.15).oval(-0.2, -0.42, 0.27, 0.22).oval(0.2, -0.42, 0.27, 0.22)
        own.fill(PINK, edge=0.1).polygon(((-0.13, -0.16), (0.13, -0.16), (0.0, -0.32)))
        own.fill(WHITE, edge=0, light=0, opacity=0.85)
        for side in (-1, 1):
            for lean in (-0.18, 0.0, 0.18):
                own.limb((0.35 * side, -0.4), (1.25 * side, -0.38 + lean), 0.022)
    wide_apart = 0.4 if kind != "horse" else 0.47
    if kind == "cat":
        own.fill((0.72, 0.86, 0.30), edge=0.2).oval(-0.4, 0.14, 0.22, 0.22 * blink).oval(0.4, 0.14, 0.22, 0.22 * blink)
    pupil = (0.08, 0.2) if kind == "cat" else (0.14, 0.16)
    pen_eye = own.fill(DARK, edge=0)
    for side in (-1, 1):
        pen_eye.oval(wide_apart * side, 0.14, pupil[0], pupil[1] * blink)
    pen_eye = own.fill(WHITE, edge=0)
    for side in (-1, 1):
        pen_eye.dot(wide_apart * side + 0.05, 0.2, 0.045)
