"""Which clips show one film: their pictures are compared, whatever file, container or name they come in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli.film import packets_of
from eeg2vid.stages.stimuli.picture import to_rgb
from eeg2vid.stages.stimuli.video import pictures_between

_BYTES = 16
_SHARED = 0.5  # of the shorter clip: with less in common, most of what each shows is its own

Span = tuple[Path, float, float]
"""File, start and duration, s."""


def same_films(clips: Mapping[str, Span]) -> dict[str, str]:
    """Return a digest of what each clip shows, of those clips that show what another one shows.

    Files whose stored pictures are equal are one film, and clips that share more than half of the shorter one's time
    in it show the same: nothing is decoded. A clip that has its file for itself is known by its decoded pictures
    besides, which are equal in every container; all are decoded only where two clips begin with one picture.

    Parameters
    ----------
    clips
        Where each clip lies.

    Returns
    -------
    dict
        Digests, 32 hexadecimal digits, by clip; no digest stands alone. Films that cannot be read are left out: the
        stage that cuts them says why.
    """
    holds = Counter(path for path, _, _ in clips.values())
    stored = {path: _digest(packets_of(path)) for path in holds}
    films: dict[str, list[str]] = {}
    begins: dict[str, list[str]] = {}
    for clip, (path, start, duration) in clips.items():
        if (film := stored[path]) is None:
            continue
        films.setdefault(film, []).append(clip)
        if holds[path] == 1 and (first := pictures_digest(path, start, duration, first=1)) is not None:
            begins.setdefault(first, []).append(clip)
    shows = {clip: clip for clip in clips}
    for inside in films.values():
        _join(shows, _overlapping(clips, inside))
    for alike in (clips_of for clips_of in begins.values() if len(clips_of) > 1):
        known: dict[str, str] = {}
        for clip in alike:
            if (pictures := pictures_digest(*clips[clip])) is not None:
                _join(shows, [(known.setdefault(pictures, clip), clip)])
    counts = Counter(shows.values())
    return {
        clip: hashlib.blake2b(f"{stored[clips[one][0]]} {clips[one][1:]}".encode(), digest_size=_BYTES).hexdigest()
        for clip, one in shows.items()
        if counts[one] > 1
    }


def _overlapping(clips: Mapping[str, Span], inside: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of clips of one film that share more than half of the shorter one's time."""
    order = sorted(inside, key=lambda clip: clips[clip][1])
    for k, clip in enumerate(order):
        _, start, duration = clips[clip]
        for other in order[k + 1 :]:
            _, begins, lasts = clips[other]
            if begins >= start + duration:
                break
            if min(start + duration, begins + lasts) - begins > _SHARED * min(duration, lasts):
                yield clip, other


def _join(shows: dict[str, str], pairs: Iterable[tuple[str, str]]) -> None:
    """Give both clips of each pair, and whatever shows what they show, one name."""
    for one, other in pairs:
        kept, lost = shows[one], shows[other]
        if kept != lost:
            shows.update({clip: kept for clip, name in shows.items() if name == lost})


def pictures_digest(path: Path, start: float, duration: float, first: int | None = None) -> str | None:
    """Return a digest of a clip's decoded pictures, or of the first few; None if they cannot be read."""
    return _digest(map(_levels, islice(pictures_between(path, start, start + duration), first)))


def _digest(pieces: Iterable[bytes]) -> str | None:
    whole = hashlib.blake2b(digest_size=_BYTES)
    try:
        for piece in pieces:
            whole.update(piece)
    except BadDataError:
        return None
    return whole.hexdigest()


def _levels(picture: VideoFrame) -> bytes:
    """Return the levels as decoded, before any conversion that the container's description of them decides."""
    size = f"{picture.width} x {picture.height} ".encode()
    try:
        levels = picture.to_ndarray()
    except (ValueError, AssertionError):  # a layout that PyAV does not hand out
        levels = to_rgb(picture, (picture.width, picture.height))
    return size + np.ascontiguousarray(levels).tobytes()
