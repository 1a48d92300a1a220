"""The pictures of a film that are shown at some times, decoded in one pass."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli.film import AGAIN, TOLERANCE_S, by_order, has_index, opened, own_times, start_of
from eeg2vid.stages.stimuli.picture import to_rgb
from eeg2vid.stages.stimuli.sparse import UnsureError, sparse_pictures

SEEK_GAP_S = 10.0  # s, a longer stretch that nobody wants is jumped over instead of decoded


def pictures_at(
    path: Path, times: Sequence[float], sizes: Sequence[tuple[int, int]], *, fps: float, last_s: float, threads: int
) -> Iterator[NDArray[np.uint8]]:
    """Yield the picture shown at each of the sorted times, s, resized.

    Parameters
    ----------
    path
        The film.
    times
        Sorted, s from the film's first picture.
    sizes
        Width and height of the picture at each of them, pixels.
    fps, last_s
        The film's rate, and when its last picture appears, s.
    threads
        Of the decoder.

    Yields
    ------
    numpy.ndarray
        `(height, width, 3)`, uint8 RGB.

    Raises
    ------
    BadDataError
        If a picture is not there or damaged.
    """
    done, shown = 0, _Shown()
    with opened(path) as (container, stream), contextlib.suppress(UnsureError):
        if times and has_index(container) and own_times(path, container) is None:
            stream.codec_context.thread_count = threads
            _seek(container, stream, times[0])
            for frame in sparse_pictures(container, stream, times, last_s):
                yield shown.picture(frame, sizes[done], stream)
                done += 1
    if done < len(times):
        yield from _all_pictures_at(path, times[done:], sizes[done:], shown, fps, last_s)


def _all_pictures_at(
    path: Path, times: Sequence[float], sizes: Sequence[tuple[int, int]], shown: _Shown, fps: float, last_s: float
) -> Iterator[NDArray[np.uint8]]:
    """Yield the same where all pictures between must be decoded, or to say what is wrong with the film."""
    with opened(path) as (container, stream):
        frames = film_frames(path, container, stream, times[0])
        held: tuple[float, VideoFrame] | None = None
        ahead = next(frames, None)
        for time, size in zip(times, sizes, strict=True):
            if held is not None and time - held[0] > SEEK_GAP_S and has_index(container):
                frames = film_frames(path, container, stream, time)
                ahead = next(frames, None)
            while ahead is not None and (held is None or ahead[0] <= time + TOLERANCE_S):
                held, ahead = ahead, next(frames, None)
            if held is None or (ahead is None and held[0] < min(time, last_s) - TOLERANCE_S):
                end = 0.0 if held is None else held[0]
                raise BadDataError(
                    f"{path}: no picture at {time:.3f} s, the last that can be decoded is at {end:.3f} s.",
                    AGAIN,
                )
            if held[0] > time + 1 / fps + TOLERANCE_S:  # cut without what its first pictures refer to
                raise BadDataError(
                    f"{path}: no picture at {time:.3f} s, the first that can be decoded is at {held[0]:.3f} s.",
                    "Cut it again from the source, encoding it anew.",
                )
            if held[1].is_corrupt:
                raise BadDataError(f"{path}: the picture at {held[0]:.3f} s is damaged.", AGAIN)
            yield shown.picture(held[1], size, stream)


class _Shown:
    """The picture shown last, in the sizes asked for: several times may fall on one."""

    def __init__(self) -> None:
        self._frame: VideoFrame | None = None
        self._made: dict[tuple[int, int], NDArray[np.uint8]] = {}

    def picture(self, frame: VideoFrame, size: tuple[int, int], stream: VideoStream) -> NDArray[np.uint8]:
        if self._frame is not frame:
            self._frame, self._made = frame, {}
        if size not in self._made:
            self._made[size] = to_rgb(frame, size, stream.sample_aspect_ratio)
        return self._made[size]


def _seek(container: InputContainer, stream: VideoStream, begin: float) -> None:
    """Go to a key picture at or before a time, s, where that is worth it."""
    if begin > SEEK_GAP_S:
        # one second early, so that rounding never lands on the key frame after
        stamp = (start_of(container, stream) + begin - 1.0) / (stream.time_base or Fraction(1, 1000))
        container.seek(round(stamp), stream=stream, backward=True)


def film_frames(
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
