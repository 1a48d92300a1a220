"""Clips out: H.264 in mp4 (PyAV, FFmpeg's libraries)."""

from __future__ import annotations

import shutil
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from numpy.typing import NDArray

from eeg2vid.stages.stimuli.picture import EXACT


def write_mp4(target: Path | BinaryIO, frames: NDArray[np.uint8], *, fps: float) -> None:
    """Write H.264 in mp4 that every browser plays; the same frames give the same bytes.

    Parameters
    ----------
    target
        A file name, or a file open for writing.
    frames
        `(frame, height, width, 3)`, uint8 RGB; odd sizes are padded to even ones by repeating the edge.
    fps
        Frames per second.
    """
    if isinstance(target, Path):
        _encode(target, frames, fps)
        return
    # FFmpeg moves the index to the front by reading the file again, so it needs a real one
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        _encode(path, frames, fps)
        with path.open("rb") as file:
            shutil.copyfileobj(file, target)


def _encode(path: Path, frames: NDArray[np.uint8], fps: float) -> None:
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or not frames.size:
        raise ValueError(f"expected uint8 (frame, height, width, 3), found {frames.dtype} {frames.shape}")
    odd = [(0, 0), (0, frames.shape[1] % 2), (0, frames.shape[2] % 2), (0, 0)]
    frames = np.pad(frames, odd, mode="edge")
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as out:
        stream = out.add_stream("libx264", rate=Fraction(fps).limit_denominator(100_000))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        # one thread, no look-ahead (it makes small pictures differ from run to run), no reordering: bytes repeat,
        # and the first picture stands at time zero
        stream.codec_context.thread_count = 1
        exact = "threads=1:mbtree=0:rc-lookahead=0"
        stream.options = {"crf": "18", "preset": "veryfast", "bf": "0", "x264-params": exact}
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_range = ColorRange.MPEG
        stream.codec_context.color_primaries = ColorPrimaries.BT709
        stream.codec_context.color_trc = ColorTrc.BT709
        for number, rgb in enumerate(frames):
            picture = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            picture.pts = number
            picture.time_base = 1 / stream.codec_context.framerate
            yuv = picture.reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                interpolation=Interpolation.AREA | EXACT,
                threads=1,
            )
            out.mux(stream.encode(yuv))
        out.mux(stream.encode())
