"""Decoding no more of a film than some pictures need.

Between two key pictures nothing is decoded in which no wanted picture lies, nor what comes after the last wanted one;
of the rest, what no other picture refers to is left out (FFmpeg's `skip_frame`). The wanted pictures are the same to
the bit. Where a film does not say plainly which packet is which picture, this gives up, and who asked decodes all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eeg2vid.stages.stimuli.film import TOLERANCE_S, start_of

_LONGEST = 1000  # packets between two key pictures: so many are held
Group = list[tuple[int, Packet]]  # time stamp and packet, in order of decoding, a key picture first


class UnsureError(Exception):
    """It is not plain which packets hold the wanted pictures, or one of them did not come out."""


def sparse_pictures(
    container: InputContainer, stream: VideoStream, times: Sequence[float], last_s: float
) -> Iterator[VideoFrame]:
    """Yield the picture shown at each of the sorted times, s from the first picture.

    Parameters
    ----------
    container, stream
        An open film, at or before a key picture that is not after the first of the times.
    times
        Sorted, s.
    last_s
        When the film's last picture appears, s.

    Raises
    ------
    UnsureError
        Where not all can be told this way; what was yielded before is right.
    """
    base, start = stream.time_base or Fraction(1, 1000), start_of(container, stream)
    decoder = stream.codec_context
    asked = deque(times)
    due: deque[int] = deque()  # stamps of pictures that are still to come out
    shown: dict[int, VideoFrame] = {}

    def seconds(stamp: int) -> float:
        return float(stamp * base) - start

    def keep(frames: Iterable[VideoFrame]) -> None:
        shown.update((frame.pts, frame) for frame in frames if frame.pts is not None and frame.pts in due)

    def ready(*, all_of_them: bool = False) -> Iterator[VideoFrame]:
        while due and due[0] in shown:
            frame = shown[due[0]]
            if frame.is_corrupt:
                raise UnsureError
            last = due.popleft()
            if not due or due[0] != last:
                del shown[last]
            yield frame
        if all_of_them and due:
            raise UnsureError

    cut = False
    try:
        for group, following in _groups(container, stream):
            stamps = sorted(stamp for stamp, _ in group)
            end = float("inf") if following is None else seconds(following)
            wanted: set[int] = set()
            while asked and asked[0] + TOLERANCE_S < end:
                place = bisect_right(stamps, asked[0] + TOLERANCE_S, key=seconds) - 1
                if place < 0 or (following is None and seconds(stamps[-1]) < min(asked[0], last_s) - TOLERANCE_S):
                    raise UnsureError
                due.append(stamps[place])
                wanted.add(stamps[place])
                asked.popleft()
            if wanted and cut:
                keep(decoder.decode(None))
                decoder.flush_buffers()
                cut = False
            needed = max((k for k, (stamp, _) in enumerate(group) if stamp in wanted), default=-1) + 1
            for stamp, packet in group[:needed]:
                decoder.skip_frame = "DEFAULT" if stamp in wanted else "NONREF"
                keep(packet.decode())
                yield from ready()
            cut = cut or needed < len(group)
            if not asked:
                break
        keep(decoder.decode(None))
    except av.FFmpegError as error:
        raise UnsureError from error
    yield from ready(all_of_them=True)
    if asked:
        raise UnsureError


def _groups(container: InputContainer, stream: VideoStream) -> Iterator[tuple[Group, int | None]]:
    """Yield what lies between two key pictures, and the first time stamp after it, None at the film's end.

    Raises
    ------
    UnsureError
        If a packet has no time stamp or that of another, or pictures after a key picture are shown before it.
    """
    group: Group = []
    before: Group = []
    for packet in container.demux(stream):
        if not packet.size or packet.is_discard:
            continue
        if packet.pts is None or packet.is_corrupt or not (group or packet.is_keyframe) or len(group) > _LONGEST:
            raise UnsureError
        if packet.is_keyframe and group:
            if before:
                yield before, _first(before, group)
            before, group = group, []
        group.append((packet.pts, packet))
    if before:
        yield before, _first(before, group)
    if group:
        _first([], group)
        yield group, None


def _first(before: Group, group: Group) -> int:
    """Return the first time stamp of a group, which must lie after all of the group before."""
    stamps = [stamp for stamp, _ in group]
    first = min(stamps)
    if (
        len(set(stamps)) < len(stamps)
        or first < stamps[0]
        or first <= max((stamp for stamp, _ in before), default=first - 1)
    ):
        raise UnsureError
    return first
