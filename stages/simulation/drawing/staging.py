"""A clip's stage: set dressing, the figures in their places, and the people beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eeg2vid.stages.simulation.drawing import people, places
from eeg2vid.stages.simulation.drawing.animals import tone
from eeg2vid.stages.simulation.drawing.backdrops import SCENES
from eeg2vid.stages.simulation.drawing.cast import PLAYERS, Role
from eeg2vid.stages.simulation.drawing.parts import RGB, Floats, Pen
from eeg2vid.stages.simulation.looks import LOOKS
from eeg2vid.stages.simulation.specs import COUPLE, CROWD, FACE, ClipSpec

_BEACH, _BUILDING, _MOUNTAIN, _ROAD, _WATERFALL, _FIREWORK = 22, 23, 24, 25, 26, 27
_PIANO, _BIKE = 35, 36
_PLAYED = {33: 0.0, 34: 0.02, 35: 0.42}  # instruments, and how far beside their middle the player is, heights
# (right, up, size) of the copies: of figures that stand (far ones first) and that float; heights, at size 1
_STANDING = {
    1: ((0.0, 0.0, 1.0),),
    2: ((-0.42, 0.03, 0.80), (0.42, 0.0, 0.82)),
    3: ((-0.38, 0.17, 0.46), (0.34, 0.18, 0.46), (-0.70, 0.05, 0.56), (0.68, 0.05, 0.56), (0.0, -0.03, 0.62)),
}
_FLOATING = {
    1: ((0.0, 0.0, 1.0),),
    2: ((-0.38, 0.12, 0.68), (0.40, -0.12, 0.68)),
    3: (
        (-0.10, 0.30, 0.40),
        (0.56, 0.24, 0.44),
        (-0.60, 0.12, 0.44),
        (0.18, -0.04, 0.50),
        (-0.32, -0.26, 0.46),
        (0.64, -0.24, 0.44),
    ),
}


def _dressing(spec: ClipSpec, pen: Pen, phase: Floats, aspect: float, rng: np.random.Generator) -> None:
    """Draw what belongs to the scene and moves: weeds and bubbles, ropes of a ring, bamboo."""
    draws = rng.uniform(0, 1, (8, 3))
    if spec.scene == "underwater":
        for x, tall, lag in draws[:6]:
            own = pen.at(x * aspect, 1.02, 1.0)
            own.fill((0.10 + 0.1 * lag, 0.34 + 0.2 * tall, 0.24), edge=0.3)
            height, bend = 0.14 + 0.24 * tall, 0.03 * np.sin(0.5 * phase + 6 * lag)
            own.chain(((0, 0), (bend, -height / 2), (2.5 * bend, -height)), (0.022, 0.02, 0.006))
        for x, start, lag in draws:
            rise = (0.05 * phase + start) % 1.0
            pen.fill((0.85, 0.95, 1.0), edge=0, light=0, opacity=0.45)
            pen.dot(x * aspect + 0.02 * np.sin(phase + 6 * lag), 1.05 - 1.1 * rise, 0.008 + 0.012 * lag)
    elif spec.scene == "gym" and spec.concept == 15:
        for k, color in enumerate(((0.85, 0.15, 0.15), (0.95, 0.95, 0.95), (0.18, 0.32, 0.75))):
            pen.fill(color, edge=0.3).limb((-0.6, 0.38 + 0.11 * k), (aspect + 0.6, 0.38 + 0.11 * k), 0.012)
        for x in (0.06, aspect - 0.06):
            pen.fill((0.75, 0.15, 0.15) if x < 1 else (0.15, 0.25, 0.7), edge=0.3).box(x, 0.52, 0.04, 0.22)
    elif spec.scene == "forest" and spec.concept == 5:
        for x, tall, lag in draws:
            pen.fill((0.36 + 0.2 * lag, 0.56 + 0.1 * tall, 0.22), edge=0.4).limb(
                (x * aspect, 0.75), (x * aspect + 0.06 * (lag - 0.5), -0.1), 0.02
            )
            for j in range(3):
                y = 0.15 + 0.2 * j + 0.1 * tall
                pen.oval(x * aspect + 0.06, y, 0.07, 0.014, 0.4).oval(x * aspect - 0.06, y + 0.05, 0.07, 0.014, -0.5)
    elif spec.scene == "savanna":
        x, tall, lag = draws[0]
        own = pen.at(x * aspect, 0.46, 0.20 + 0.08 * tall)
        own.fill((0.25, 0.20, 0.12)).limb((0, 0), (0.1, -0.8), 0.06, 0.04)
        own.fill((0.32, 0.38, 0.16), edge=0.4).oval(0.1, -0.95, 0.85, 0.2).oval(-0.2, -0.85, 0.5, 0.14)


def _baseline(spec: ClipSpec) -> float:
    """Return where figures stand, heights from the top."""
    horizon = SCENES[spec.scene].horizon
    return float(np.clip(0.88 + 0.5 * (spec.center[1] - 0.5), horizon + 0.12, 0.97)) if horizon < 1 else 0.93


def _spread(spec: ClipSpec, aspect: float, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Return the copies' places on the screen and sizes, heights; the far ones first."""
    look = LOOKS[spec.concept - 1]
    size = look.size * spec.size
    if spec.face and spec.concept != FACE:
        size *= 1.15
    if look.stands and spec.concept not in (_MOUNTAIN, _BUILDING):  # heads stay in the picture
        size = min(size, (_baseline(spec) - 0.04) / (1.28 if spec.face and spec.concept == 6 else 1.08))
    base = _baseline(spec) if look.stands else spec.center[1]
    wide = {3: 1.1, 10: 1.1, _PIANO: 1.25, 37: 1.15, 39: 1.15, 40: 1.05}.get(spec.concept, 1.0)
    if spec.number == 3 and spec.concept in (3, _PIANO, 31, 33):
        size *= 0.8
    if spec.concept == 34 and spec.has_companion:
        size, base = 0.72 * size, base - 0.20
    out = []
    for right, up, scale in (_STANDING if look.stands else _FLOATING)[spec.number]:
        jitter = rng.normal(0, 0.02, 2) * (spec.number > 1)
        room = min(1.0, 0.62 + 0.38 * size) if spec.number > 1 else 1.0
        x = spec.center[0] * aspect if spec.number == 1 else (0.5 * aspect + 0.5 * (spec.center[0] - 0.5) * aspect)
        lift = up * (
            0.6 if spec.scene in ("street", "table", "room", "gym", "stage", "forest") and look.stands else 1.0
        )
        out.append(
            (
                x + right * wide * room + jitter[0],
                base - lift + 0.5 * jitter[1] + 0.04 * (spec.number == 3) * look.stands,
                size * scale,
            )
        )
    return out


def _companion(spec: ClipSpec, pen: Pen, phase: Floats, aspect: float, rng: np.random.Generator) -> None:
    """Draw a person beside the objects: on the side where there is more room."""
    side = 1.0 if spec.center[0] < 0.5 else -1.0
    look, wave = people.dress(rng, spec.accent), bool(rng.random() < 0.3)
    tall, base = 0.74, _baseline(spec) - 0.05
    x = float(np.clip(spec.center[0] * aspect + side * (0.42 + 0.1 * spec.size), 0.16, aspect - 0.16))
    if spec.concept in _PLAYED:  # who plays is behind the instrument
        x, base = spec.center[0] * aspect + side * _PLAYED[spec.concept], base - 0.02
    elif spec.scene in ("table", "sea", "sky", "night"):  # nowhere to stand: near the camera, cut by the frame
        tall, base = 0.95, 1.30
        x = 0.20 if side < 0 else aspect - 0.20
    elif spec.scene == "underwater":
        tall, base = 0.60, 0.85
    if spec.face and spec.concept not in _PLAYED:
        tall, base = tall * 1.22, base + 0.13
    standing = SCENES[spec.scene].horizon < 1 and spec.scene not in ("table", "sea")
    people.stand(_upright(pen, x, base, tall), look, phase, face=bool(spec.face), wave=wave, shadow=standing)


def _upright(pen: Pen, x: Floats | float, y: Floats | float, size: float, *, flip: bool = False) -> Pen:
    """Return a pen for a figure whose y axis points up, standing at a point of the world."""
    own = pen.at(x, y, size)
    xx, xy, yx, yy = own.matrix
    sign = -1.0 if flip else 1.0
    return replace(own, matrix=(sign * xx, -xy, sign * yx, -yy))


def _couple(spec: ClipSpec, pen: Pen, phase: Floats, aspect: float, rng: np.random.Generator) -> None:
    size, base = LOOKS[spec.concept - 1].size * spec.size, _baseline(spec)
    if spec.face:
        size, base = 1.35 * size, base + 0.30 * size
    if spec.variant == 1:  # room for the umbrella
        size = min(size, (base - 0.03) / 1.3) if not spec.face else 0.8 * size
    x, gap = spec.center[0] * aspect, 0.17 * size
    wave = bool(rng.random() < 0.4)
    for side, woman in ((-1.0, False), (1.0, True)):
        look = people.dress(rng, spec.rgb if woman else None, woman=woman)
        people.stand(_upright(pen, x + side * gap, base, size * (1.0 if not woman else 0.93)), look, phase + 2 * side,
                     face=bool(spec.face), wave=wave and woman)  # fmt: skip
    if spec.variant == 1:  # under an umbrella
        top = _upright(pen, x, base - 1.02 * size, size)
        pen.fill((0.25, 0.25, 0.28), edge=0).limb((x, base - 0.45 * size), (x, base - 1.2 * size), 0.012)
        top.fill(spec.accent, edge=0.3, bevel=0.06, light=0.2).oval(0.0, 0.0, 0.46, 0.26, cut=(0.0, -1.0, 0.0))
    elif spec.variant == 2:  # with a child
        child = people.dress(rng, spec.accent)
        people.stand(_upright(pen, x, base + 0.02, 0.5 * size), child, phase, face=bool(spec.face))
        return
    pen.fill(people.SKINS[0]).limb(
        (x - 0.05 * size, base - 0.44 * size), (x + 0.05 * size, base - 0.43 * size), 0.028 * size
    )


def _crowd(spec: ClipSpec, pen: Pen, phase: Floats, aspect: float, rng: np.random.Generator) -> None:
    size, base = LOOKS[spec.concept - 1].size * spec.size, _baseline(spec) + 0.10
    for row, (lift, scale, count) in enumerate(((0.30, 0.68, 8), (0.17, 0.82, 7), (0.0, 1.0, 6))):
        shift = rng.uniform(0, 1, (count, 3))
        for k in range(count):
            x = (k + 0.5 + 0.35 * (shift[k, 0] - 0.5)) / count * (aspect + 0.2) - 0.1
            look = people.dress(rng, tone(spec.rgb, 0.6 + 0.6 * shift[k, 1]) if shift[k, 1] < 0.4 else None)
            people.stand(
                _upright(pen, x, base - lift + 0.03 * shift[k, 2], scale * size * (1.15 if spec.face else 1.0)), look,
                phase + 6 * shift[k, 0], face=bool(spec.face) and row > 0, wave=shift[k, 2] < 0.3, shadow=row == 2,
            )  # fmt: skip
            if spec.variant and k % 2 == row % 2:
                _held(pen, x + 0.10 * size, base - lift, scale * size, phase + k, spec, balloon=spec.variant == 2)


def _held(pen: Pen, x: float, base: float, size: float, phase: Floats, spec: ClipSpec, *, balloon: bool) -> None:
    """Draw the flag or the balloon that somebody in a crowd holds up."""
    sway = 0.03 * np.sin(phase)
    pen.fill((0.35, 0.30, 0.28), edge=0).limb((x, base - 0.55 * size), (x + sway, base - 1.25 * size), 0.006)
    pen.fill(spec.accent, edge=0.35, bevel=0.03)
    if balloon:
        pen.oval(x + sway, base - 1.36 * size, 0.13 * size, 0.16 * size)
    else:
        pen.limb(
            (x + sway + 0.05 * size, base - 1.2 * size),
            (x + 2 * sway + 0.26 * size, base - 1.17 * size),
            0.085 * size,
            0.075 * size,
        )


def _roads(spec: ClipSpec, pen: Pen, run: Floats, aspect: float) -> None:
    horizon = SCENES[spec.scene].horizon
    tall = 1.0 - horizon
    x = spec.center[0] * aspect
    lanes = {1: ((0.0, 0.0, 0.48),), 2: ((-0.55, -0.25, 0.36), (0.55, 0.25, 0.36)),
             3: ((-0.85, -0.5, 0.24), (0.0, 0.0, 0.24), (0.85, 0.5, 0.24))}[spec.number]  # fmt: skip
    for near, far, half in lanes:
        own = pen.at(x + near, 1.0, tall)
        own = replace(own, matrix=(own.matrix[0], -own.matrix[1], own.matrix[2], -own.matrix[3]))
        places.road(
            own,
            spec.rgb,
            run,
            (far - near) / tall + 0.3 * (0.5 - spec.center[0]) * spec.heading,
            half / tall * spec.size,
            spec.variant,
        )


def perform(
    spec: ClipSpec, pen: Pen, phase: Floats, travelled: Floats, moved: tuple[Floats, Floats], aspect: float
) -> None:
    """Draw everything that is not backdrop.

    Parameters
    ----------
    spec
        The clip.
    pen
        Of the world, heights, y down.
    phase
        Of the figures' movements, rad `(time,)`.
    travelled
        How far what travels has come, heights `(time,)`.
    moved
        How far what travels is from its place in the world, heights, `(time,)` each.
    aspect
        Width of the frame, heights.
    """
    rng = np.random.default_rng([spec.seed, 2])
    _dressing(spec, pen, phase, aspect, rng)
    cast = np.random.default_rng([spec.seed, 3])
    if spec.concept == COUPLE:
        _couple(spec, pen, phase, aspect, cast)
        return
    if spec.concept == CROWD:
        _crowd(spec, pen, phase, aspect, cast)
        return
    if spec.concept == _ROAD:
        _roads(spec, pen, 0.25 * phase, aspect)
        if spec.has_companion:
            _companion(spec, pen, phase, aspect, rng)
        return
    player, look = PLAYERS[spec.concept - 1], LOOKS[spec.concept - 1]
    assert player is not None
    rides = spec.concept == _BIKE
    behind = spec.has_companion and spec.concept in _PLAYED
    if behind:
        _companion(spec, pen, phase, aspect, rng)
    horizon = SCENES[spec.scene].horizon
    copies = _spread(spec, aspect, rng)
    if spec.concept in (_MOUNTAIN, _BUILDING) and horizon < 1:
        lift = horizon + (0.02 if spec.concept == _MOUNTAIN else 0.10)
        grow = 1.35 if spec.number == 3 else 1.0
        copies = [(x, lift + 0.25 * (y - _baseline(spec)), min(grow * size, lift - 0.04)) for x, y, size in copies]
    elif spec.scene == "night" and spec.concept == _BUILDING:
        copies = [(x, 1.02, 1.1 * size) for x, _, size in copies]
    elif look.stands and horizon > 1:
        copies = [(x, 1.02, 1.05 * size) for x, _, size in copies]
    own_face = bool(spec.face) and (not spec.has_companion or rides)
    for k, (x, y, size) in enumerate(copies):
        lag = float(cast.uniform(0, 2 * np.pi)) if len(copies) > 1 else 0.0
        flip = spec.heading < 0
        if spec.concept == 15 and len(copies) > 1:  # boxers face each other
            flip = x > 0.5 * aspect
        own = _upright(pen, x + moved[0], y + moved[1], size, flip=flip and spec.concept not in (_BUILDING, _MOUNTAIN))
        tinted: RGB = spec.rgb if k == 0 or spec.color else tone(spec.rgb, float(cast.uniform(0.8, 1.2)))
        player(
            Role(own, tinted, spec.accent, phase + lag, travelled / size, cast, own_face, bool(spec.human) and rides,
                 spec.variant, spec.light)
        )  # fmt: skip
    if spec.has_companion and not rides and not behind:
        _companion(spec, pen, phase, aspect, rng)
