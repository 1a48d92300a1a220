"""Hue: the circle, greys, and the field's cosine of numbers."""

import colorsys

import numpy as np
import pytest

from eeg2vid.stages.metrics.hue import HUE, chroma, hue_degrees, measure
from eeg2vid.stages.metrics.metric import Given, Keys, Sides

RED, ROSE, ORANGE, CYAN, GREY = [255, 0, 0], [255, 0, 40], [255, 40, 0], [0, 255, 255], [90, 90, 90]
COSINE = frozenset({"hue:cosine"})


def test_hue_is_that_of_the_standard_library():
    pixels = np.random.default_rng(0).integers(0, 256, (500, 3), dtype=np.uint8)
    pixels[:4] = [RED, ROSE, CYAN, GREY]
    expected = [360 * colorsys.rgb_to_hsv(*(pixel / 255))[0] for pixel in pixels]
    np.testing.assert_allclose(hue_degrees(pixels), expected, atol=1e-9)
    vector = chroma(pixels)
    angle = np.degrees(np.arctan2(vector[:, 1], vector[:, 0])) % 360
    coloured = np.ptp(pixels.astype(int), axis=1) > 0
    gap = np.abs((angle - expected + 180) % 360 - 180)[coloured]
    assert gap.max() < 1.2  # a circle instead of a hexagon
    np.testing.assert_array_equal(vector[3], [0, 0])


def test_two_reds_are_alike_on_the_circle_and_unlike_as_numbers():
    decoded, true = clips([RED, ROSE, CYAN, GREY]), clips([RED, ORANGE, RED, RED])
    found = measure(given(decoded, true, extras=COSINE))
    circle = np.diag(found[""].table)
    assert circle[0] == pytest.approx(1.0) and circle[1] == pytest.approx(np.cos(np.radians(2 * 7.6)), abs=0.01)
    assert circle[2] == pytest.approx(-1.0) and circle[3] == 0.0
    assert set(measure(given(decoded, true))) == {""}


def test_equals_pixel_by_pixel(monkeypatch):
    rng = np.random.default_rng(1)
    decoded, true = rng.integers(0, 256, (2, 4, 3, 5, 6, 3), dtype=np.uint8)
    monkeypatch.setattr("eeg2vid.stages.metrics.hue._CHUNK_BYTES", 1)
    folds = np.array([0, 1, 0, 0])
    found = measure(given(decoded, true, folds, extras=COSINE))
    for name, way in (("", chroma), ("cosine", hue_degrees)):
        for i in range(4):
            for j in range(4):
                if folds[i] != folds[j]:
                    assert np.isnan(found[name].table[i, j])
                    continue
                pairs = [(way(a).ravel(), way(b).ravel()) for a, b in zip(decoded[i], true[j], strict=True)]
                expected = np.mean([a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in pairs])
                assert found[name].table[i, j] == pytest.approx(expected, abs=1e-11)
    assert HUE.variants["cosine"].extra


def clips(colours):
    return np.array(colours, np.uint8)[:, None, None, None].repeat(2, 1).repeat(4, 2).repeat(5, 3)


def given(decoded, true, folds=None, **more):
    n = len(true)
    keys = Keys("1", list("abcd"), list("abcd"), np.arange(n), np.zeros(n), np.zeros(n) if folds is None else folds)
    return Given(keys, "full", frames=Sides(decoded, true), **more)
