"""Which choice is nearest to what was decoded."""

from __future__ import annotations

import numpy as np

from eeg2vid.stages.networks.readout import alike, closest


def test_shrunk_scores_keep_their_choice():
    """By distance the choice nearest to the mean would win: here every guess, shrunk to a tenth, is nearest to it."""
    rng = np.random.default_rng(0)
    choices = np.vstack([rng.normal(size=(9, 6)), 0.05 * rng.normal(size=(1, 6))]).astype(np.float32)
    guess = 0.1 * choices[:9]
    ones = np.ones(6, np.float32)
    np.testing.assert_array_equal(closest(guess, choices, ones), np.arange(9))
    distances = np.square(guess[:, None] - choices).sum(axis=2)
    assert np.mean(distances.argmin(axis=1) == 9) > 0.8
    assert closest(np.zeros((1, 6), np.float32), choices, ones).shape == (1,)


def test_components_count_by_the_root_of_their_spread():
    guess = np.array([[4.0, 3.0]], np.float32)
    choices = np.array([[1, 0], [0, 1]], np.float32)
    assert closest(guess, choices, np.array([1, 1], np.float32)) == [0]
    assert closest(guess, choices, np.array([4, 1], np.float32)) == [1]  # (2, 3)
    assert closest(guess, choices, np.array([1.5, 1], np.float32)) == [0]  # (3.27, 3)


def test_equal_captions_have_one_number():
    states = np.array([[[1.0, 2]], [[3, 4]], [[1, 2]], [[5, 6]], [[3, 4]]], dtype=np.float32)
    np.testing.assert_array_equal(alike(states), [0, 1, 0, 2, 1])
