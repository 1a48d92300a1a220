"""Delays of GIF: files put together byte by byte, delays known, as browsers show them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eeg2vid.stages.stimuli.gif import gif_delays
from eeg2vid.stages.stimuli.video import probe, read_clips

WIDTH, HEIGHT = 16, 8
LEVELS = np.arange(20, 140, 20)


def coded(level: int) -> bytes:
    """Return a picture of one colour in LZW that never grows its table: a clear code before every 100 pixels."""
    codes: list[int] = []
    for pixel in range(WIDTH * HEIGHT):
        codes += [256] * (pixel % 100 == 0) + [level]
    bits = sum(code << 9 * place for place, code in enumerate([*codes, 257]))
    data = bits.to_bytes((9 * len(codes) + 9 + 7) // 8, "little")
    blocks = [data[k : k + 255] for k in range(0, len(data), 255)]
    return b"\x08" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def gif(path: Path, delays: list[int | None], *, end: bytes = b";", local: bool = False) -> Path:
    """Write a GIF of growing grey; a delay of None: no control block, otherwise hundredths of a second."""
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes()
    data = b"GIF89a" + struct.pack("<HHBBB", WIDTH, HEIGHT, 0xF7, 0, 0) + greys
    data += b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0" + b"\x21\xfe\x04said\x02on\0"
    for level, delay in zip(LEVELS, delays, strict=False):
        if delay is not None:
            data += b"\x21\xf9\x04\x04" + struct.pack("<H", delay) + b"\0\0"
        data += b"," + struct.pack("<HHHHB", 0, 0, WIDTH, HEIGHT, 0x87 if local else 0) + (greys if local else b"")
        data += coded(int(level))
    path.write_bytes(data + end)
    return path


@pytest.mark.parametrize("local", [False, True], ids=["", "own-colours"])
@pytest.mark.parametrize(
    ("delays", "right"),
    [
        ([33] * 6, [33] * 6),
        ([0] * 6, [10] * 6),
        ([1] * 6, [10] * 6),
        ([2] * 6, [2] * 6),
        ([None] * 6, [10] * 6),
        ([50, 0, 1, 2, 10, 100], [50, 10, 10, 2, 10, 100]),
        ([50, None, 20, None, 10, None], [50, 10, 20, 10, 10, 10]),
        ([10] * 5 + [150], [10] * 5 + [150]),
        ([150] + [10] * 5, [150] + [10] * 5),
        ([30] * 5 + [0], [30] * 5 + [10]),
        ([200], [200]),
        ([None], [10]),
    ],
    ids=str,
)
def test_each_picture_is_shown_as_long_as_in_a_browser(tmp_path, delays, right, local):
    path = gif(tmp_path / "film.gif", delays, local=local)
    assert gif_delays(path) == right
    info = probe(path)
    assert info.frames == len(right)
    assert info.duration_s == pytest.approx(sum(right) / 100, abs=1e-9)
    assert info.last_s == pytest.approx(sum(right[:-1]) / 100, abs=1e-9)
    # every hundredth of a second
    count = sum(right)
    clip = next(read_clips(path, [(0.0, info.duration_s)], frames=count, fps=100.0, size=(WIDTH, HEIGHT)))
    assert np.ptp(clip, axis=(1, 2, 3)).max() == 0
    assert clip[:, 0, 0, 0].tolist() == np.repeat(LEVELS[: len(right)], right).tolist()


def test_without_its_end_and_cut_short(tmp_path):
    whole = gif(tmp_path / "whole.gif", [20] * 6)
    size = whole.stat().st_size
    assert gif_delays(gif(tmp_path / "open.gif", [20] * 6, end=b"")) == [20] * 6
    cut = tmp_path / "cut.gif"
    cut.write_bytes(whole.read_bytes()[: size - 80])  # within the last picture
    info = probe(cut)
    assert (info.frames, info.duration_s) == (5, 1.0)
    clip = next(read_clips(cut, [(0.0, 1.0)], frames=5, fps=5.0, size=(WIDTH, HEIGHT)))
    assert clip[:, 4, 8, 1].tolist() == LEVELS[:5].tolist()


def test_delays_of_pillows_files(tmp_path):
    delays = [330, 20, 100, 560, 1000, 40]
    pictures = [Image.new("L", (WIDTH, HEIGHT), int(level)) for level in LEVELS]
    pictures[0].save(tmp_path / "film.gif", save_all=True, append_images=pictures[1:], duration=delays)
    assert gif_delays(tmp_path / "film.gif") == [delay // 10 for delay in delays]
