"""Rendering simulated clips, and the true motion of every pixel from the same scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.simulation.drawing.backdrops import SCENES
from eeg2vid.stages.simulation.drawing.camera import Layer, View, shift, show
from eeg2vid.stages.simulation.drawing.canvas import move, paint
from eeg2vid.stages.simulation.drawing.parts import Floats, Group
from eeg2vid.stages.simulation.drawing.staging import perform
from eeg2vid.stages.simulation.looks import LOOKS
from eeg2vid.stages.simulation.specs import ClipSpec

DURATION_S = 2.0
_FOLLOW = 0.7  # the camera follows what travels at this share of its speed
_SWING = 0.14  # what does not, or what it does not follow, swings this far to either side, widths
_ZOOM_RATE = 2.6  # e-folds of zoom per width of pace
_CADENCE_HZ = 0.9  # of movements at the usual pace


@dataclass(frozen=True)
class _Course:
    """Everything that changes over a clip, at some times."""

    view: View
    phase: Floats
    travelled: Floats
    moved: tuple[Floats, Floats]


def _clock(spec: ClipSpec, times: Floats) -> Floats:
    """Return the clip's own time around its middle, s: it runs at 1 + depth * cos(...)."""
    depth, frequency, turn = spec.surge
    omega, start = 2 * np.pi * frequency, 2 * np.pi * turn
    middle = DURATION_S / 2
    lag = depth / omega * (np.sin(omega * times + start) - np.sin(omega * middle + start))
    clock: Floats = times - middle + lag
    return clock


def _fold(way: Floats, reach: float) -> Floats:
    """Turn back and forth within `reach` to either side, at the same speed."""
    folded: Floats = reach * (np.abs((way / reach + 3) % 4 - 2) - 1)
    return folded


def _course(spec: ClipSpec, times: Floats, aspect: float) -> _Course:
    clock = _clock(spec, times)
    way = spec.speed * aspect * clock
    steady = 1 - abs(spec.zoom)
    zoom = np.exp(np.clip(_ZOOM_RATE * spec.speed, 0, 0.45) * spec.zoom * clock)
    zero = np.zeros_like(clock)
    look = LOOKS[spec.concept - 1]
    if look.travels:
        pan = (spec.heading * _FOLLOW * way, zero)
        moved = (pan[0] + spec.heading * _fold((1 - _FOLLOW) * way, _SWING * aspect), zero)
    else:
        angle = 2 * np.pi * spec.turn
        swing = _fold(steady * way, _SWING * aspect)
        pan, moved = (np.cos(angle) * swing, np.sin(angle) * swing), (zero, zero)
    pace = float(np.clip(spec.speed / 0.15, 0.2, 5.0)) ** 0.6
    start = 2 * np.pi * float(np.random.default_rng([spec.seed, 4]).random())
    phase = start + 2 * np.pi * _CADENCE_HZ * pace * (clock + DURATION_S)
    return _Course(View((aspect / 2, 0.5), pan, zoom, clock), phase, way, moved)


def _layers(spec: ClipSpec) -> list[Layer]:
    scene = SCENES[spec.scene]
    flow = scene.scroll * (0.4 + 4 * spec.speed)
    upper = Layer(scene.upper, spec.light, (spec.seed, spec.concept, 5), scene.far, 0.0, None)
    if scene.horizon > 1.2:
        return [upper]
    return [upper, Layer(scene.lower, spec.light, (spec.seed, spec.concept, 6), 1.0, flow, scene.horizon)]


def _groups(spec: ClipSpec, course: _Course, aspect: float) -> list[Group]:
    groups: list[Group] = []
    perform(spec, course.view.pen(groups), course.phase, course.travelled, course.moved, aspect)
    return groups


def render_clip(
    spec: ClipSpec, *, width: int, height: int, fps: float = 24.0, duration: float = DURATION_S
) -> NDArray[np.uint8]:
    """Render a clip.

    Parameters
    ----------
    spec
        The clip.
    width, height
        Of the frames, px.
    fps, duration
        Frames per second, s; frame k shows the scene at time k / fps.

    Returns
    -------
    uint8 `(frame, height, width, 3)`, RGB.
    """
    times = np.arange(round(duration * fps)) / fps
    aspect = width / height
    course = _course(spec, times, aspect)
    extent = _course(spec, np.linspace(0, max(duration, DURATION_S), 97), aspect).view
    canvas = np.empty((3, len(times), height, width), np.float32)
    tints = np.array(spec.tints, np.float64).reshape(2, 3, 3)
    for layer in _layers(spec):
        show(canvas, layer, course.view, extent, tints)
    paint(canvas, _groups(spec, course, aspect))
    frames = np.empty((len(times), height, width, 3), np.uint8)
    for k in range(3):
        plane = canvas[k]
        plane *= np.float32(255 * spec.grade[k])
        plane += np.float32(0.5)
        np.clip(plane, 0, 255, out=plane)
        frames[..., k] = plane
    return frames


def flow_fields(spec: ClipSpec, times: Floats, width: int, height: int, *, fps: float = 24.0) -> NDArray[np.float32]:
    """Return where every pixel's point is a frame later, from the scene itself.

    Parameters
    ----------
    spec
        The clip.
    times
        `(time,)` s.
    width, height, fps
        Of the frames, px and 1/s.

    Returns
    -------
    float32 `(time, height, width, 2)`: right and down, px per frame. Translucent things do not count.
    """
    times = np.asarray(times, np.float64)
    aspect = width / height
    now, later = _course(spec, times, aspect), _course(spec, times + 1 / fps, aspect)
    field = np.zeros((2, len(times), height, width), np.float32)
    for layer in _layers(spec):
        shift(field, layer, now.view, later.view)
    move(field, _groups(spec, now, aspect), _groups(spec, later, aspect))
    field *= np.float32(height)
    return np.ascontiguousarray(np.moveaxis(field, 0, -1))


def flow_field(spec: ClipSpec, time: float, width: int, height: int, *, fps: float = 24.0) -> NDArray[np.float32]:
    """Return the true optical flow at one time, `(height, width, 2)`: right and down, px per frame.

    See `flow_fields`.
    """
    return flow_fields(spec, np.array([time]), width, height, fps=fps)[0]
