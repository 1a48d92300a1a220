"""How long a GIF shows each of its pictures, read from the file itself (GIF89a, CompuServe 1990, sections 20 to 23).

FFmpeg lets a picture without a control block of its own inherit the delay of the one before, and takes one hundredth
of a second at its word. Here it is as in browsers: a block stands for the next picture only, and a delay that is absent
or shorter than two hundredths, which no browser keeps, is a tenth of a second.
"""

from __future__ import annotations

from pathlib import Path

SHORTEST_CS = 2  # hundredths of a second; Chromium, Firefox and WebKit alike
ABSENT_CS = 10  # hundredths of a second, for what is shorter or not said
_IMAGE, _EXTENSION, _CONTROL, _END = 0x2C, 0x21, 0xF9, 0x3B


def gif_delays(path: Path) -> list[int]:
    """Return how long each picture is shown, hundredths of a second; of a truncated file those of its whole pictures.

    Parameters
    ----------
    path
        A GIF file.
    """
    data = path.read_bytes()
    delays: list[int] = []
    said = 0
    try:
        at = 13 + _colours(data[10])
        while data[at] != _END:
            if data[at] == _EXTENSION:
                if data[at + 1] == _CONTROL:
                    said = int.from_bytes(data[at + 4 : at + 6], "little")
                at = _after_blocks(data, at + 2)
            elif data[at] == _IMAGE:
                at = _after_blocks(data, at + 11 + _colours(data[at + 9]))
                delays.append(said if said >= SHORTEST_CS else ABSENT_CS)
                said = 0
            else:
                at += 1  # zeros between blocks, which decoders pass over
    except IndexError:
        pass  # truncated, or without the closing byte
    return delays


def _colours(flags: int) -> int:
    """Return how many bytes of colour table the flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    """Return the place after a chain of sub-blocks, each led by its length, the last of length 0."""
    while data[at]:
        at += data[at] + 1
    return at + 1
