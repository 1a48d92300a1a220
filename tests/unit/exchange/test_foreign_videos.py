"""Videos of others, six pictures at three per second expected: each as it is, or called of another length."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from eeg2vid.stages.exchange.foreign import ForeignVideos
from eeg2vid.stages.stimuli.mp4 import write_mp4

LEVELS = np.array([20, 60, 100, 140, 180, 220], np.uint8)


def written(path, levels, rate):
    """Write grey pictures: mp4 at a rate, or GIF with delays in hundredths of a second."""
    pictures = np.broadcast_to(np.asarray(levels, np.uint8)[:, None, None, None], (len(levels), 16, 32, 3))
    if path.suffix == ".mp4":
        write_mp4(path, pictures, fps=rate)
        return ForeignVideos((path,), 6, 3.0, (32, 16))
    delays = [10 * delay for delay in (rate if isinstance(rate, list) else [rate] * len(levels))]
    frames = [Image.fromarray(picture) for picture in pictures]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=delays)
    return ForeignVideos((path,), 6, 3.0, (32, 16))


@pytest.mark.parametrize(
    ("name", "levels", "rate", "right"),
    [
        ("exact.mp4", LEVELS, 3.0, LEVELS),
        ("ntsc.mp4", LEVELS, 3000 / 1001, LEVELS),
        ("slower.mp4", LEVELS, 2.94, LEVELS),
        ("faster.mp4", LEVELS, 3.06, LEVELS),
        ("33.gif", LEVELS, 33, LEVELS),
        ("34.gif", LEVELS, 34, LEVELS),
        ("uneven.gif", LEVELS, [33, 34, 33, 34, 33, 33], LEVELS),
        ("ends-equal.gif", LEVELS[[0, 1, 2, 3, 3, 3]], 33, LEVELS[[0, 1, 2, 3, 3, 3]]),
        ("equal-within.gif", LEVELS[[0, 1, 1, 2, 2, 3]], 34, LEVELS[[0, 1, 1, 2, 2, 3]]),
        ("still.gif", LEVELS[[2] * 6], 33, LEVELS[[2] * 6]),
    ],
)
def test_six_pictures_are_taken_one_by_one(tmp_path, name, levels, rate, right):
    videos = written(tmp_path / name, levels, rate)
    assert videos.of_another_length() == []
    (video,) = videos.slabs()
    assert np.abs(video[0, :, :16].mean(axis=(1, 2, 3)) - right).max() < 1.5


@pytest.mark.parametrize(
    ("name", "count", "rate", "found"),
    [
        ("five.mp4", 5, 3.0, "5 in 1.67 s"),
        ("eight.mp4", 8, 3.0, "8 in 2.67 s"),
        ("eight.gif", 8, 25, "8 in 2.00 s"),
        ("slow.mp4", 6, 2.0, "6 in 3.00 s"),
        ("slower.mp4", 6, 2.8, "6 in 2.14 s"),
        ("fast.mp4", 6, 3.2, "6 in 1.88 s"),
        ("five.gif", 5, 33, "5 in 1.65 s"),
        ("five-held.gif", 5, 36, "5 in 1.80 s"),
        ("slow.gif", 6, 36, "6 in 2.16 s"),
        ("no-delay.gif", 6, 0, "6 in 0.60 s"),
    ],
)
def test_others_are_told(tmp_path, name, count, rate, found):
    levels = np.linspace(20, 220, count).astype(np.uint8)
    (wrong,) = written(tmp_path / name, levels, rate).of_another_length()
    assert f"expected 6 pictures at 3 per second (2.00 s), found {found}" in wrong


def test_of_a_film_of_many_pictures(tmp_path):
    """A GIF of 24 pictures per second is one of 25."""
    levels = np.linspace(5, 250, 48).astype(np.uint8)
    written(tmp_path / "film.gif", levels, 4)
    videos = ForeignVideos((tmp_path / "film.gif",), 48, 24.0, (32, 16))
    assert videos.of_another_length() == []
    (video,) = videos.slabs()
    assert np.abs(video[0, :, :16].mean(axis=(1, 2, 3)) - levels).max() < 1.5
