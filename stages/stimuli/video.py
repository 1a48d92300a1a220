"""Films and clips in, clips out: cut by presentation time, never by frame number (PyAV, FFmpeg's libraries).

A film's time zero is its first picture. The picture shown at time t is the last one whose time stamp is not
after t. What one picture looks like is `picture.py`'s.
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
from eeg2vid.stages.stimuli.picture import EXACT, displayed_size, to_rgb

MAX_CLIP_S = 2.0  # s, longest clip taken from a file whose length nobody declared
TOLERANCE_S = 1e-3  # s, rounding of time stamps: Matroska counts milliseconds
SEEK_GAP_S = 10.0  # s, a longer stretch that nobody wants is jumped over instead of decoded
_AGAIN = "Copy it again from the source, or convert it (for example to H.264 in mp4)."


@dataclass(frozen=True)
class VideoInfo:
    """What a film is.

    Attributes
    ----------
    fps
        Mean frame rate, frames per second.
    width, height
        Size as displayed (rotation flag and sample aspect ratio are applied), pixels.
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
    with _opened(path) as (container, stream):
        first = next(container.decode(stream), None)
        if first is None:
            raise BadDataError(f"{path} holds no picture that can be decoded.", _AGAIN)
        width, height = displayed_size(first, stream.sample_aspect_ratio)
        start = _start(container, stream, first)
        rate = stream.average_rate or stream.guessed_rate
        if stream.frames > 1 and stream.duration and stream.time_base and rate:
            length = float(stream.duration * stream.time_base)
            container.seek(round((start + max(0.0, length - 1.0)) / stream.time_base), stream=stream, backward=True)
            times = _packet_times(container, stream)
            seen = stream.frames / length
            borne_out = len(times) > 1 and abs(seen / _measured(times) - 1) < 0.02
            if borne_out and abs(times[-1].sum() - start - length) <= 2 / rate:
                return VideoInfo(_rate(rate, seen), width, height, stream.frames, length, times[-1, 0] - start)
    with _opened(path) as (container, stream):
        times = _packet_times(container, stream)
        fps = _rate(rate, _measured(times) or float(rate or 25))
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
    pictures = _pictures_at(path, [time for time, _, _ in wanted], size, info.last_s)
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
    with _opened(path) as (container, stream):
        held: VideoFrame | None = None
        for time, picture in _film_frames(container, stream, start):
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


def packets_of(path: Path) -> Iterator[bytes]:
    """Yield what is stored of each picture, in the film's order, without decoding it.

    Raises
    ------
    BadDataError
        If the film is missing or cannot be read.
    """
    with _opened(path) as (container, stream):
        for packet in container.demux(stream):
            yield bytes(packet)


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


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a film; FFmpeg's errors, here and while it is in use, become sentences."""
    if not path.is_file():
        raise BadDataError(f"The film {path} is missing.")
    if path.stat().st_size == 0:
        raise BadDataError(f"The film {path} is empty (0 bytes).", _AGAIN)
    try:
        with av.open(path) as container:
            if not container.streams.video:
                raise BadDataError(f"{path} holds no video.", _AGAIN)
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield container, stream
    except av.FFmpegError as error:
        reason = error.strerror or type(error).__name__
        raise BadDataError(f"The film {path} cannot be read ({reason}).", _AGAIN) from error


def _by_order(container: InputContainer) -> bool:
    """Return whether the container stores no presentation times: AVI counts its packets, in order of decoding."""
    return bool(container.format.name == "avi")


def _start(container: InputContainer, stream: VideoStream, first: VideoFrame | None = None) -> float:
    """Return the time stamp of the first picture, s."""
    if _by_order(container):
        return 0.0  # FFmpeg's start is the pictures' delay in the decoder
    if stream.start_time is not None and stream.time_base is not None:
        return float(stream.start_time * stream.time_base)
    return float((first.time if first else None) or 0.0)


def _rate(header: Fraction | None, measured: float) -> float:
    """Return the header's rate, which is finer than rounded time stamps, if it agrees with the measured one."""
    return float(header) if header and abs(header / measured - 1) < 0.02 else float(measured)


def _measured(times: NDArray[np.float64]) -> float:
    """Return pictures per second of time, from `_packet_times`; 0 where they are too few."""
    span = times[-1, 0] - times[0, 0] if len(times) else 0.0
    return float((len(times) - 1) / span) if span > 0 else 0.0


def _packet_times(container: InputContainer, stream: VideoStream) -> NDArray[np.float64]:
    """Return time stamp and duration of each remaining packet, s, `(packet, 2)`, sorted by time stamp."""
    times = []
    # a truncated file may end in an error: what was read before it still counts
    with contextlib.suppress(av.FFmpegError):
        for packet in container.demux(stream):
            stamp = packet.dts if _by_order(container) else packet.pts
            if stamp is not None and packet.size and not packet.is_corrupt and not packet.is_discard:
                times.append((float(stamp * packet.time_base), float((packet.duration or 0) * packet.time_base)))
    return np.array(sorted(times), np.float64).reshape(-1, 2)


def _pictures_at(path: Path, times: Sequence[float], size: tuple[int, int], last: float) -> Iterator[NDArray[np.uint8]]:
    """Yield the resized picture shown at each of the sorted times, s; `last`: when the film's last one appears, s."""
    with _opened(path) as (container, stream):
        frames = _film_frames(container, stream, times[0] if times else 0.0)
        held: tuple[float, VideoFrame] | None = None
        shown: tuple[VideoFrame, NDArray[np.uint8]] | None = None
        ahead = next(frames, None)
        for time in times:
            if held is not None and time - held[0] > SEEK_GAP_S and not _by_order(container):
                frames = _film_frames(container, stream, time)
                ahead = next(frames, None)
            while ahead is not None and (held is None or ahead[0] <= time + TOLERANCE_S):
                held, ahead = ahead, next(frames, None)
            if held is None or (ahead is None and held[0] < min(time, last) - TOLERANCE_S):
                end = 0.0 if held is None else held[0]
                raise BadDataError(
                    f"{path}: no picture at {time:.3f} s, the last that can be decoded is at {end:.3f} s.",
                    _AGAIN,
                )
            if shown is None or shown[0] is not held[1]:
                if held[1].is_corrupt:
                    raise BadDataError(f"{path}: the picture at {held[0]:.3f} s is damaged.", _AGAIN)
                shown = held[1], to_rgb(held[1], size, stream.sample_aspect_ratio)
            yield shown[1]


def _film_frames(container: InputContainer, stream: VideoStream, begin: float) -> Iterator[tuple[float, VideoFrame]]:
    """Yield time, s, and picture in order of time, from at or before `begin` onwards."""
    base = stream.time_base or Fraction(1, 1000)
    start = _start(container, stream)

    def decoded() -> Iterator[tuple[float, VideoFrame]]:
        places: deque[int] = deque()  # of packets whose picture is still to come, where only their order is stored
        for packet in container.demux(stream):
            if packet.size and packet.dts is not None:
                places.append(packet.dts)
            for frame in packet.decode():
                stamp = (places.popleft() if places else None) if _by_order(container) else frame.pts
                if stamp is None:
                    raise av.InvalidDataError(0, "a picture has no time stamp")
                yield float(stamp * (packet.time_base or base)) - start, frame

    if begin > SEEK_GAP_S and not _by_order(container):  # places are counted from the film's first packet
        # one second early, so that rounding never lands on the key frame after
        container.seek(round((start + begin - 1.0) / base), stream=stream, backward=True)
        first = next(decoded(), None)
        if first is not None and first[0] <= begin + TOLERANCE_S:
            yield first
        else:  # a container without a usable index
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
        stream.options = {"crf": "18", "preset": "medium", "bf": "0", "x264-params": exact}
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
