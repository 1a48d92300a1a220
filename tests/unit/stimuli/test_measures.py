import numpy as np
import pytest

from eeg2vid.stages.stimuli.measures import layout, measure, opponent


def test_opponent_colours_by_hand():
    assert opponent(np.array([0.9, 0.3, 0.6])) == pytest.approx([0.6, 0.6, 0.0])


def test_layout_tells_the_cells_apart():
    frames = np.zeros((1, 2, 6, 9, 3), np.uint8)
    frames[:, :, :3, 3:6] = (255, 0, 0)
    found = layout(frames)
    assert found.shape == (1, 2, 3, 3)
    np.testing.assert_allclose(found[0, 0, 1], [1 / 3, 1.0, -0.5])
    assert np.count_nonzero(found) == 3


def test_what_does_not_divide_is_left_out():
    frames = np.random.default_rng(0).integers(0, 256, (2, 3, 36, 64, 3)).astype(np.uint8)
    np.testing.assert_array_equal(layout(frames), layout(frames[:, :, :, :63]))


def test_contrast_and_change_by_hand():
    frames = np.zeros((3, 4, 6, 9, 3), np.uint8)
    frames[0, :, :, :, :] = 100  # grey, still
    frames[1, :, :3] = 255  # half white, still
    frames[2, ::2] = 51  # flickers by a fifth
    found = measure(frames)
    assert found.shape == (3, 20)
    np.testing.assert_allclose(found[:, 18], np.log([1e-3, 0.5 + 1e-3, 1e-3]), rtol=1e-5)
    np.testing.assert_allclose(found[:, 19], np.log([1e-3, 1e-3, 0.2 + 1e-3]), rtol=1e-5)


def test_a_clip_of_one_picture_does_not_change():
    found = measure(np.full((1, 1, 6, 6, 3), 7, np.uint8))
    assert found[0, 19] == pytest.approx(np.log(1e-3))


def test_a_clips_measures_do_not_depend_on_its_neighbours():
    frames = np.random.default_rng(1).integers(0, 256, (40, 3, 12, 12, 3)).astype(np.uint8)
    np.testing.assert_array_equal(measure(frames)[25], measure(frames[25:26])[0])
