"""An eye is shown several equal clips once, and each clip gets what it saw."""

import numpy as np
import pytest

from eeg2vid.stages.cohort.percepts import _look_once


class Counting:
    """An eye that sees each clip's mean, and counts the clips that it is shown."""

    def __init__(self, lose=0):
        self.shown, self.lose = 0, lose

    def look(self, frames):
        self.shown += len(frames)
        means = frames.reshape(len(frames), -1).mean(axis=1)
        return {"mean": means[: len(means) - self.lose], "pair": np.stack([means, -means], axis=1)}


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 2, 2], [3, 0, 3, 1, 0], [1]])
def test_every_clip_gets_what_was_seen_in_it(order):
    clips = np.random.default_rng(0).integers(0, 256, (4, 6, 8, 10, 3), dtype=np.uint8)
    eye = Counting()
    seen = _look_once(eye, clips[order])
    means = clips[order].reshape(len(order), -1).mean(axis=1)
    np.testing.assert_array_equal(seen["mean"], means)
    np.testing.assert_array_equal(seen["pair"], np.stack([means, -means], axis=1))
    assert eye.shown == len(set(order))


def test_an_eye_that_does_not_see_one_thing_per_clip_is_not_helped():
    clips = np.zeros((3, 6, 8, 10, 3), np.uint8)
    assert len(_look_once(Counting(lose=1), clips)["mean"]) == 0
