"""Conditions that work on values and frames: class means, the nearest training clip, the held frame."""

import numpy as np
import pytest

from eeg2vid.stages.conditions import frozen_frame
from eeg2vid.stages.conditions.class_means import class_means
from eeg2vid.stages.conditions.nearest_video import nearest

VALUES = np.random.default_rng(0).standard_normal((150, 3, 4)).astype(np.float32)


def test_means_of_classes_by_hand():
    values = np.array([[1.0], [3.0], [10.0], [20.0], [0.0]], dtype=np.float32)
    learned, classes = np.array([0, 1, 2, 3]), np.array([0, 0, 1, -1])
    found = class_means(values.__getitem__, learned, classes, np.array([1, 0, 0, 7, -1]))
    # class 7 and no class: the mean of all that is learned, (1 + 3 + 10 + 20) / 4
    assert found.ravel().tolist() == [10.0, 2.0, 2.0, 8.5, 8.5] and found.dtype == np.float32


def test_means_of_many_clips():
    learned, classes = np.arange(140), np.arange(140) % 2
    found = class_means(VALUES.__getitem__, learned, classes, np.array([0, 1]))
    assert np.allclose(found, [VALUES[0:140:2].mean(axis=0), VALUES[1:140:2].mean(axis=0)], atol=1e-6)


def test_nearest_by_correlation_of_deviations():
    rng = np.random.default_rng(1)
    common = 50 * rng.standard_normal((3, 4)).astype(np.float32)
    values, learned = VALUES + common, np.arange(5, 145)
    decoded = values[[10, 100, 144, 3]] + 0.3 * rng.standard_normal((4, 3, 4)).astype(np.float32)
    mean = values[learned].mean(axis=0, dtype=np.float64)
    flat = (values[learned] - mean).reshape(140, -1)
    wanted = []
    for one in decoded:
        away = (one - mean).ravel()
        wanted.append(learned[np.argmax(flat @ away / np.linalg.norm(flat, axis=1) / np.linalg.norm(away))])
    found = nearest(decoded, values.__getitem__, learned)
    assert found.tolist() == wanted
    assert found[:3].tolist() == [10, 100, 144] and found[3] != 3  # not learned from


def test_nearest_of_what_is_far_from_the_mean_only_is_the_first():
    values = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert nearest(np.zeros((1, 2)), values.__getitem__, np.array([2, 1, 0, 3])).tolist() == [2]


@pytest.mark.parametrize("frames", [1, 6])
def test_the_first_frame_is_held(frames):
    videos = np.random.default_rng(0).integers(0, 256, (4, frames, 5, 6, 3), dtype=np.uint8)
    held = frozen_frame.hold(videos)
    assert held.shape == videos.shape and held.dtype == np.uint8
    assert all(np.array_equal(held[:, k], videos[:, 0]) for k in range(frames))
