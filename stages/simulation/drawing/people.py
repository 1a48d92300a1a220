"""People who stand, run, dance, box and ski; heads in profile and from the front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Number, Pen, Point

SKINS: tuple[RGB, ...] = ((0.95, 0.78, 0.66), (0.87, 0.66, 0.50), (0.68, 0.47, 0.34), (0.45, 0.30, 0.21))
HAIRS: tuple[RGB, ...] = ((0.10, 0.07, 0.06), (0.30, 0.18, 0.10), (0.72, 0.52, 0.22), (0.55, 0.22, 0.10))
DARK: RGB = (0.09, 0.08, 0.09)
WHITE: RGB = (0.97, 0.97, 0.96)
_HIP, _SHOULDER, _THIGH, _SHIN, _UPPER, _FORE = 0.50, 0.80, 0.25, 0.25, 0.17, 0.17


@dataclass(frozen=True)
class Dress:
    """Colours of one person."""

    skin: RGB
    hair: RGB
    top: RGB
    legs: RGB
    long_hair: bool
    skirt: bool


def dress(rng: np.random.Generator, top: RGB | None = None, *, woman: bool | None = None) -> Dress:
    """Draw what somebody looks like; always the same number of draws."""
    skin, hair = SKINS[int(rng.integers(4))], HAIRS[int(rng.integers(4))]
    shade, legs, female = rng.uniform(0.15, 0.9, 3), rng.uniform(0.1, 0.45, 3), bool(rng.random() < 0.5)
    female = female if woman is None else woman
    own: RGB = (float(shade[0]), float(shade[1]), float(shade[2]))
    trousers: RGB = (float(legs[0]), float(legs[1]), float(legs[2] * 1.3))
    return Dress(skin, hair, own if top is None else top, trousers, female, female)


def _from(start: Point, angle: Number, length: float) -> Point:
    """Return the end of a bone that hangs down at angle 0 and points forward (x) at 90 degrees."""
    return start[0] + length * np.sin(angle), start[1] - length * np.cos(angle)


def leg(pen: Pen, hip: Point, thigh: Number, knee: Number, thick: float = 0.055) -> Point:
    """Add a leg; `thigh` is its angle from hanging, `knee` how far it is bent backwards (rad). Returns the ankle."""
    middle = _from(hip, thigh, _THIGH)
    end = _from(middle, thigh - knee, _SHIN)
    pen.limb(hip, middle, thick, 0.8 * thick).limb(middle, end, 0.8 * thick, 0.6 * thick)
    return end


def arm(pen: Pen, shoulder: Point, angle: Number, elbow: Number, thick: float = 0.038) -> Point:
    """Add an arm; `angle` from hanging, `elbow` how far it is bent forwards (rad). Returns the wrist."""
    middle = _from(shoulder, angle, _UPPER)
    end = _from(middle, angle + elbow, _FORE)
    pen.limb(shoulder, middle, thick, 0.85 * thick).limb(middle, end, 0.85 * thick, 0.75 * thick)
    return end


def head(pen: Pen, look: Dress, x: Number, y: Number, radius: float = 0.085, *, face: bool, side: bool = False) -> None:
    """Draw a head of this radius: with a face, from behind or, with `side`, in profile."""
    own = pen.at(x, y, radius)
    if look.long_hair:
        own.fill(look.hair).oval(0.0 if not side else -0.3, -0.35, 1.08, 1.35)
    if not face and not side:
        own.fill(look.hair).oval(0.0, 0.06, 0.92, 1.02)
        return
    own.fill(look.skin, light=0.05).oval(0.0, 0.0, 0.86, 1.0)
    if side:
        own.dot(0.9, -0.12, 0.16)
        own.fill(look.hair).oval(-0.2, 0.35, 0.92, 0.82, cut=(0.55, -0.85, 0.1)).oval(-0.55, 0.05, 0.5, 0.7)
        own.fill(DARK, edge=0).dot(0.5, 0.08, 0.11)
        return
    own.fill(look.hair).oval(0.0, 0.30, 0.98, 0.86, cut=(0.0, -1.0, -0.28))
    features(own, look)


def features(own: Pen, look: Dress, blink: Number = 1.0, smile: Number = 0.5, glance: Number = 0.0) -> None:
    """Draw eyes, brows, nose and mouth on a head of unit radius."""
    for side in (-1.0, 1.0):
        own.fill(WHITE, edge=0.2).oval(0.36 * side, 0.05, 0.2, 0.13 * blink + 0.015)
    eyes = own.fill(DARK, edge=0)
    for side in (-1.0, 1.0):
        eyes.oval(0.36 * side + glance, 0.05, 0.105, 0.125 * blink + 0.012)
    brows = own.fill(tuple(0.7 * value for value in look.hair), edge=0)
    for side in (-1.0, 1.0):
        brows.limb((0.18 * side, 0.30), (0.56 * side, 0.28), 0.05, 0.03)
    own.fill(tuple(0.80 * value for value in look.skin), edge=0).limb((0.02, 0.02), (0.07, -0.24), 0.05, 0.085)
    own.fill((0.62, 0.16, 0.18), edge=0.2).oval(0.0, -0.50, 0.30, 0.06 + 0.1 * np.asarray(smile), cut=(0.0, 1.0, 0.25))


def _body(pen: Pen, look: Dress, lean: Number = 0.0, *, wide: float = 0.105) -> Point:
    """Draw a torso that leans forward; returns the shoulder."""
    top = (np.sin(lean) * (_SHOULDER - _HIP), _HIP + np.cos(lean) * (_SHOULDER - _HIP))
    pen.fill(look.top).limb((0.0, _HIP), top, 0.8 * wide, wide)
    return top


def stand(pen: Pen, look: Dress, phase: Floats, *, face: bool, wave: bool = False, shadow: bool = True) -> None:
    """Draw somebody who stands, seen from the front (or from behind where no face is wanted); 1 high."""
    sway = 0.012 * np.sin(phase)
    if shadow:
        pen.fill((0, 0, 0), edge=0, light=0, opacity=0.28).oval(0.0, 0.0, 0.22, 0.035)
    pen.fill(look.skin if look.skirt else look.legs)
    for side in (-1.0, 1.0):
        pen.limb((0.055 * side + sway, _HIP), (0.07 * side, 0.05), 0.055, 0.035)
    pen.fill(DARK)
    for side in (-1.0, 1.0):
        pen.oval(0.085 * side, 0.025, 0.055, 0.028)
    up = 2.6 + 0.3 * np.sin(3 * phase) if wave else 0.22
    pen.fill(look.top)
    hands = []
    for side in (-1.0, 1.0):
        shoulder = (0.115 * side + sway, 0.775)
        raised = up if side > 0 else 0.22
        middle = (shoulder[0] + side * _UPPER * np.sin(raised), shoulder[1] - _UPPER * np.cos(raised))
        end = (middle[0] + side * _FORE * np.sin(raised * 0.8), middle[1] - _FORE * np.cos(raised * 0.8))
        pen.limb(shoulder, middle, 0.04, 0.034).limb(middle, end, 0.034, 0.03)
        hands.append(end)
    pen.fill(look.skin).dot(*hands[0], 0.034).dot(*hands[1], 0.034)
    pen.fill(look.top)
    if look.skirt:
        pen.polygon(((-0.09, 0.62), (0.09, 0.62), (0.19, 0.30), (-0.19, 0.30)), sway)
    pen.limb((sway, 0.53), (sway, 0.74), 0.085, 0.105)
    pen.fill(look.skin).limb((sway, 0.80), (sway, 0.86), 0.035)
    head(pen, look, 1.4 * sway, 0.925, 0.085 if not face else 0.11, face=face)


def run(pen: Pen, look: Dress, phase: Floats, variant: int, *, face: bool) -> None:
    """Draw a runner in profile, running to the right; 1: with a cap, 2: with a number; 1 high."""
    bounce = 0.025 * np.abs(np.sin(phase))
    pen.fill((0, 0, 0), edge=0, light=0, opacity=0.28).oval(0.0, 0.0, 0.24, 0.03)
    own = pen.at(0.0, bounce)
    lean = 0.22
    shoulder = (np.sin(lean) * 0.3, _HIP + np.cos(lean) * 0.29)
    for side, dim in ((np.pi, 0.75), (0.0, 1.0)):
        if side == 0.0:
            _body(own, look, lean)
            own.fill(tuple(0.8 * v for v in look.legs)).limb((0.0, _HIP - 0.03), (0.01, _HIP + 0.03), 0.085)
        swing = np.sin(phase + side)
        bend = 0.35 + 0.9 * np.clip(np.sin(phase + side - 1.9), 0, 1) + 0.35
        thigh = 0.15 + 0.85 * swing
        own.fill(tuple(dim * value for value in look.skin))
        ankle = leg(own, (0.0, _HIP), thigh, bend)
        own.fill((0.9 * dim, 0.3 * dim, 0.15 * dim)).limb(ankle, (ankle[0] + 0.075, ankle[1] - 0.012), 0.035, 0.026)
        own.fill(tuple(dim * value for value in look.legs)).limb((0.0, _HIP), _from((0.0, _HIP), thigh, 0.14), 0.066)
        own.fill(tuple(dim * value for value in look.skin))
        arm(own, shoulder, -0.9 * swing, 1.5)
    own.fill(look.skin).limb(shoulder, (shoulder[0] + 0.03, shoulder[1] + 0.09), 0.035)
    if variant == 2:
        own.fill(WHITE, edge=0.2).box(0.05, 0.66, 0.06, 0.055, -0.2)
        own.fill(DARK, edge=0).box(0.04, 0.66, 0.012, 0.035, -0.2).box(0.075, 0.655, 0.012, 0.035, -0.2)
    head(own, look, shoulder[0] + 0.05, shoulder[1] + 0.14, 0.088 if not face else 0.115, face=face, side=not face)
    if variant == 1:
        cap = own.at(shoulder[0] + 0.05, shoulder[1] + 0.17)
        cap.fill((0.92, 0.20, 0.16)).oval(0.0, 0.0, 0.10, 0.085, cut=(0.0, -1.0, 0.0)).limb(
            (0.06, 0.005), (0.15, 0.0), 0.014
        )


def dance(pen: Pen, look: Dress, phase: Floats, variant: int, *, face: bool) -> None:
    """Draw a dancer from the front, arms up, kicking: in a skirt, in a tutu, or in trousers and a hat; 1 high."""
    beat = np.sin(phase)
    pen.fill((0, 0, 0), edge=0, light=0, opacity=0.30).oval(0.0, 0.0, 0.26, 0.035)
    own = pen.at(0.10 * beat, 0.03 * np.abs(np.cos(phase)), 1.0, 0.12 * beat)
    own.fill(look.skin if variant < 2 else look.legs)
    for side in (-1.0, 1.0):
        kick = 0.15 + 0.75 * np.clip(side * beat, 0, 1)
        hip = (0.055 * side, _HIP)
        middle = (hip[0] + side * _THIGH * np.sin(kick), hip[1] - _THIGH * np.cos(kick))
        end = (middle[0] + side * _SHIN * np.sin(0.6 * kick), middle[1] - _SHIN * np.cos(0.6 * kick))
        own.limb(hip, middle, 0.056, 0.045).limb(middle, end, 0.045, 0.03)
    own.fill(look.skin)
    for side in (-1.0, 1.0):
        lift = 2.0 + 0.6 * np.sin(phase + 1.3 * side)
        shoulder = (0.105 * side, 0.79)
        middle = (shoulder[0] + side * _UPPER * np.sin(lift), shoulder[1] - _UPPER * np.cos(lift))
        bent = lift + 0.5 + 0.4 * np.cos(phase * 2)
        own.limb(shoulder, middle, 0.036, 0.032)
        own.limb(middle, (middle[0] + side * _FORE * np.sin(bent), middle[1] - _FORE * np.cos(bent)), 0.032, 0.028)
    flare = 0.25 * beat
    own.fill(look.top).limb((0.0, 0.55), (0.0, 0.75), 0.075, 0.095)
    if variant == 0:
        own.polygon(((-0.08, 0.10), (0.08, 0.10), (0.27, -0.20), (0.0, -0.24), (-0.27, -0.20)), 0.0, 0.53, flare)
    elif variant == 1:
        own.fill([0.5 + 0.5 * value for value in look.top], edge=0.4).oval(0.0, 0.52, 0.27, 0.07, 0.4 * flare)
    own.fill(look.skin).limb((0.0, 0.80), (0.0, 0.86), 0.032)
    head(own, look, 0.0, 0.925, 0.088 if not face else 0.112, face=face)
    if variant == 2:
        own.fill(DARK).oval(0.0, 0.985, 0.15, 0.022).box(0.0, 1.02, 0.075, 0.04)


def box(pen: Pen, look: Dress, phase: Floats, variant: int, *, face: bool) -> None:
    """Draw a boxer in profile, punching to the right, in shorts and gloves; 1: in a shirt, 2: with headgear; 1 high."""
    pen.fill((0, 0, 0), edge=0, light=0, opacity=0.28).oval(0.0, 0.0, 0.26, 0.03)
    punch = np.clip(np.sin(phase), 0, 1) ** 2
    other = np.clip(-np.sin(phase), 0, 1) ** 2
    own = pen.at(0.05 * punch, 0.015 * np.abs(np.sin(2 * phase)) - 0.03)
    lean = 0.16 + 0.12 * punch
    shoulder = (np.sin(lean) * 0.3, _HIP + np.cos(lean) * 0.28)
    bare = look.skin
    far = tuple(0.78 * v for v in bare)
    own.fill(far)
    leg(own, (0.0, _HIP), -0.45, 0.25, 0.062)
    glove: RGB = look.top
    for reach, tone in ((other, far), (punch, bare)):
        if tone is bare:
            own.fill(bare)
            leg(own, (0.0, _HIP), 0.55, 0.6, 0.065)
            own.fill(bare if variant != 1 else WHITE).limb((0.0, _HIP), shoulder, 0.085, 0.115)
            own.fill(look.legs).limb((-0.07, 0.30), (0.0, _HIP + 0.02), 0.085, 0.10).limb(
                (0.14, 0.32), (0.02, _HIP), 0.085, 0.10
            )
            own.fill(WHITE, edge=0).limb((-0.09, 0.54), (0.10, 0.545), 0.018)
            own.fill(bare).limb(shoulder, (shoulder[0] + 0.03, shoulder[1] + 0.09), 0.042)
            head(
                own,
                look,
                shoulder[0] + 0.06,
                shoulder[1] + 0.145,
                0.09 if not face else 0.115,
                face=face,
                side=not face,
            )
            if variant == 2:
                top = own.at(shoulder[0] + 0.05, shoulder[1] + 0.165)
                top.fill(glove, edge=0.4).oval(-0.01, 0.0, 0.115, 0.10, cut=(0.35, -1.0, 0.1)).oval(
                    -0.055, -0.05, 0.05, 0.07
                )
        own.fill(tone)
        end = arm(own, shoulder, 0.5 + 1.0 * reach, 1.9 * (1 - reach) + 0.1, 0.045)
        own.fill(glove if tone is bare else tuple(0.8 * v for v in glove)).dot(end[0] + 0.03, end[1] + 0.01, 0.068)
        own.limb((end[0] - 0.01, end[1]), (end[0] + 0.02, end[1] + 0.01), 0.05)


def ski(pen: Pen, look: Dress, phase: Floats, variant: int, *, face: bool) -> None:
    """Draw a skier in profile, gliding to the right: with poles, on a snowboard, or with a scarf; 1 high."""
    own = pen.at(0.0, 0.02 * np.sin(phase))
    pen.fill((0.25, 0.35, 0.55), edge=0, light=0, opacity=0.35).oval(0.0, -0.02, 0.45, 0.03)
    crouch = 0.08 * np.sin(phase)
    board = variant == 1
    hand = (0.34, (0.52 if not board else 0.66) + 0.04 * np.sin(phase))
    if not board:
        own.fill((0.25, 0.25, 0.28), edge=0).limb(hand, (-0.28, 0.26), 0.012).dot(-0.26, 0.27, 0.03)
    if board:
        own.fill((0.98, 0.75, 0.15), edge=0.35).chain(
            ((-0.42, 0.08), (-0.32, 0.03), (0.32, 0.03), (0.44, 0.09)), (0.035, 0.042, 0.042, 0.035)
        )
    else:
        own.fill((0.85, 0.15, 0.2), edge=0.2).chain(((-0.48, 0.02), (0.42, 0.02), (0.54, 0.09)), (0.018, 0.018, 0.014))
    own.fill(look.legs)
    hip = (-0.14, 0.40 + crouch)
    own.limb(hip, (0.12, 0.33 + crouch / 2), 0.085, 0.065).limb((0.12, 0.33 + crouch / 2), (0.0, 0.08), 0.065, 0.05)
    own.fill(DARK).limb((-0.02, 0.06), (0.08, 0.05), 0.045)
    shoulder = (0.12, 0.66 + crouch)
    own.fill(look.top).limb(hip, shoulder, 0.10, 0.11)
    own.fill(tuple(0.85 * v for v in look.top)).limb(shoulder, (0.24, 0.52), 0.045).limb((0.24, 0.52), hand, 0.04)
    own.fill(DARK).dot(hand[0], hand[1], 0.04)
    if variant == 2:
        own.fill((0.95, 0.75, 0.2)).limb((0.18, 0.74), (0.06, 0.75), 0.035).limb(
            (0.06, 0.75), (-0.16, 0.72 + 0.05 * np.sin(2 * phase)), 0.03, 0.025
        )
    cap = own.at(0.20, 0.83 + crouch, 1.0)
    head(cap, look, 0.0, 0.0, 0.09 if not face else 0.12, face=face, side=not face)
    if not face:
        cap.fill(tuple(0.6 * v + 0.3 for v in look.top)).oval(-0.01, 0.03, 0.098, 0.085, cut=(0.0, -1.0, 0.0))
        cap.fill((0.15, 0.2, 0.3), edge=0).box(0.06, 0.012, 0.04, 0.022)


def portrait(pen: Pen, look: Dress, phase: Floats, variant: int) -> None:
    """Draw a face that fills the frame, its radius 1: plain, with glasses, or with a hat (men also with a beard)."""
    talk = 0.5 + 0.5 * np.sin(2.3 * phase)
    blink = np.clip(np.abs(((phase * 0.21) % 1.0) - 0.5) * 18, 0, 1)
    if look.long_hair:
        pen.fill(look.hair).oval(0.0, -0.25, 1.18, 1.6)
    pen.fill(look.top).oval(0.0, -2.05, 1.75, 0.95)
    pen.fill(tuple(0.9 * v for v in look.skin)).limb((0.0, -1.35), (0.0, -0.6), 0.42)
    pen.fill(look.skin).oval(-0.88, -0.05, 0.16, 0.24).oval(0.88, -0.05, 0.16, 0.24)
    pen.fill(look.skin, edge=0.22, bevel=0.12, light=0.06).oval(0.0, 0.0, 0.86, 1.08)
    pen.fill(look.hair).oval(0.0, 0.42, 0.96, 0.82, cut=(0.18, -1.0, -0.16))
    for side in (-1.0, 1.0):
        pen.fill((0.92, 0.55, 0.50), edge=0, light=0, opacity=0.35).oval(0.5 * side, -0.28, 0.17, 0.13)
    own = pen.at(0.0, -0.05)
    if variant == 2 and not look.long_hair:
        pen.fill([0.8 * value for value in look.hair], edge=0.2).oval(0.0, -0.35, 0.80, 0.74, cut=(0.0, 1.0, 0.15))
    features(own, look, blink, talk, 0.05 * np.sin(0.5 * phase))
    if variant == 1:
        own.fill(DARK, edge=0).oval(-0.36, 0.05, 0.29, 0.24, hollow=0.05).oval(0.36, 0.05, 0.29, 0.24, hollow=0.05)
        own.limb((-0.08, 0.08), (0.08, 0.08), 0.03)
    elif variant == 2:
        pen.fill(look.top, edge=0.3).oval(0.0, 0.62, 1.0, 0.62, cut=(0.0, -1.0, 0.0)).oval(0.0, 0.62, 1.35, 0.14)


def nodding(phase: Floats) -> NDArray[np.float64]:
    """Return the small turn of a head over time, rad."""
    out: NDArray[np.float64] = 0.06 * np.sin(0.7 * phase)
    return out
