"""Painting against areas and places known from geometry."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2vid.stages.simulation.captions import VARIANTS
from eeg2vid.stages.simulation.drawing.backdrops import SCENES
from eeg2vid.stages.simulation.drawing.canvas import paint
from eeg2vid.stages.simulation.drawing.cast import PLAYERS
from eeg2vid.stages.simulation.drawing.noise import cloudy, noise, steps
from eeg2vid.stages.simulation.drawing.parts import Group, Pen
from eeg2vid.stages.simulation.looks import LOOKS

SIZE = 200
FLAT = {"edge": 0.0, "light": 0.0}


def pen(times=1, scale=1.0, turn=0.0, flip=False):
    groups: list[Group] = []
    one, zero = np.ones(times), np.zeros(times)
    world = Pen(groups, times, (one, zero, zero, one), (zero, zero))
    return groups, world.at(0.5, 0.5, scale, turn, flip=flip)


def painted(groups, times=1):
    canvas = np.zeros((3, times, SIZE, SIZE), np.float32)
    paint(canvas, groups)
    return canvas


SHAPES = {
    "dot": (lambda p: p.dot(0, 0, 0.3), np.pi * 0.09),
    "oval": (lambda p: p.oval(0, 0, 0.35, 0.12, 0.4), np.pi * 0.35 * 0.12),
    "half": (lambda p: p.oval(0, 0, 0.3, 0.2, cut=(0.0, 1.0, 0.0)), np.pi * 0.3 * 0.2 / 2),
    "ring": (lambda p: p.oval(0, 0, 0.3, 0.3, hollow=0.1), np.pi * (0.09 - 0.04)),
    "box": (lambda p: p.box(0, 0, 0.3, 0.1, 0.3), 0.12),
    "limb": (lambda p: p.limb((-0.2, -0.1), (0.2, 0.1), 0.05), 0.1 * np.hypot(0.4, 0.2) + np.pi * 0.0025),
    "triangle": (lambda p: p.polygon(((-0.3, -0.2), (0.3, -0.2), (0.1, 0.3))), 0.15),
    "dart": (lambda p: p.polygon(((0, 0.3), (0.3, -0.3), (0, -0.1), (-0.3, -0.3))), 0.12),
    "rays": (lambda p: p.rays(0, 0, 0.4, 0.02, 6, free=0.5), 6 * (0.2 * 0.04 + np.pi * 0.0004)),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("scale", "turn", "flip"), [(1.0, 0.0, False), (0.8, 0.7, True)])
def test_areas_by_geometry(name, scale, turn, flip):
    draw, area = SHAPES[name]
    groups, own = pen(1, scale, turn, flip)
    draw(own.fill((1, 1, 1), **FLAT))
    assert painted(groups)[0].mean() == pytest.approx(area * scale**2, rel=0.02)


def test_flipped_and_turned_figures_are_where_they_should_be():
    groups, own = pen(1, 0.5, 0.0, flip=True)
    own.fill((1, 1, 1), **FLAT).polygon(((0.2, 0.0), (0.8, 0.0), (0.8, 0.4)))
    picture = painted(groups)[0, 0]
    rows, columns = np.nonzero(picture > 0.5)
    assert columns.mean() / SIZE == pytest.approx(0.5 - 0.5 * 0.6, abs=0.01)  # centroid of the triangle, mirrored
    assert rows.mean() / SIZE == pytest.approx(0.5 + 0.5 * 0.4 / 3, abs=0.01)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(-1.0, 1.0), st.floats(0.02, 0.2))
def test_a_moving_disc_stays_whole_however_time_is_cut(x, y, speed, radius):
    groups, _ = pen()
    times = np.linspace(-0.5, 0.5, 16)
    one, zero = np.ones(16), np.zeros(16)
    world = Pen(groups, 16, (one, zero, zero, one), (zero, zero))
    world.fill((1, 0.5, 0), **FLAT).dot(x + speed * times, y, radius)
    canvas = painted(groups, 16)
    grid = (np.arange(SIZE) + 0.5) / SIZE
    for k in (0, 7, 15):
        away = np.hypot(grid[None, :] - x - speed * times[k], grid[:, None] - y) - radius
        assert np.allclose(canvas[0, k], np.clip(0.5 - away * SIZE, 0, 1), atol=2e-2)
    assert np.allclose(canvas[1], 0.5 * canvas[0], atol=1e-6)


def test_groups_cover_blend_glow_and_clip():
    groups, own = pen()
    own.fill((1, 0, 0), **FLAT).box(0, 0, 0.3, 0.3)
    own.fill((0, 1, 0), opacity=0.25, **FLAT).box(0, 0, 0.1, 0.1)
    own.fill((0, 0, 1), inside=True, **FLAT).box(0.3, 0, 0.3, 0.3)
    own.fill((0.2, 0.2, 0.2), glow=True).box(-0.2, 0.2, 0.05, 0.05)
    canvas = painted(groups)
    middle = SIZE // 2
    assert np.allclose(canvas[:, 0, middle, middle - 10], (0.75, 0.25, 0))
    assert np.allclose(canvas[:, 0, middle, middle + 10], (0, 0, 1))  # only where the green box is
    assert np.allclose(canvas[:, 0, middle, middle + 40], (1, 0, 0))
    assert np.allclose(canvas[:, 0, middle + 40, middle - 40], (1.2, 0.2, 0.2))


def test_noise_is_the_same_at_any_resolution_and_bounded():
    fine, coarse = np.arange(400) / 100, np.arange(100) / 25
    one = cloudy(fine, fine, np.random.default_rng(1))
    two = cloudy(coarse, coarse, np.random.default_rng(1))
    assert np.allclose(one[::4, ::4], two, atol=1e-5)
    values = noise(np.linspace(0, 50, 500), np.linspace(0, 50, 500), np.random.default_rng(2))
    assert np.abs(values).max() <= 1
    assert abs(values.mean()) < 0.05
    heights = steps(np.array([0.1, 0.9, 1.1, 1.9]), np.random.default_rng(3))
    assert heights[0] == heights[1] != heights[2] == heights[3]


@pytest.mark.parametrize("name", SCENES)
def test_scenes_paint_pictures_in_range(name):
    scene = SCENES[name]
    x, y = np.linspace(-0.5, 2.3, 90), np.linspace(-0.2, 1.2, 50)
    for painter, light in itertools.product((scene.upper, scene.lower), set(scene.lights)):
        picture = np.broadcast_to(painter(x, y, np.random.default_rng(0), light), (3, 50, 90))
        assert np.isfinite(picture).all()
        assert picture.min() > -0.3
        assert picture.max() < 1.6
        assert picture.std() > 0.01


def test_every_concept_is_complete():
    assert len(LOOKS) == len(PLAYERS) == len(VARIANTS) == 40
    assert all(scene in SCENES for look in LOOKS for scene in look.scenes)
    assert {k + 1 for k, player in enumerate(PLAYERS) if player is None} == {20, 21, 25}
