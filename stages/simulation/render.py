"""Drawing simulated clips: a gradient with a drifting texture, and antialiased objects that swing over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.simulation.palette import DARK_RGB, LOOKS, SKIN_RGB
from eeg2vid.stages.simulation.shapes import Array, shape_parts, texture
from eeg2vid.stages.simulation.specs import COMPANION_SCALE, COPY_SCALE, PAN, TRAVEL, ClipSpec

_TEXTURES = ("waves", "grain", "stripes", "plain", "checks", "weave", "dots")
_BACKGROUND_CONTRAST = np.float32(0.05)
_OBJECT_CONTRAST = np.float32(0.14)
_REACH = 1.5  # every shape lies within this many radii
_PLACES = {  # of the copies, in radii
    1: ((0.0, 0.0),),
    2: ((-1.15, 0.0), (1.15, 0.0)),
    3: ((-1.9, -0.7), (1.9, -0.5), (0.0, 0.1), (-1.2, 1.2), (1.3, 1.1)),
}


def displacement(spec: ClipSpec, times: NDArray[np.float64], duration: float = 2.0) -> NDArray[np.float64]:
    """Return how far the objects are from their centre along their direction, `(time,)` in widths.

    A triangle wave: the speed is constant, the direction turns at `TRAVEL`, the mean over the clip is the
    centre or close to it.
    """
    start = min(TRAVEL, spec.speed * duration / 2)
    phase = (spec.speed * times + TRAVEL - start) / TRAVEL % 4.0
    swing: NDArray[np.float64] = TRAVEL * (np.where(phase < 2, phase, 4 - phase) - 1)
    return swing


def _backdrop(spec: ClipSpec, pan: tuple[Array, Array], height: int, width: int) -> Array:
    """Return the scene without objects, `(frame, height, width, 3)` in [0, 1]; `pan` in heights."""
    grid = np.array(spec.background_rgb, np.float32).reshape(2, 3, 3)
    across, down = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    columns = np.stack([np.interp(across, [1 / 6, 1 / 2, 5 / 6], row) for row in np.eye(3)]).astype(np.float32)
    rows = np.stack([np.interp(down, [1 / 4, 3 / 4], row) for row in np.eye(2)]).astype(np.float32)
    still = np.einsum("ry,cx,rck->yxk", rows, columns, grid, optimize=True)
    rng = np.random.default_rng([spec.seed, 1])
    turn, frequency, phase = rng.uniform(0, 0.5), rng.uniform(1.6, 3.2), rng.uniform(0, 2 * np.pi, 8)
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(height)
    y = down.astype(np.float32)
    waves = iter(phase.tolist())

    def wave(relative: float, rotation: float) -> Array:
        angle = 2 * np.pi * (turn + rotation)
        kx = np.float32(2 * np.pi * frequency * relative * np.cos(angle))
        ky = np.float32(2 * np.pi * frequency * relative * np.sin(angle))
        place = kx * x[None, :] + ky * y[:, None] + np.float32(next(waves))
        shift = (kx * pan[0] + ky * pan[1])[:, None, None]
        moved: Array = np.sin(place) * np.cos(shift) + np.cos(place) * np.sin(shift)
        return moved

    pattern = texture(_TEXTURES[(spec.concept * 5) % len(_TEXTURES)], wave)
    frames = len(pan[0])
    scene: Array = np.broadcast_to(still, (frames, height, width, 3))
    return scene if pattern is None else scene + (_BACKGROUND_CONTRAST * pattern)[..., None]


def _draw(canvas: Array, spec: ClipSpec, shape: str, x: Array, y: Array, radius: float, rgb: Array, face: bool) -> None:
    """Paint one object into a canvas that has a border of one pixel for what lies outside the frame.

    `x`, `y` are its centre in every frame and `radius` its size, all in heights.
    """
    height, width = canvas.shape[1] - 2, canvas.shape[2] - 2
    half = int(np.ceil(_REACH * radius * height)) + 1
    offsets = np.arange(-half, half + 1)
    columns = np.floor(x * height).astype(np.intp)[:, None] + offsets
    rows = np.floor(y * height).astype(np.intp)[:, None] + offsets
    across = ((columns + 0.5) / height - x[:, None]).astype(np.float32)[:, None, :] / np.float32(radius)
    down = ((rows + 0.5) / height - y[:, None]).astype(np.float32)[:, :, None] / np.float32(radius)
    cos, sin = np.float32(np.cos(2 * np.pi * spec.tilt)), np.float32(np.sin(2 * np.pi * spec.tilt))
    u, v = cos * across + sin * down, cos * down - sin * across

    def wave(relative: float, rotation: float) -> Array:
        angle = 2 * np.pi * (0.13 * spec.concept + rotation)
        k = 2 * np.pi * relative * 0.9
        waves: Array = np.sin(np.float32(k * np.cos(angle)) * u + np.float32(k * np.sin(angle)) * v)
        return waves

    sharpness = np.float32(radius * height)
    colours = {"skin": np.array(SKIN_RGB, np.float32), "dark": np.array(DARK_RGB, np.float32)}
    fill: Array = np.broadcast_to(rgb, (*u.shape, 3))
    pattern = texture(LOOKS[spec.concept - 1].texture, wave)
    if pattern is not None:
        fill = fill + (_OBJECT_CONTRAST * pattern)[..., None]
    alpha = np.zeros(u.shape, np.float32)
    for role, distance in shape_parts(shape, u, v, face=face):
        part = np.clip(np.float32(0.5) - distance * sharpness, 0, 1)
        if role != "object":
            fill = fill + part[..., None] * (colours[role] - fill)
        alpha = np.maximum(alpha, part)
    columns, rows = np.clip(columns + 1, 0, width + 1), np.clip(rows + 1, 0, height + 1)
    frame = np.arange(len(canvas))[:, None, None]
    under = canvas[frame, rows[:, :, None], columns[:, None, :]]
    canvas[frame, rows[:, :, None], columns[:, None, :]] = under + alpha[..., None] * (fill - under)


def render_clip(
    spec: ClipSpec, *, width: int, height: int, fps: float = 24.0, duration: float = 2.0
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
    aspect, angle = width / height, 2 * np.pi * spec.direction
    heading = np.array([np.cos(angle), np.sin(angle)]) * aspect  # heights per width travelled
    drift = PAN * spec.speed * times
    pan = ((heading[0] * drift).astype(np.float32), (heading[1] * drift).astype(np.float32))
    canvas = np.empty((len(times), height + 2, width + 2, 3), np.float32)
    canvas[:, 1:-1, 1:-1] = _backdrop(spec, pan, height, width)
    canvas[:, [0, -1]] = 0
    canvas[:, :, [0, -1]] = 0
    swing = displacement(spec, times, duration)
    x = (spec.center[0] * aspect + heading[0] * swing).astype(np.float32)
    y = (spec.center[1] + heading[1] * swing).astype(np.float32)
    if spec.has_companion:
        side = 1 if spec.center[0] < 0.5 else -1
        clothes = np.array(spec.object_rgb[::-1], np.float32)
        radius = COMPANION_SCALE * spec.size
        reach = np.float32(side * (1.6 * spec.size + radius))
        _draw(canvas, spec, "person", x + reach, y, radius, clothes, bool(spec.face))
    radius = spec.size * COPY_SCALE[spec.number]
    rgb = np.array(spec.object_rgb, np.float32)
    painted_face = bool(spec.face) and not spec.has_companion
    for right, down in _PLACES[spec.number]:
        _draw(
            canvas,
            spec,
            spec.shape,
            x + np.float32(right * radius),
            y + np.float32(down * radius),
            radius,
            rgb,
            painted_face,
        )
    inside = canvas[:, 1:-1, 1:-1]
    np.multiply(inside, 255, out=inside)
    np.rint(inside, out=inside)
    return np.clip(inside, 0, 255, out=inside).astype(np.uint8)
