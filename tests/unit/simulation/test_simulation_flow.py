"""The true flow against the frames themselves, against scikit-image, and against motion known in closed form."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from skimage.registration import optical_flow_ilk

from eeg2vid.stages.simulation import films
from eeg2vid.stages.simulation.drawing.canvas import move
from eeg2vid.stages.simulation.drawing.parts import Group, Part, Pen

WIDTH, HEIGHT = 160, 90


def gray(frames):
    return frames.astype(np.float64).mean(axis=-1) / 255


def lively(concepts, seed=21, low=1.0, high=4.0):
    """Return one clip per concept whose motion is neither still nor frantic."""
    out = []
    for concept in concepts:
        specs = (films.make_spec(concept, seed + 97 * k) for k in range(200))
        out.append(next(spec for spec in specs if low < films.optical_flow([spec])[0] < high))
    return out


@pytest.mark.parametrize(
    "spec", lively([1, 3, 8, 12, 16, 17, 20, 23, 24, 26, 31, 35, 37, 39]), ids=lambda s: str(s.concept)
)
def test_moving_a_frame_along_the_flow_gives_the_next(spec):
    frames = gray(films.render_clip(spec, width=WIDTH, height=HEIGHT))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    still, moved = [], []
    for k in (6, 20, 33):
        flow = films.flow_field(spec, k / 24, WIDTH, HEIGHT)
        target = (rows + flow[..., 1], columns + flow[..., 0])
        inside = (target[0] > 0) & (target[0] < HEIGHT - 1) & (target[1] > 0) & (target[1] < WIDTH - 1)
        later = map_coordinates(frames[k + 1], target, order=1, mode="nearest")
        moved.append(np.abs(later - frames[k])[inside].mean())
        still.append(np.abs(frames[k + 1] - frames[k])[inside].mean())
    assert np.sum(moved) < 0.7 * np.sum(still)


def test_agrees_with_flow_estimated_from_the_frames():
    true, estimated = [], []
    for spec in lively([2, 4, 7, 10, 18, 19, 25, 36], low=0.6, high=6.0):
        frames = gray(films.render_clip(spec, width=WIDTH, height=HEIGHT))
        for k in (8, 30):
            down, right = optical_flow_ilk(frames[k], frames[k + 1], radius=9)
            flow = films.flow_field(spec, k / 24, WIDTH, HEIGHT)
            textured = np.hypot(*np.gradient(frames[k])) > 0.01
            true.append(flow[textured].mean(axis=0))
            estimated.append([right[textured].mean(), down[textured].mean()])
    true, estimated = np.array(true), np.array(estimated)
    assert np.corrcoef(true[:, 0], estimated[:, 0])[0, 1] > 0.9
    assert 0.6 < np.polyfit(true[:, 0], estimated[:, 0], 1)[0] < 1.4


def test_a_pan_without_objects_moves_everything_alike():
    spec = dataclasses.replace(
        films.make_spec(7, 5),
        scene="sky",
        number=1,
        human=0,
        zoom=0.0,
        surge=(0.0, 0.5, 0.0),
        speed=0.2,
        size=1e-4,
        heading=1,
    )
    flow = films.flow_field(spec, 0.5, 64, 36)
    expected = -0.6 * 0.7 * 0.2 * 64 / 24  # the sky follows at 0.6, the camera at 0.7 of 0.2 widths per second
    assert np.allclose(np.median(flow[..., 0]), expected, rtol=1e-4)
    assert np.allclose(flow[..., 1][:4], 0, atol=1e-5)


def test_a_zoom_moves_points_away_from_the_middle():
    spec = dataclasses.replace(
        films.make_spec(31, 5), scene="table", number=1, human=0, zoom=1.0, surge=(0.0, 0.5, 0.0), speed=0.1, size=1e-4
    )
    flow = films.flow_field(spec, 1.0, 64, 36)
    x, y = np.arange(64) + 0.5 - 32, np.arange(36) + 0.5 - 18
    growth = np.exp(2.6 * 0.1 / 24) - 1
    assert np.allclose(flow[..., 0], growth * x, atol=0.02)
    assert np.allclose(flow[..., 1], growth * y[:, None], atol=0.02)


def test_sizes_and_rates_scale_it():
    spec = lively([31])[0]
    small, large = (films.flow_field(spec, 0.7, width, width * 9 // 16) for width in (64, 256))
    pooled = large.reshape(36, 4, 64, 4, 2).mean(axis=(1, 3)) / 4
    assert np.abs(pooled - small).mean() < 0.1 * np.abs(small).mean()
    slow, fast = (films.flow_field(spec, 0.7, 64, 36, fps=fps) for fps in (24.0, 48.0))
    assert np.abs(slow).mean() == pytest.approx(2 * np.abs(fast).mean(), rel=0.1)
    assert films.optical_flow([spec], width=256, fps=12.0)[0] == pytest.approx(films.optical_flow([spec])[0])


def test_a_turning_growing_limb_by_hand():
    def limb(angle, length):
        groups: list[Group] = []
        one = np.ones(1)
        pen = Pen(groups, 1, (one, 0 * one, 0 * one, one), (0.5 * one, 0.5 * one))
        pen.fill((1, 0, 0)).limb((0.0, 0.0), (length * np.cos(angle), length * np.sin(angle)), 0.05)
        return groups

    field = np.zeros((2, 1, 100, 100), np.float32)
    move(field, limb(0.0, 0.3), limb(0.2, 0.36))
    y, x = 50, 70  # on the axis, 0.205 from the joint
    reach = 0.205 * 0.36 / 0.3
    across = 0.005
    expected = (
        0.5 + reach * np.cos(0.2) - across * np.sin(0.2) - 0.705,
        reach * np.sin(0.2) + across * np.cos(0.2) - 0.005,
    )
    assert np.allclose(field[:, 0, y, x], expected, atol=1e-5)
    assert field[0, 0, 10, 10] == 0


def test_motion_course_follows_the_frames():
    course, change = [], []
    for spec in lively([2, 12, 24, 25, 39]):
        spec = dataclasses.replace(spec, surge=(0.85, 0.5, 0.1))
        relative = films.motion_course(spec)
        assert relative.shape == (16,)
        assert relative.mean() == pytest.approx(1)
        assert (relative >= 0).all()
        frames = gray(films.render_clip(spec, width=96, height=54))
        steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
        steps = np.append(steps, steps[-1]).reshape(16, 3).mean(axis=1)
        course.append(relative)
        change.append(steps / steps.mean())
    assert np.corrcoef(np.ravel(course), np.ravel(change))[0, 1] > 0.75


def test_parts_know_their_bounds():
    one = np.ones(1)
    part = Part(0, 0.5 * one, 0.5 * one, np.cos(0.5) * one, np.sin(0.5) * one, 1.0, 0.3 * one, 0.1 * one)
    angle = np.linspace(0, 2 * np.pi, 2000)
    x = 0.5 + 0.3 * np.cos(angle) * np.cos(0.5) - 0.1 * np.sin(angle) * np.sin(0.5)
    y = 0.5 + 0.3 * np.cos(angle) * np.sin(0.5) + 0.1 * np.sin(angle) * np.cos(0.5)
    assert np.allclose(np.ravel(part.bounds()), [x.min(), x.max(), y.min(), y.max()], atol=1e-5)
