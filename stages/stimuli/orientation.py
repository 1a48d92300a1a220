"""How a stored picture is to be turned and mirrored: the display matrix of mp4's track header, of Matroska and EXIF.

A stored point `(x, y)`, x to the right and y down, is shown at `(a x + c y, b x + d y)` (ISO/IEC 14496-12, 6.2.2).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from numpy.typing import NDArray

_UPRIGHT_DEG = 1.0  # degrees; closer to a right angle is one, as the ffmpeg program has it


@dataclass(frozen=True)
class Orientation:
    """How a stored picture becomes the shown one.

    Attributes
    ----------
    turned
        Rows and columns change places, first.
    left_right, up_down
        Then the picture is mirrored.
    """

    turned: bool = False
    left_right: bool = False
    up_down: bool = False

    def applied(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a picture `(height, width, ...)` as it is shown."""
        shown = picture.swapaxes(0, 1) if self.turned else picture
        return shown[:: -1 if self.up_down else 1, :: -1 if self.left_right else 1]


def orientation_of(frame: VideoFrame) -> Orientation:
    """Return how a decoded picture is to be shown.

    Raises
    ------
    av.InvalidDataError
        If its matrix turns it by an angle that is no right angle.
    """
    beside: Any = frame.side_data  # its stub knows no types of side data
    matrix = beside.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return Orientation()
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    for turned, across, down, rest in ((False, a, d, (b, c)), (True, c, b, (a, d))):
        slanted = math.degrees(math.atan2(max(map(abs, rest)), min(abs(across), abs(down))))
        if slanted < _UPRIGHT_DEG:
            return Orientation(turned, across < 0, down < 0)
    angle = math.degrees(math.atan2(b, a))
    raise av.InvalidDataError(0, f"its pictures are to be turned by {angle:.0f} degrees, not by a right angle")
