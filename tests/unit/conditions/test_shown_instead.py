"""Conditions that show something instead of the decoded clips: what they show, and how often they look."""

import numpy as np
import pytest

from eeg2vid.stages.conditions import grey, mean_video
from eeg2vid.stages.conditions.stimuli import Stimuli

SHAPE = (2, 3, 4, 3)
CLIPS = np.random.default_rng(0).integers(0, 256, (11, *SHAPE), dtype=np.uint8)
LEARNED = {"a": np.array([0, 1, 4, 5, 9]), "b": np.array([2, 3, 10]), "c": np.array([7])}


def given(step, looks):
    def stream():
        looks.append(step)
        for start in range(0, len(CLIPS), step):
            yield start, CLIPS[start : start + step]

    return Stimuli(SHAPE, LEARNED, stream)


@pytest.mark.parametrize("step", [1, 4, 11, 20])
def test_mean_is_of_the_folds_own_training_clips(step):
    shown = mean_video.make(given(step, []))(["b", "a", "b", "c"])
    assert shown.shape == (4, *SHAPE) and shown.dtype == np.uint8
    for video, fold in zip(shown, ("b", "a", "b", "c"), strict=True):
        assert np.array_equal(video, np.rint(CLIPS[LEARNED[fold]].astype(np.float64).mean(axis=0)))


def test_clips_are_looked_at_once_and_only_when_asked():
    looks = []
    show = mean_video.make(given(4, looks))
    assert looks == []
    first = show(["a"])
    assert np.array_equal(show(["a", "b"])[0], first[0])
    assert looks == [4]


def test_grey_looks_at_nothing():
    looks = []
    shown = grey.make(given(4, looks))(["a", "b", "a"])
    assert shown.shape == (3, *SHAPE) and shown.dtype == np.uint8
    assert np.unique(shown).tolist() == [128]
    assert looks == []
