"""A film file: opened, and when each of its pictures is shown, by its packets and never by its header's counts.

A film's time zero is its first picture.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli.gif import gif_delays

TOLERANCE_S = 1e-3  # s, rounding of time stamps: Matroska counts milliseconds
AGAIN = "Copy it again from the source, or convert it (for example to H.264 in mp4)."
_INDEXED = {"mov", "matroska"}  # as FFmpeg names them; without an index it lands anywhere in the film
_SAME_RATE = 0.02
_HELD = 1.5  # median intervals; a picture shown for longer is held


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a film; FFmpeg's errors, here and while it is in use, become sentences.

    Raises
    ------
    BadDataError
        If the file is missing, empty, damaged or without video.
    """
    if not path.is_file():
        raise BadDataError(f"The film {path} is missing.")
    if path.stat().st_size == 0:
        raise BadDataError(f"The film {path} is empty (0 bytes).", AGAIN)
    try:
        with av.open(path) as container:
            if not container.streams.video:
                raise BadDataError(f"{path} holds no video.", AGAIN)
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield container, stream
    except av.FFmpegError as error:
        reason = error.strerror or type(error).__name__
        raise BadDataError(f"The film {path} cannot be read ({reason}).", AGAIN) from error


def own_times(path: Path, container: InputContainer) -> NDArray[np.float64] | None:
    """Return when each picture appears and how long it is shown, s, `(picture, 2)`; None where FFmpeg says it right."""
    if container.format.name != "gif":
        return None
    delays = np.array(gif_delays(path), np.int64)
    return np.column_stack([np.cumsum(delays) - delays, delays]) / 100


def by_order(container: InputContainer) -> bool:
    """Return whether the container stores no presentation times: AVI counts its packets, in order of decoding."""
    return bool(container.format.name == "avi")


def has_index(container: InputContainer) -> bool:
    """Return whether FFmpeg finds the picture before a time without reading the film from its beginning."""
    return not _INDEXED.isdisjoint(container.format.name.split(","))


def start_of(container: InputContainer, stream: VideoStream, first: VideoFrame | None = None) -> float:
    """Return the time stamp of the first picture, s."""
    if by_order(container):
        return 0.0  # FFmpeg's start is the pictures' delay in the decoder
    if stream.start_time is not None and stream.time_base is not None:
        return float(stream.start_time * stream.time_base)
    return float((first.time if first else None) or 0.0)


def packet_times(path: Path, container: InputContainer, stream: VideoStream) -> NDArray[np.float64]:
    """Return time stamp and duration of each remaining picture, s, `(picture, 2)`, sorted by time stamp."""
    own = own_times(path, container)
    if own is not None:
        return own
    times = []
    # a truncated file may end in an error: what was read before it still counts
    with contextlib.suppress(av.FFmpegError):
        for packet in container.demux(stream):
            stamp = packet.dts if by_order(container) else packet.pts
            if stamp is not None and packet.size and not packet.is_corrupt and not packet.is_discard:
                times.append((float(stamp * packet.time_base), float((packet.duration or 0) * packet.time_base)))
    return np.array(sorted(times), np.float64).reshape(-1, 2)


def packets_of(path: Path) -> Iterator[bytes]:
    """Yield what is stored of each picture, in the film's order, without decoding it.

    Raises
    ------
    BadDataError
        If the film is missing or cannot be read.
    """
    with opened(path) as (container, stream):
        for packet in container.demux(stream):
            yield bytes(packet)


def measured_rate(times: NDArray[np.float64]) -> float:
    """Return pictures per second of time, from `packet_times`; 0 where they are too few."""
    span = times[-1, 0] - times[0, 0] if len(times) else 0.0
    return float((len(times) - 1) / span) if span > 0 else 0.0


def finer_rate(header: Fraction | float | None, measured: float) -> float:
    """Return the header's rate, which is finer than rounded time stamps, if it agrees with the measured one."""
    return float(header) if header and abs(header / measured - 1) < _SAME_RATE else float(measured)


def picture_times(path: Path) -> NDArray[np.float64]:
    """Return when each picture of a film appears, s from its first.

    Raises
    ------
    BadDataError
        If the film cannot be read.
    """
    with opened(path) as (container, stream):
        times = packet_times(path, container, stream)[:, 0]
    return times - times[0] if len(times) else times


def rate_within(appear: NDArray[np.float64], start: float, duration: float, usual: float) -> float:
    """Return the rate of a part of a film, which in a film of variable rate is its own, pictures per second.

    Pictures that are held do not slow it down: many writers store equal pictures once.

    Parameters
    ----------
    appear
        When each picture of the film appears, s (`picture_times`).
    start, duration
        The part, s.
    usual
        The film's rate, which holds where the part's agrees with it within 2 %.
    """
    first = max(0, int(np.searchsorted(appear, start + TOLERANCE_S, side="right")) - 1)
    steps = np.diff(appear[first : int(np.searchsorted(appear, start + duration - TOLERANCE_S))])
    if not len(steps):
        return usual
    return finer_rate(usual, 1 / float(steps[steps <= _HELD * np.median(steps)].mean()))
