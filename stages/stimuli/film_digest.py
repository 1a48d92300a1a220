"""Which clips show one film: their pictures are compared, whatever file, container or name they come in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.stimuli.film import packets_of
from eeg2vid.stages.stimuli.picture import to_rgb
from eeg2vid.stages.stimuli.video import pictures_between

_BYTES = 16

Span = tuple[Path, float, float]
"""File, start and duration, s."""


def same_films(clips: Mapping[str, Span]) -> dict[str, str]:
    """Return a digest of what each clip shows, of those clips that show what another one shows.

    A clip that has its file for itself is known by its decoded pictures, which are equal in every container. All
    are decoded only where two clips begin with one picture. Of films that hold several clips, which may be long, the
    stored pictures and the place in the film are compared, and nothing is decoded.

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
    several = {path for path, n in Counter(path for path, _, _ in clips.values()).items() if n > 1}
    stored = {path: _digest(packets_of(path)) for path in several}
    digests: dict[str, str | None] = {}
    begins: dict[str, list[str]] = {}
    for clip, (path, start, duration) in clips.items():
        if path in several:
            place = f"{stored[path]} {start:.6f} {duration:.6f}"
            digests[clip] = _digest([place.encode()]) if stored[path] else None
        elif (first := pictures_digest(path, start, duration, first=1)) is not None:
            begins.setdefault(first, []).append(clip)
    for alike in (clips_of for clips_of in begins.values() if len(clips_of) > 1):
        digests |= {clip: pictures_digest(*clips[clip]) for clip in alike}
    counts = Counter(digests.values())
    return {clip: digest for clip, digest in digests.items() if digest is not None and counts[digest] > 1}


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
