"""Films and clips in, clips out: cut by presentation time, never by frame number (PyAV, FFmpeg's libraries).

The picture shown at time t is the last one whose time stamp is not after t. When pictures are shown is `film.py`'s,
what one looks like `picture.py`'s.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli.film import (
    AGAIN,
    TOLERANCE_S,
    by_order,
    finer_rate,
    has_index,
    measured_rate,
    opened,
    own_times,
    packet_times,
    start_of,
)
from eeg2vid.stages.stimuli.picture import EXACT, displayed_size, to_rgb
from eeg2vid.stages.stimuli.sparse import UnsureError, sparse_pictures

MAX_CLIP_S = 2.0  # s, longest clip taken from a file whose length nobody declared
SEEK_GAP_S = 10.0  # s, a longer stretch that nobody wants is jumped over instead of decoded


@dataclass(frozen=True)
class VideoInfo:
    """What a film is.

    Attributes
    ----------
    fps
        Mean frame rate, frames per second.
    width, height
        Size as displayed (display matrix and sample aspect ratio are applied), pixels.
    frames
        Number of pictures.
    duration_s
        From the start of the first to the end of the last picture, s.
    last_s
        When the last picture appears, s.
    """

    fps: float
    width: int
    height: int
    frames: int
    duration_s: float
    last_s: float


def probe(path: Path) -> VideoInfo:
    """Look at a film without decoding more than its first picture.

    Rate and length come from the header where the film's last packets bear both out; otherwise (Matroska, GIF,
    films cut without encoding anew, truncated files) all packets' time stamps are read.

    Raises
    ------
    BadDataError
        If the file is missing, empty, not a film, or has no picture that can be decoded.
    """
    with opened(path) as (container, stream):
        first = next(container.decode(stream), None)
        if first is None:
            raise BadDataError(f"{path} holds no picture that can be decoded.", AGAIN)
        width, height = displayed_size(first, stream.sample_aspect_ratio)
        start = start_of(container, stream, first)
        rate = stream.average_rate or stream.guessed_rate
        trusted = has_index(container) or by_order(container)
        if trusted and stream.frames > 1 and stream.duration and stream.time_base and rate:
            length = float(stream.duration * stream.time_base)
            container.seek(round((start + max(0.0, length - 1.0)) / stream.time_base), stream=stream, backward=True)
            times = packet_times(path, container, stream)
            # pictures that an edit list hides are counted by the header too
            borne_out = len(times) > 1 and abs(stream.frames - length * measured_rate(times)) < 0.5
            if borne_out and abs(times[-1].sum() - start - length) <= 2 / rate:
                fps, last = finer_rate(rate, stream.frames / length), float(times[-1, 0] - start)
                return VideoInfo(fps, width, height, stream.frames, length, last)
    with opened(path) as (container, stream):
        times = packet_times(path, container, stream)
        fps = finer_rate(rate, measured_rate(times) or float(rate or 25))
        end = times[-1].sum() if len(times) else start
        # a picture without a duration of its own is taken to last one mean frame
        end += 0.0 if len(times) and times[-1, 1] > 0 else 1 / fps
        last = times[-1, 0] - start if len(times) else 0.0
        return VideoInfo(fps, width, height, max(1, len(times)), float(end - start), float(last))


def read_clips(
    path: Path,
    clips: Sequence[tuple[float, float]],
    *,
    frames: int = 6,
    fps: float = 3.0,
    size: tuple[int, int],
    threads: int = 1,
) -> Iterator[NDArray[np.uint8]]:
    """Cut clips out of a film in one pass, resized, in the order asked for.

    Frame k of a clip is the picture shown at `start + k / fps`. Where that is at or beyond the clip's own end (a
    clip of 1.6 s asked for 2 s of frames), the clip's last picture is held.

    Parameters
    ----------
    path
        The film or clip file.
    clips
        `(start, duration)` of each clip, s. Clips sorted by start need the memory of one clip only.
    frames
        Pictures per clip.
    fps
        Pictures per second of clip.
    size
        Width and height of the result, pixels (see `fit_size`). A film of another shape loses what stands out on
        two sides, the same on both: its middle is kept, and nothing is stretched.
    threads
        Of the decoder; the pictures do not depend on it.

    Yields
    ------
    numpy.ndarray
        `(frame, height, width, 3)`, uint8 RGB.

    Raises
    ------
    BadDataError
        If the film is unreadable or damaged, or a clip reaches more than one frame beyond its end.
    """
    info = probe(path)
    for start, duration in clips:
        if start < 0 or duration <= 0:
            raise ValueError(f"a clip needs a start >= 0 and a duration > 0, found {(start, duration)}")
        if start + duration > info.duration_s + 1 / info.fps + TOLERANCE_S:
            raise BadDataError(
                f"{path}: a clip from {start:g} s to {start + duration:g} s reaches beyond the film's end at "
                f"{info.duration_s:.3f} s."
            )
    wanted = []  # (time, clip, frame), to be met in order of time
    for i, (start, duration) in enumerate(clips):
        last = start + duration - 2 * TOLERANCE_S
        wanted += [(min(start + k / fps, last), i, k) for k in range(frames)]
    wanted.sort()
    pictures = _pictures_at(path, [time for time, _, _ in wanted], size, info, threads)
    unfinished: dict[int, tuple[NDArray[np.uint8], int]] = {}
    due = 0
    for (_, i, k), picture in zip(wanted, pictures, strict=True):
        clip, missing = unfinished.get(i) or (np.empty((frames, *picture.shape), np.uint8), frames)
        clip[k] = picture
        unfinished[i] = clip, missing - 1
        while due in unfinished and unfinished[due][1] == 0:
            yield unfinished.pop(due)[0]
            due += 1


def pictures_between(path: Path, start: float, end: float) -> Iterator[VideoFrame]:
    """Yield every picture that is shown from `start` on and before `end`, s, as decoded: the one at `start` first.

    Raises
    ------
    BadDataError
        If the film is missing or cannot be read.
    """
    with opened(path) as (container, stream):
        held: VideoFrame | None = None
        for time, picture in _film_frames(path, container, stream, start):
            if held is not None and time > start + TOLERANCE_S:
                yield held
                held = None
            if time > start + TOLERANCE_S and time >= end - TOLERANCE_S:
                return
            if time > start + TOLERANCE_S:
                yield picture
            else:
                held = picture
        if held is not None:
            yield held


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


def _pictures_at(
    path: Path, times: Sequence[float], size: tuple[int, int], info: VideoInfo, threads: int
) -> Iterator[NDArray[np.uint8]]:
    """Yield the resized picture shown at each of the sorted times, s."""
    done, shown = 0, _Shown(size)
    with opened(path) as (container, stream), contextlib.suppress(UnsureError):
        if times and has_index(container) and own_times(path, container) is None:
            stream.codec_context.thread_count = threads
            _seek(container, stream, times[0])
            for frame in sparse_pictures(container, stream, times, info.last_s):
                yield shown.picture(frame, stream)
                done += 1
    if done < len(times):
        yield from _all_pictures_at(path, times[done:], shown, info)


def _all_pictures_at(path: Path, times: Sequence[float], shown: _Shown, info: VideoInfo) -> Iterator[NDArray[np.uint8]]:
    """Yield the same where all pictures between must be decoded, or to say what is wrong with the film."""
    with opened(path) as (container, stream):
        frames = _film_frames(path, container, stream, times[0])
        held: tuple[float, VideoFrame] | None = None
        ahead = next(frames, None)
        for time in times:
            if held is not None and time - held[0] > SEEK_GAP_S and has_index(container):
                frames = _film_frames(path, container, stream, time)
                ahead = next(frames, None)
            while ahead is not None and (held is None or ahead[0] <= time + TOLERANCE_S):
                held, ahead = ahead, next(frames, None)
            if held is None or (ahead is None and held[0] < min(time, info.last_s) - TOLERANCE_S):
                end = 0.0 if held is None else held[0]
                raise BadDataError(
                    f"{path}: no picture at {time:.3f} s, the last that can be decoded is at {end:.3f} s.",
                    AGAIN,
                )
            if held[0] > time + 1 / info.fps + TOLERANCE_S:  # cut without what its first pictures refer to
                raise BadDataError(
                    f"{path}: no picture at {time:.3f} s, the first that can be decoded is at {held[0]:.3f} s.",
                    "Cut it again from the source, encoding it anew.",
                )
            if held[1].is_corrupt:
                raise BadDataError(f"{path}: the picture at {held[0]:.3f} s is damaged.", AGAIN)
            yield shown.picture(held[1], stream)


class _Shown:
    """The picture shown last, in its size: several times may fall on one."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._frame: VideoFrame | None = None
        self._picture: NDArray[np.uint8] = np.empty(0, np.uint8)

    def picture(self, frame: VideoFrame, stream: VideoStream) -> NDArray[np.uint8]:
        if self._frame is not frame:
            self._frame, self._picture = frame, to_rgb(frame, self._size, stream.sample_aspect_ratio)
        return self._picture


def _seek(container: InputContainer, stream: VideoStream, begin: float) -> None:
    """Go to a key picture at or before a time, s, where that is worth it."""
    if begin > SEEK_GAP_S:
        # one second early, so that rounding never lands on the key frame after
        stamp = (start_of(container, stream) + begin - 1.0) / (stream.time_base or Fraction(1, 1000))
        container.seek(round(stamp), stream=stream, backward=True)


def _film_frames(
    path: Path, container: InputContainer, stream: VideoStream, begin: float
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield time, s, and picture in order of time, from at or before `begin` onwards."""
    own = own_times(path, container)
    if own is not None:
        yield from zip(own[:, 0].tolist(), container.decode(stream), strict=False)  # a truncated picture has no time
        return
    base = stream.time_base or Fraction(1, 1000)
    start = start_of(container, stream)

    def decoded() -> Iterator[tuple[float, VideoFrame]]:
        places: deque[int] = deque()  # of packets whose picture is still to come, where only their order is stored
        for packet in container.demux(stream):
            if packet.size and packet.dts is not None:
                places.append(packet.dts)
            for frame in packet.decode():
                stamp = (places.popleft() if places else None) if by_order(container) else frame.pts
                if stamp is None:
                    raise av.InvalidDataError(0, "a picture has no time stamp")
                yield float(stamp * (packet.time_base or base)) - start, frame

    if begin > SEEK_GAP_S and has_index(container):
        _seek(container, stream, begin)
        first = next(decoded(), None)
        if first is not None and first[0] <= begin + TOLERANCE_S:
            yield first
        else:  # an index that does not help
            container.seek(round(start / base), stream=stream, backward=True)
    yield from decoded()


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
