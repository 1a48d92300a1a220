"""Writing a long film clip by clip, so that no more than one clip is ever in memory."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from eeg2vid.schemas.errors import FailedError
from eeg2vid.stages.stimuli.picture import EXACT


def write_film(path: Path, pieces: Iterable[NDArray[np.uint8]], *, width: int, height: int, fps: int) -> int:
    """Encode pieces one after the other as H.264 in mp4, with the same bytes every time on one machine.

    Parameters
    ----------
    path
        File to write.
    pieces
        uint8 `(frame, height, width, 3)`, RGB.
    width, height
        Even, px.
    fps
        Frames per second.

    Returns
    -------
    Number of frames written.

    Raises
    ------
    FailedError
        If the encoder refuses.
    """
    count = 0
    try:
        with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact", "movflags": "+faststart"}) as film:
            stream = film.add_stream("libx264", rate=fps)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.thread_count = 1  # the bytes depend on the number of threads
            stream.codec_context.time_base = Fraction(1, fps)
            stream.codec_context.colorspace, stream.codec_context.color_range = Colorspace.ITU709, ColorRange.MPEG
            # x264's look-ahead makes small pictures differ now and then from run to run, even on one thread
            exact = {"flags": "+bitexact", "x264-params": "threads=1:mbtree=0:rc-lookahead=0"}
            stream.options = {"crf": "14", "preset": "veryfast", "g": str(2 * fps), **exact}
            for piece in pieces:
                for picture in piece:
                    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                    frame = frame.reformat(
                        format="yuv420p",
                        dst_colorspace=Colorspace.ITU709,
                        dst_color_range=ColorRange.MPEG,
                        interpolation=Interpolation.AREA | EXACT,
                        threads=1,
                    )
                    frame.pts, frame.time_base = count, Fraction(1, fps)
                    film.mux(stream.encode(frame))
                    count += 1
            film.mux(stream.encode())
    except av.FFmpegError as error:
        raise FailedError(f"Writing {path.name} failed: {error}.") from error
    return count
