"""Land animals: side views with a gait, and heads that look at the viewer. All about 1 high, facing right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Number, Pen, Point

DARK: RGB = (0.08, 0.07, 0.07)
PINK: RGB = (0.90, 0.58, 0.58)
WHITE: RGB = (0.96, 0.95, 0.93)


def tone(rgb: Sequence[float], factor: float) -> RGB:
    """Return a colour made darker or, above 1, lighter."""
    red, green, blue = (min(1.0, value * factor) for value in rgb)
    return red, green, blue


def shadow(pen: Pen, wide: float, x: float = 0.0) -> None:
    """Draw the shadow below a figure."""
    pen.fill((0, 0, 0), edge=0, light=0, opacity=0.28).oval(x, 0.0, wide, 0.045)


def _leg(pen: Pen, hip: Point, length: float, swing: Number, lift: Number, thick: float, paw: float) -> None:
    knee = (hip[0] + 0.5 * length * np.sin(swing), hip[1] - 0.5 * length * np.cos(swing))
    lower = swing - lift
    foot = (knee[0] + 0.5 * length * np.sin(lower), knee[1] - 0.5 * length * np.cos(lower))
    pen.limb(hip, knee, thick, 0.75 * thick).limb(knee, foot, 0.75 * thick, 0.6 * thick)
    pen.limb(foot, (foot[0] + paw, foot[1]), 0.62 * thick)


def legs(pen: Pen, rgb: RGB, phase: Floats, front: float, back: float, top: float, thick: float,
         *, near: bool, amount: float = 0.5, paw: float = 0.03) -> None:  # fmt: skip
    """Add the two legs of one side: a trot, the far side half a cycle behind."""
    pen.fill(rgb)
    for x, lag in ((front, 0.0), (back, np.pi)):
        step = phase + lag + (0.0 if near else np.pi)
        lift = amount * np.clip(np.cos(step), 0, 1)
        _leg(pen, (x, top), top - 0.03, amount * np.sin(step), lift * 1.6, thick, paw)


def _eye(pen: Pen, x: Number, y: Number, radius: float = 0.022) -> None:
    pen.fill(DARK, edge=0).dot(x, y, radius)


def cat(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a cat that walks, tail up: striped, plain or patched."""
    shadow(pen, 0.55)
    wag = 0.12 * np.sin(phase)
    legs(pen, tone(rgb, 0.75), phase, 0.30, -0.36, 0.40, 0.07, near=False, amount=0.45)
    pen.fill(rgb).chain(
        ((-0.45, 0.52), (-0.66, 0.62), (-0.70 + wag, 0.86), (-0.58 + 1.6 * wag, 1.02)), (0.06, 0.05, 0.045, 0.04)
    )
    legs(pen, rgb, phase, 0.34, -0.40, 0.42, 0.075, near=True, amount=0.45)
    pen.fill(rgb, pattern=coat(rgb, variant)).oval(-0.04, 0.48, 0.50, 0.17)
    pen.limb((0.30, 0.52), (0.48, 0.68), 0.15, 0.12)
    top = pen.at(0.52, 0.74 + 0.01 * np.sin(2 * phase), 0.2)
    top.fill(rgb).polygon(((-0.85, 0.45), (-0.75, 1.45), (-0.05, 0.8))).polygon(
        ((0.15, 0.85), (0.75, 1.45), (0.85, 0.4))
    )
    top.oval(0.0, 0.0, 1.0, 0.88)
    top.fill(PINK, edge=0).polygon(((0.32, 0.85), (0.66, 1.2), (0.72, 0.6))).polygon(
        ((-0.68, 0.6), (-0.64, 1.2), (-0.25, 0.85))
    )
    top.fill(WHITE, edge=0.1).oval(0.42, -0.36, 0.42, 0.32)
    top.fill((0.75, 0.85, 0.25), edge=0.2).oval(0.5, 0.15, 0.17, 0.2).oval(-0.15, 0.15, 0.17, 0.2)
    top.fill(DARK, edge=0).oval(0.52, 0.15, 0.07, 0.18).oval(-0.13, 0.15, 0.07, 0.18).oval(0.45, -0.17, 0.13, 0.09)
    top.fill(WHITE, edge=0, light=0, opacity=0.8)
    for lean in (-0.22, 0.02):
        top.limb((0.7, -0.3), (1.5, -0.3 + lean), 0.03).limb((0.1, -0.3), (-0.75, -0.3 + lean), 0.03)


def dog(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a dog that trots, tongue out, wagging: ears hanging, pointed, or hanging and the coat spotted."""
    shadow(pen, 0.55)
    wag = 0.10 * np.sin(2.3 * phase)
    legs(pen, tone(rgb, 0.72), phase, 0.30, -0.36, 0.46, 0.075, near=False)
    pen.fill(rgb).chain(((-0.46, 0.58), (-0.62, 0.70), (-0.66 + wag, 0.88)), (0.06, 0.045, 0.03))
    legs(pen, rgb, phase, 0.34, -0.40, 0.48, 0.085, near=True)
    spots = ("spots", tone(rgb, 0.3), 3.0, 2.0) if variant == 2 else None
    pen.fill(rgb, pattern=spots).limb((-0.34, 0.54), (0.26, 0.56), 0.16, 0.19).limb(
        (0.30, 0.60), (0.46, 0.80), 0.14, 0.11
    )
    pen.fill(tone(rgb, 1.35), edge=0, inside=True).oval(0.36, 0.46, 0.16, 0.2)
    pen.fill((0.80, 0.12, 0.12), edge=0.2).limb((0.33, 0.78), (0.50, 0.66), 0.035)
    pen.fill(PINK, edge=0.2).limb((0.72, 0.76), (0.74, 0.66 + 0.02 * np.sin(3 * phase)), 0.035)
    pen.fill(rgb).dot(0.52, 0.88, 0.155).limb((0.58, 0.84), (0.78, 0.81), 0.10, 0.075)
    pen.fill(DARK, edge=0).oval(0.845, 0.845, 0.045, 0.035)
    if variant == 1:
        pen.fill(tone(rgb, 0.6)).polygon(((0.38, 0.94), (0.40, 1.14), (0.54, 1.0)))
    else:
        pen.fill(tone(rgb, 0.5)).limb((0.43, 0.96), (0.36, 0.76 + 0.02 * np.sin(2 * phase)), 0.06, 0.075)
    _eye(pen, 0.60, 0.92, 0.027)


def horse(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a horse that canters: plain, saddled or piebald."""
    shadow(pen, 0.5)
    hair = tone(rgb, 0.35)
    own = pen.at(0.0, 0.02 * np.sin(2 * phase))
    legs(own, tone(rgb, 0.7), phase, 0.22, -0.30, 0.46, 0.052, near=False, amount=0.6)
    own.fill(hair).chain(
        ((-0.42, 0.62), (-0.55, 0.54 + 0.03 * np.sin(phase)), (-0.60, 0.30 + 0.05 * np.sin(phase))), (0.05, 0.06, 0.02)
    )
    legs(own, rgb, phase, 0.26, -0.34, 0.48, 0.06, near=True, amount=0.6)
    patches = ("spots", (0.95, 0.93, 0.90), 1.2, 2.0) if variant == 2 else None
    own.fill(rgb, pattern=patches).limb((-0.30, 0.56), (0.20, 0.56), 0.145, 0.14)
    if variant == 1:
        own.fill((0.62, 0.16, 0.14)).box(-0.04, 0.60, 0.13, 0.10)
        own.fill((0.25, 0.14, 0.08)).oval(-0.04, 0.71, 0.13, 0.045).limb((0.0, 0.66), (0.02, 0.42), 0.014)
    own.fill(hair).chain(((0.18, 0.68), (0.30, 0.86), (0.40, 1.02)), (0.07, 0.065, 0.05))
    nod = 0.02 * np.sin(2 * phase)
    own.fill(rgb).limb((0.22, 0.62), (0.44, 0.93 + nod), 0.135, 0.075)
    own.limb((0.44, 0.95 + nod), (0.68, 0.76 + nod), 0.075, 0.045)
    own.polygon(((-0.03, 0.0), (0.0, 0.12), (0.04, 0.0)), 0.43, 1.0 + nod)
    own.fill(DARK, edge=0).dot(0.50, 0.94 + nod, 0.019).dot(0.70, 0.77 + nod, 0.013)


def elephant(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw an elephant that walks, flaps its ear and swings its trunk: with tusks, without, or with a blanket."""
    shadow(pen, 0.62)
    legs(pen, tone(rgb, 0.7), 0.7 * phase, 0.22, -0.36, 0.40, 0.105, near=False, amount=0.28, paw=0.0)
    legs(pen, rgb, 0.7 * phase, 0.26, -0.42, 0.42, 0.115, near=True, amount=0.28, paw=0.0)
    pen.fill(tone(rgb, 0.8)).limb((-0.60, 0.68), (-0.68, 0.42 + 0.03 * np.sin(phase)), 0.025)
    pen.fill(rgb, bevel=0.06).oval(-0.12, 0.62, 0.50, 0.31)
    swing = 0.10 * np.sin(0.8 * phase)
    pen.fill(rgb, bevel=0.05).dot(0.44, 0.76, 0.225)
    tip = (0.90 + 1.3 * swing, 0.14)
    pen.chain(((0.56, 0.72), (0.70, 0.50), (0.72 + 0.4 * swing, 0.28), (0.80 + swing, 0.13), tip),
              (0.12, 0.085, 0.065, 0.05, 0.04))  # fmt: skip
    if variant != 1:
        pen.fill((0.97, 0.95, 0.86)).chain(((0.60, 0.60), (0.74, 0.48), (0.86, 0.52)), (0.04, 0.034, 0.015))
    if variant == 2:
        pen.fill((0.80, 0.14, 0.20), pattern=("stripes", (0.96, 0.80, 0.25), 0.0, 0.9)).polygon(
            ((-0.38, 0.55), (-0.34, 0.93), (0.06, 0.93), (0.10, 0.55))
        )
    flap = 0.03 * np.sin(1.4 * phase)
    pen.fill(tone(rgb, 0.82), edge=0.5).oval(0.27 - flap, 0.70, 0.18 + flap, 0.25, 0.15)
    pen.fill(tone(rgb, 0.92), edge=0).oval(0.28 - flap, 0.70, 0.11 + flap, 0.17, 0.15)
    _eye(pen, 0.52, 0.82, 0.024)


def panda(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a panda that sits: with bamboo, with a ball, or holding nothing and waving."""
    shadow(pen, 0.5)
    white, munch = rgb, 0.02 * np.sin(2 * phase)
    pen.fill(white, edge=0.3, bevel=0.06).oval(0.0, 0.34, 0.38, 0.36)
    pen.fill(DARK, light=0.3).limb((-0.28, 0.14), (-0.42, 0.12), 0.13).limb((0.28, 0.14), (0.42, 0.12), 0.13)
    pen.fill((0.75, 0.72, 0.68), edge=0).oval(-0.46, 0.13, 0.06, 0.08).oval(0.46, 0.13, 0.06, 0.08)
    if variant == 0:
        pen.fill((0.35, 0.62, 0.18)).limb((0.10, 0.30 + munch), (0.30, 0.76 + munch), 0.028)
        pen.oval(0.40, 0.78 + munch, 0.12, 0.035, 0.3).oval(0.36, 0.66 + munch, 0.11, 0.03, -0.4)
    elif variant == 1:
        pen.fill((0.90, 0.22, 0.16), edge=0.4, bevel=0.06).dot(0.02, 0.36 + munch, 0.19)
        pen.fill(WHITE, edge=0, inside=True).oval(0.02, 0.36 + munch, 0.20, 0.05, 0.4)
    pen.fill(DARK, light=0.3).limb((-0.28, 0.52), (-0.10, 0.38 + munch), 0.10, 0.08)
    hand = (0.52, 0.80 + 3 * munch) if variant == 2 else (0.15, 0.38 + munch)
    pen.limb((0.28, 0.52), hand, 0.10, 0.085)
    panda_head(pen.at(0.0, 0.78, 0.27, 0.05 * np.sin(phase)), white)


def panda_head(own: Pen, white: RGB) -> None:
    """Draw a panda's head from the front, of unit radius."""
    own.fill(DARK, light=0.3).dot(-0.78, 0.68, 0.34).dot(0.78, 0.68, 0.34)
    own.fill(white, edge=0.25, bevel=0.15).oval(0.0, 0.0, 1.08, 0.92)
    own.fill(DARK, edge=0).oval(-0.42, 0.08, 0.22, 0.30, -0.5).oval(0.42, 0.08, 0.22, 0.30, 0.5)
    own.fill(WHITE, edge=0).dot(-0.38, 0.14, 0.08).dot(0.38, 0.14, 0.08)
    own.fill(DARK, edge=0).oval(0.0, -0.24, 0.17, 0.11).limb((0.0, -0.3), (0.0, -0.48), 0.03)
    own.limb((0.0, -0.48), (-0.2, -0.55), 0.03).limb((0.0, -0.48), (0.2, -0.55), 0.03)


def rabbit(pen: Pen, rgb: RGB, phase: Floats, variant: int) -> None:
    """Draw a rabbit that hops: long ears up, hanging, or up and a carrot in its mouth."""
    hop = 0.10 * np.abs(np.sin(0.5 * phase))
    shadow(pen, 0.4)
    own = pen.at(0.0, hop, 1.0, 0.10 * np.sin(phase))
    own.fill(WHITE).dot(-0.46, 0.26, 0.10)
    own.fill(tone(rgb, 0.8)).limb((0.28, 0.22), (0.34, 0.05), 0.06, 0.05)
    own.fill(rgb, bevel=0.05).oval(-0.10, 0.28, 0.38, 0.26).limb((0.12, 0.32), (0.32, 0.46), 0.18, 0.14)
    twitch = 0.06 * np.sin(1.5 * phase)
    if variant != 1:
        own.fill(tone(rgb, 0.85)).limb((0.30, 0.62), (0.16 + twitch, 0.96), 0.05, 0.06)
        own.fill(rgb).limb((0.36, 0.62), (0.30 + twitch, 1.0), 0.055, 0.065)
        own.fill(PINK, edge=0, inside=True).limb((0.37, 0.66), (0.31 + twitch, 0.97), 0.022, 0.03)
    own.fill(rgb).oval(0.38, 0.54, 0.175, 0.145)
    if variant == 1:
        own.fill(tone(rgb, 0.75)).limb((0.33, 0.64), (0.24 + twitch, 0.34), 0.05, 0.065)
    elif variant == 2:
        own.fill((0.95, 0.50, 0.12)).limb((0.50, 0.47), (0.72, 0.43), 0.045, 0.012)
        own.fill((0.25, 0.58, 0.20)).limb((0.50, 0.47), (0.42, 0.42), 0.03, 0.012)
    own.fill(WHITE, edge=0.1).oval(0.50, 0.49, 0.06, 0.055)
    own.fill(PINK, edge=0).dot(0.555, 0.53, 0.025)
    _eye(own, 0.42, 0.575, 0.032)
    own.fill(tone(rgb, 0.9)).oval(-0.22, 0.18, 0.19, 0.16).limb((-0.24, 0.05), (0.0, 0.04), 0.05)
    own.limb((0.20, 0.24), (0.24, 0.05), 0.06, 0.05)


def coat(rgb: RGB, variant: int) -> tuple[str, RGB, float, float] | None:
    """Return the pattern of a cat's coat: striped, plain or patched."""
    if variant == 1:
        return None
    return ("stripes", tone(rgb, 0.55), 2.6, 0.2) if variant == 0 else ("spots", tone(rgb, 0.45), 1.3, 1.3)


def bird(pen: Pen, rgb: RGB, phase: Floats, variant: int, *, sitting: bool = False) -> None:
    """Draw a bird: flying with beating wings or, `sitting`, on a branch; 1: crested, 2: long-tailed; about 1 wide."""
    if sitting:
        pen = pen.at(0.0, -0.34)
        pen.fill((0.36, 0.25, 0.16)).limb((-0.8, 0.0), (0.8, 0.06), 0.045, 0.03)
        pen.fill((0.30, 0.52, 0.20)).oval(-0.6, 0.12, 0.14, 0.06, 0.5).oval(0.62, 0.16, 0.13, 0.05, -0.4).oval(
            -0.35, -0.1, 0.12, 0.05, -0.5
        )
        body = pen.at(0.0, 0.30, 1.0, 0.9 + 0.08 * np.sin(phase))
    else:
        body = pen.at(0.0, 0.06 * np.cos(2 * phase))
    beat = np.sin(2 * phase)
    if not sitting:  # far wing
        body.fill(tone(rgb, 0.6)).chain(
            ((0.05, 0.06), (0.0, 0.30 * beat + 0.12), (-0.12, 0.62 * beat + 0.10)), (0.12, 0.11, 0.02)
        )
    body.fill(tone(rgb, 0.7)).polygon(((-0.30, 0.06), (-0.72, 0.12), (-0.66, -0.02), (-0.74, -0.10), (-0.28, -0.06)))
    if variant == 2:
        body.fill(tone(rgb, 0.8)).limb((-0.3, 0.02), (-1.0, -0.06), 0.05, 0.02).limb(
            (-0.3, 0.0), (-0.95, -0.16), 0.05, 0.02
        )
    body.fill(rgb, bevel=0.05).limb((-0.22, 0.0), (0.16, 0.02), 0.10, 0.155)
    body.fill(tone(rgb, 1.5), edge=0, inside=True).oval(0.06, -0.10, 0.24, 0.09)
    own = body.at(0.34, 0.13, 1.0, -0.7 * sitting)
    own.fill(rgb).dot(0.0, 0.0, 0.135)
    if variant == 1:
        own.fill((0.92, 0.20, 0.16)).polygon(((0.08, 0.10), (-0.02, 0.30), (-0.08, 0.22), (-0.18, 0.26), (-0.10, 0.08)))
    own.fill((0.96, 0.66, 0.12)).polygon(((0.10, 0.06), (0.30, -0.01), (0.11, -0.06)))
    own.fill(WHITE, edge=0).dot(0.05, 0.035, 0.04)
    own.fill(DARK, edge=0).dot(0.06, 0.035, 0.026)
    if sitting:
        body.fill(tone(rgb, 0.6)).limb((0.05, 0.0), (-0.34, 0.02), 0.11, 0.03)
    else:
        body.fill(tone(rgb, 0.8)).chain(
            ((0.02, 0.04), (-0.04, 0.32 * beat + 0.06), (-0.20, 0.68 * beat + 0.02)), (0.13, 0.12, 0.02)
        )
