"""Clips are read a fold at a time, and are those of the artifact without padding."""

import numpy as np
import pytest

from eeg2vid.schemas.videos import VideoAttributes
from eeg2vid.stages.judging.folded import FoldedClips

FRAMES = np.random.default_rng(0).integers(0, 256, (12, 3, 16, 24, 3), dtype=np.uint8)
PLACES = np.array([5, 3, 11, 0, 7, 2])
FOLDS = np.array(["a", "a", "b", "b", "a", "b"])


class Videos:
    """An artifact of videos that counts what is read of it."""

    def __init__(self):
        self.read = []
        self.dtype, self.shape = FRAMES.dtype, FRAMES.shape

    def lazy(self, _):
        return self

    def attributes(self):
        return VideoAttributes(fps=3, height=14, width=20)

    def __getitem__(self, place):
        assert isinstance(place, int)
        self.read.append(place)
        return FRAMES[place]


def test_every_part_of_every_clip_is_the_artifacts():
    videos = Videos()
    clips = FoldedClips.of(videos, PLACES, videos, FOLDS)
    expected = FRAMES[PLACES][:, :, :14, :20]
    assert (clips.shape, clips.dtype, len(clips)) == (expected.shape, expected.dtype, 6)
    for event in (0, 3, -1, np.int64(4)):
        np.testing.assert_array_equal(clips[event], expected[event])
        np.testing.assert_array_equal(clips[event, 1], expected[event, 1])
        np.testing.assert_array_equal(clips[event, 2, slice(3, 9)], expected[event, 2, 3:9])
    with pytest.raises(IndexError):
        clips[6]
    np.testing.assert_array_equal(np.asarray(clips), expected)
    assert np.asarray(clips, dtype=np.float32).dtype == np.float32


def test_a_fold_is_read_once_for_all_that_is_asked_of_it():
    videos = Videos()
    clips = FoldedClips.of(videos, PLACES, videos, FOLDS)
    for frame in range(3):
        for event in np.flatnonzero(FOLDS == "a").tolist():
            clips[event, frame]
    assert videos.read == [5, 3, 7]
    clips[2]
    assert videos.read == [5, 3, 7, 11, 0, 2]


def test_some_of_the_events():
    videos = Videos()
    some = FoldedClips.of(videos, PLACES, videos, FOLDS).take(np.array([4, 2, 1]))
    assert videos.read == []
    np.testing.assert_array_equal(np.stack([some[k] for k in range(3)]), FRAMES[PLACES[[4, 2, 1]]][:, :, :14, :20])
