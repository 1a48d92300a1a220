"""Pictures that are stored turned or mirrored are shown upright."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli.video import probe, read_clips

CORNERS = np.array([[[200, 40, 40], [40, 200, 40]], [[40, 40, 200], [200, 200, 40]]])
STORED = CORNERS.repeat(24, axis=0).repeat(32, axis=1).astype(np.uint8)


def film(path, degrees=0, *, aspect=None, **mirrored):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=3)
        stream.width, stream.height, stream.pix_fmt, stream.options = 64, 48, "yuv444p", {"crf": "4"}
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        stream.set_display_rotation(degrees, **mirrored)
        for _ in range(6):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(STORED, format="rgb24")))
        out.mux(stream.encode())
    return path


def corners(picture):
    height, width = picture.shape[:2]
    return picture[height // 4 :: height // 2, width // 4 :: width // 2].astype(int)


@pytest.mark.parametrize("up_down", [False, True])
@pytest.mark.parametrize("left_right", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "mov"])
def test_all_eight(tmp_path, ending, degrees, left_right, up_down):
    """Counter-clockwise by numpy, mirrored afterwards."""
    path = film(tmp_path / f"film.{ending}", degrees, hflip=left_right, vflip=up_down)
    right = np.rot90(CORNERS, degrees // 90)
    right = right[:, ::-1] if left_right else right
    right = right[::-1] if up_down else right
    info = probe(path)
    assert (info.width, info.height) == ((64, 48) if degrees % 180 == 0 else (48, 64))
    whole, small = (
        next(read_clips(path, [(0.0, 2.0)], size=(info.width // by, info.height // by)))[0] for by in (1, 2)
    )
    assert np.abs(corners(whole) - right).max() < 8
    assert np.abs(corners(small) - right).max() < 8


def test_turned_pixels_that_are_not_square(tmp_path):
    path = film(tmp_path / "film.mp4", 90, aspect=Fraction(2))
    info = probe(path)
    assert (info.width, info.height) == (48, 128)  # stored 64 x 48, shown 128 x 48, then turned
    found = next(read_clips(path, [(0.0, 2.0)], size=(48, 128)))[0]
    assert np.abs(corners(found) - np.rot90(CORNERS)).max() < 8


def test_another_angle_is_told(tmp_path):
    path = film(tmp_path / "film.mp4", 45)
    with pytest.raises(BadDataError, match=r"film\.mp4 cannot be read .*turned by -45 degrees, not by a right angle"):
        probe(path)
