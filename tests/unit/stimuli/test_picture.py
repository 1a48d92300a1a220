"""A picture is read as it is shown: levels against the standards' own formulas, shapes against geometry."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from eeg2vid.stages.simulation.film_file import write_film
from eeg2vid.stages.stimuli.mp4 import write_mp4
from eeg2vid.stages.stimuli.picture import EXACT, to_rgb
from eeg2vid.stages.stimuli.video import probe, read_clips

# weights of red and blue in luma: ITU-R BT.601-7 section 2.5.1, BT.709-6 section 3.2
LUMA = {Colorspace.ITU601: (0.299, 0.114), Colorspace.ITU709: (0.2126, 0.0722)}
GREYS = np.repeat(np.array([0, 1, 16, 64, 100, 128, 200, 254, 255])[:, None], 3, axis=1)
COLOURS = np.random.default_rng(0).integers(0, 256, (40, 3))


def weights(space):
    """Return RGB -> Y'CbCr of a standard, both from 0 (or -0.5) to 1 (0.5)."""
    red, blue = LUMA[space]
    luma = np.array([red, 1 - red - blue, blue])
    return np.stack([luma, (np.eye(3)[2] - luma) / (2 * (1 - blue)), (np.eye(3)[0] - luma) / (2 * (1 - red))])


def levels(rgb, space, spread):
    """Return 8-bit Y'CbCr of RGB levels."""
    wide, offset = ([219, 224, 224], [16, 128, 128]) if spread == ColorRange.MPEG else ([255, 255, 255], [0, 128, 128])
    return np.clip(np.rint(rgb / 255 @ weights(space).T * wide + offset), 0, 255)


def back(yuv, space, spread):
    wide, offset = ([219, 224, 224], [16, 128, 128]) if spread == ColorRange.MPEG else ([255, 255, 255], [0, 128, 128])
    return np.clip((yuv - offset) / wide @ np.linalg.inv(weights(space)).T * 255, 0, 255)


def lossless(path: Path, yuv, pix_fmt, space, spread, *, pictures=6):
    """Write one second of each colour, bit by bit what is given."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=pictures)
        stream.width, stream.height, stream.pix_fmt = 32, 16, pix_fmt
        stream.options = {"qp": "0"}
        stream.codec_context.colorspace, stream.codec_context.color_range = space, spread
        for colour in yuv:
            for _ in range(pictures):
                frame = av.VideoFrame(32, 16, pix_fmt)
                for plane, value in zip(frame.planes, colour, strict=True):
                    plane.update(np.full((plane.height, plane.line_size), value, np.uint8).tobytes())
                out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def read(path, count, size=(32, 16)):
    clips = list(read_clips(path, [(float(k), 1.0) for k in range(count)], frames=1, fps=1.0, size=size))
    return np.concatenate(clips)


@pytest.mark.parametrize("spread", [ColorRange.MPEG, ColorRange.JPEG])
@pytest.mark.parametrize("space", list(LUMA))
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p"])
def test_levels_follow_the_standard(tmp_path, pix_fmt, space, spread):
    rgb = np.concatenate([GREYS, COLOURS])
    yuv = levels(rgb, space, spread)
    found = read(lossless(tmp_path / "film.mp4", yuv, pix_fmt, space, spread), len(rgb)).astype(float)
    assert np.ptp(found, axis=(1, 2)).max() == 0
    right = back(yuv, space, spread)
    assert np.abs(found[:, 0, 0] - right).max() <= 1
    assert np.abs((found[:, 0, 0] - right).mean()) < 0.2
    assert np.abs(found[: len(GREYS), 0, 0] - GREYS).max() <= 0.5 + 0.5 * (spread == ColorRange.MPEG)


@pytest.mark.parametrize("size", [(32, 16), (16, 8), (64, 32), (20, 12)])
def test_greys_are_exact_at_every_size(tmp_path, size):
    yuv = levels(GREYS, Colorspace.ITU709, ColorRange.MPEG)
    path = lossless(tmp_path / "film.mp4", yuv, "yuv420p", Colorspace.ITU709, ColorRange.MPEG)
    found = read(path, len(GREYS), size).astype(float)
    assert np.abs(found - np.rint(back(yuv, Colorspace.ITU709, ColorRange.MPEG))[:, None, None]).max() == 0


@pytest.mark.parametrize("writer", ["write_mp4", "write_film"])
def test_going_round_does_not_darken(tmp_path, writer):
    rgb = np.concatenate([GREYS, COLOURS])
    pictures = np.broadcast_to(rgb[:, None, None], (len(rgb), 32, 64, 3)).astype(np.uint8)
    kept = pictures
    for turn in range(4):
        path = tmp_path / f"{turn}.mp4"
        if writer == "write_mp4":
            write_mp4(path, kept, fps=1.0)
        else:
            write_film(path, [kept], width=64, height=32, fps=1)
        kept = read(path, len(rgb), (64, 32))
    off = kept.astype(float).mean((1, 2)) - rgb
    assert np.abs(off[: len(GREYS)]).max() <= 2
    assert np.abs(off.mean()) < 0.5


@pytest.mark.parametrize("aspect", [Fraction(2), Fraction(16, 11), Fraction(12, 11), Fraction(8, 9), Fraction(1, 2)])
def test_pixels_that_are_not_square(tmp_path, aspect):
    # a circle as it is shown, in pixels that are `aspect` times as wide as high
    y, x = np.mgrid[:128, :128]
    disc = ((x - 63.5) * float(aspect)) ** 2 + (y - 63.5) ** 2 < (60 * min(1, float(aspect))) ** 2
    picture = np.repeat((disc * 200 + 20).astype(np.uint8)[..., None], 3, axis=2)
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=3)
        stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        for _ in range(6):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    info = probe(path)
    assert info.width / info.height == pytest.approx(float(aspect), rel=0.01)
    assert min(info.width, info.height) == 128
    found = read(path, 1, (info.width, info.height))[0, :, :, 1] > 120
    wide, high = np.ptp(np.flatnonzero(found.any(0))) + 1, np.ptp(np.flatnonzero(found.any(1))) + 1
    assert abs(wide / high - 1) < 0.04


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "yuv420p10le", "yuva420p"])
@pytest.mark.parametrize("shape", [(512, 288), (640, 360), (1280, 720), (96, 54)])
def test_planes_and_packed_rgb_are_the_same_to_the_bit(pix_fmt, shape):
    """As `swscale` makes RGB itself: at the film's size, halved and more, in between, and enlarged."""
    width, height = shape
    noise = np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, format="rgb24").reformat(format=pix_fmt)
    for size in (shape, (width // 2, height // 2), (width // 4, height // 4), (width * 4 // 5, height * 4 // 5)):
        method = Interpolation.BICUBIC if size == shape else Interpolation.AREA
        packed = frame.reformat(*size, format="rgb24", interpolation=method | EXACT, threads=1).to_ndarray()
        np.testing.assert_array_equal(to_rgb(frame, size), packed)
