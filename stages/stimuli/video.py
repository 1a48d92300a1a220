"""Films in, clips out: cut by presentation time, never by frame number (PyAV, FFmpeg's libraries).

The picture shown at time t is the last one whose time stamp is not after t. When pictures are shown is `film.py`'s,
what one looks like `picture.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
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
    packet_times,
    start_of,
)
from eeg2vid.stages.stimuli.picture import displayed_size
from eeg2vid.stages.stimuli.pictures import film_frames, pictures_at

MAX_CLIP_S = 2.0  # s, longest clip taken from a file whose length nobody declared


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


@dataclass(frozen=True)
class Cut:
    """What is wanted of a stretch of film.

    Attributes
    ----------
    start, duration
        The stretch, s.
    frames
        How many pictures.
    fps
        Pictures per second of stretch.
    size
        Their width and height, pixels (see `fit_size`). A film of another shape loses what stands out on two sides,
        the same on both: its middle is kept, and nothing is stretched.
    """

    start: float
    duration: float
    frames: int
    fps: float
    size: tuple[int, int]

    def times(self) -> list[float]:
        """Return when its pictures are shown, s; the last one of the stretch is held."""
        last = self.start + self.duration - 2 * TOLERANCE_S
        return [min(self.start + k / self.fps, last) for k in range(self.frames)]


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
    cuts = [[Cut(start, duration, frames, fps, size)] for start, duration in clips]
    for [clip] in read_cuts(path, cuts, threads=threads):
        yield clip


def read_cuts(path: Path, clips: Sequence[Sequence[Cut]], *, threads: int = 1) -> Iterator[list[NDArray[np.uint8]]]:
    """Cut clips out of a film in one pass, each in several forms: at other rates, in other sizes.

    Parameters
    ----------
    path
        The film or clip file.
    clips
        What is wanted of each clip. Clips sorted by start need the memory of one clip only.
    threads
        Of the decoder; the pictures do not depend on it.

    Yields
    ------
    list of numpy.ndarray
        Of a clip, in the order asked for: what was wanted of it, uint8 RGB `(frame, height, width, 3)`.

    Raises
    ------
    BadDataError
        If the film is unreadable or damaged, or a clip reaches more than one frame beyond its end.
    """
    info = probe(path)
    for cut in (one for cuts in clips for one in cuts):
        if cut.start < 0 or cut.duration <= 0:
            raise ValueError(f"a clip needs a start >= 0 and a duration > 0, found {(cut.start, cut.duration)}")
        if cut.start + cut.duration > info.duration_s + 1 / info.fps + TOLERANCE_S:
            raise BadDataError(
                f"{path}: a clip from {cut.start:g} s to {cut.start + cut.duration:g} s reaches beyond the film's end "
                f"at {info.duration_s:.3f} s."
            )
    wanted = sorted(  # (time, clip, form, frame), to be met in order of time
        (time, i, j, k)
        for i, cuts in enumerate(clips)
        for j, cut in enumerate(cuts)
        for k, time in enumerate(cut.times())
    )
    sizes = [clips[i][j].size for _, i, j, _ in wanted]
    times = [time for time, *_ in wanted]
    pictures = pictures_at(path, times, sizes, fps=info.fps, last_s=info.last_s, threads=threads)
    unfinished: dict[int, list[NDArray[np.uint8]]] = {}
    missing = [sum(cut.frames for cut in cuts) for cuts in clips]
    due = 0
    for (_, i, j, k), picture in zip(wanted, pictures, strict=True):
        if i not in unfinished:
            unfinished[i] = [np.empty((cut.frames, *cut.size[::-1], 3), np.uint8) for cut in clips[i]]
        unfinished[i][j][k] = picture
        missing[i] -= 1
        while due in unfinished and missing[due] == 0:
            yield unfinished.pop(due)
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
        for time, picture in film_frames(path, container, stream, start):
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
