"""Whatever a picture is stored as: grey, deep, transparent, interlaced; against the standards' formulas."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from eeg2vid.stages.stimuli.video import read_clips

# weights of red and blue in luma: BT.601-7, BT.709-6, BT.2020-2
LUMA = {Colorspace.ITU601: (0.299, 0.114), Colorspace.ITU709: (0.2126, 0.0722), Colorspace.BT2020: (0.2627, 0.0593)}
GREYS = np.repeat(np.array([0, 1, 16, 64, 100, 128, 200, 254, 255])[:, None], 3, axis=1)
COLOURS = np.concatenate([GREYS, np.random.default_rng(0).integers(0, 256, (20, 3))])


def matrix(space):
    red, blue = LUMA[space]
    luma = np.array([red, 1 - red - blue, blue])
    return np.stack([luma, (np.eye(3)[2] - luma) / (2 * (1 - blue)), (np.eye(3)[0] - luma) / (2 * (1 - red))])


def coded(rgb, space, full, bits):
    """Return Y'CbCr in whole numbers of `bits` bits."""
    scale, zero = (
        ([2**bits - 1] * 3, 0) if full else (np.array([219, 224, 224]) * 2 ** (bits - 8), 16 * 2 ** (bits - 8))
    )
    offset = np.array([zero, 2 ** (bits - 1), 2 ** (bits - 1)])
    values = np.clip(np.rint(rgb / 255 @ matrix(space).T * scale + offset), 0, 2**bits - 1)
    back = np.clip((values - offset) / scale @ np.linalg.inv(matrix(space)).T, 0, 1) * 255
    return values, back


def lossless(path, codec, pix_fmt, pictures, *, space=None, spread=None, options=None, size=(32, 16)):
    """Write each picture, given as its planes, for a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=1)
        (stream.width, stream.height), stream.pix_fmt, stream.options = size, pix_fmt, options or {}
        if space is not None:
            stream.codec_context.colorspace = space
        if spread is not None:
            stream.codec_context.color_range = spread
        for number, planes in enumerate(pictures):
            frame = av.VideoFrame(*size, pix_fmt)
            dtype = "u1" if frame.format.components[0].bits == 8 else "<u2"
            for plane, values in zip(frame.planes, planes, strict=True):
                rows = np.zeros((plane.height, plane.line_size // np.dtype(dtype).itemsize), dtype)
                rows[:, : np.shape(values)[-1] if np.ndim(values) else None] = values
                plane.update(rows.tobytes())
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def read(path, count, size=(32, 16)):
    spans = [(float(k), 1.0) for k in range(count)]
    return np.concatenate(list(read_clips(path, spans, frames=1, fps=1.0, size=size))).astype(float)


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("space", list(LUMA), ids=lambda space: space.name)
@pytest.mark.parametrize(
    ("pix_fmt", "bits"), [("yuv420p", 8), ("yuv420p10le", 10), ("yuv422p10le", 10), ("yuv444p12le", 12)]
)
def test_deep_colours(tmp_path, pix_fmt, bits, space, full):
    values, right = coded(COLOURS, space, full, bits)
    spread = ColorRange.JPEG if full else ColorRange.MPEG
    found = read(lossless(tmp_path / "film.mkv", "ffv1", pix_fmt, values, space=space, spread=spread), len(COLOURS))
    assert np.ptp(found, axis=(1, 2)).max() == 0
    assert np.abs(found[:, 0, 0] - right).max() <= 1
    assert np.abs(found[: len(GREYS), 0, 0] - np.rint(right[: len(GREYS)])).max() == 0


@pytest.mark.parametrize("size", [(32, 16), (20, 10)])
@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize(("pix_fmt", "bits"), [("gray", 8), ("gray10le", 10), ("gray12le", 12), ("gray16le", 16)])
def test_greys_without_colour(tmp_path, pix_fmt, bits, full, size):
    """Of limited range, as H.265's monochrome is: 16 is black."""
    values, right = coded(GREYS, Colorspace.ITU709, full, bits)
    spread = ColorRange.JPEG if full else ColorRange.MPEG
    path = lossless(tmp_path / "film.mkv", "ffv1", pix_fmt, values[:, :1], spread=spread)
    found = read(path, len(GREYS), size)
    assert np.ptp(found, axis=(1, 2, 3)).max() == 0
    assert np.abs(found[:, 0, 0] - np.rint(right)).max() == 0


def test_grey_that_does_not_say_its_range_is_full(tmp_path):
    found = read(lossless(tmp_path / "film.mkv", "ffv1", "gray", GREYS[:, :1]), len(GREYS))
    assert np.abs(found[:, 0, 0] - GREYS).max() == 0


@pytest.mark.parametrize(("ending", "codec", "pix_fmt"), [("mov", "qtrle", "argb"), ("mkv", "ffv1", "bgra")])
def test_what_is_transparent_shows_white(tmp_path, ending, codec, pix_fmt):
    alpha = np.array([0, 1, 64, 128, 254, 255])
    colour = np.array([10, 60, 200])
    order = [{"a": 3, "r": 0, "g": 1, "b": 2}[letter] for letter in pix_fmt]
    pictures = [[np.tile(np.array([*colour, a])[order], 32)] for a in alpha]
    found = read(lossless(tmp_path / f"film.{ending}", codec, pix_fmt, pictures), len(alpha))
    right = 255 + (colour - 255) * alpha[:, None] / 255
    assert np.abs(found - np.rint(right)[:, None, None]).max() == 0


def test_what_is_transparent_in_gif_shows_white(tmp_path):
    shown = np.zeros((16, 32, 4), np.uint8)
    shown[4:12, 8:16] = [200, 40, 40, 255]
    Image.fromarray(shown, "RGBA").save(tmp_path / "film.gif")
    found = next(read_clips(tmp_path / "film.gif", [(0.0, 0.1)], frames=1, fps=10.0, size=(32, 16)))[0]
    assert (found[4:12, 8:16] == [200, 40, 40]).all()
    assert (found[:4] == 255).all()


@pytest.mark.parametrize("size", [(128, 64), (64, 32), (32, 16), (40, 20)])
def test_interlaced_pictures_make_no_combs(tmp_path, size):
    """A flag alone changes nothing: a picture stored in two fields is resized whole."""
    ramp = np.linspace(30, 200, 64).astype(np.uint8)[:, None] + 30 * (np.arange(64) % 2)[:, None].astype(np.uint8)
    planes = [np.tile(ramp, 128), np.full((32, 64), 110), np.full((32, 64), 140)]
    found = []
    for flag in ("tff=1", "tff=0"):
        options = {"qp": "0", "x264-params": flag}
        path = lossless(tmp_path / f"{flag}.mkv", "libx264", "yuv420p", [planes], options=options, size=(128, 64))
        with av.open(str(path)) as film:
            assert next(film.decode(video=0)).interlaced_frame == (flag == "tff=1")
        found.append(read(path, 1, size)[0])
    assert np.abs(found[0] - found[1]).max() == 0
    if size == (64, 32):  # two rows of one field and one of the other, averaged: rising, no comb
        assert (np.diff(found[0][:, 8, 0]) > 0).all()
