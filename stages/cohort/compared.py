"""Eyes that compare: how far every decoded clip is from the true clips of its fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.videos import VideoAttributes, VideoKey
from eeg2vid.schemas.words import counted
from eeg2vid.stages.cohort.clips import places_of, rows_of_clips
from eeg2vid.stages.cohort.percepts import ROLE, eye_of, tell_who_looked
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

CLIPS_PER_PART = 200  # a test set: the true clips of a fold are seen once for each part
DISTANCE = "distance"
NOT_COMPARED = -1.0


class ClipsOnDisk:
    """Some clips of an artifact of videos, without padding, read when they are asked for."""

    def __init__(self, videos: Artifact, places: NDArray[np.int64]) -> None:
        geometry: VideoAttributes = videos.attributes()
        self._frames, self._places = videos.lazy("frames"), places
        self._kept = (slice(None), slice(None), slice(geometry.height), slice(geometry.width))
        self.shape = (len(places), self._frames.shape[1], geometry.height, geometry.width, self._frames.shape[4])

    def __getitem__(self, some: slice) -> NDArray[np.uint8]:
        """Return some of them, uint8 `(clip, frame, height, width, rgb)`."""
        import numpy as np

        return np.concatenate([self._frames[k : k + 1] for k in self._places[some].tolist()])[self._kept]


def compare_with(ctx: Context, videos: str, stimuli: str) -> None:
    """Compare every clip of an artifact of videos with its own stimulus and with those of all others of its fold.

    Parameters
    ----------
    ctx
        A unit with `LookSettings`, of an eye that compares, that writes percepts.
    videos, stimuli
        Roles of the decoded and of the true clips. Columns are the latter in their order; -1: not compared.
    """
    import numpy as np

    from eeg2vid.stages.engine.streaming import stream_videos

    shown = ctx.read(stimuli)
    rows = ctx.read(videos).table("clips", VideoKey)
    columns = rows_of_clips(shown, [row.clip for row in rows], VideoKey)
    of_fold = {fold: np.unique(columns[[row.fold == fold for row in rows]]) for fold in {row.fold for row in rows}}
    width = len(shown.table("clips", VideoKey))
    eye = eye_of(ctx)
    for part, keys, frames in stream_videos(ctx, videos, CLIPS_PER_PART):
        found = np.full((len(keys), width), NOT_COMPARED, np.float32)
        for fold in dict.fromkeys(key.fold for key in keys):
            mine = np.flatnonzero([key.fold == fold for key in keys])
            found[np.ix_(mine, of_fold[fold])] = eye.compare(frames[mine], ClipsOnDisk(shown, of_fold[fold]))
        part.array(ROLE, DISTANCE, found.astype(ctx.settings.stored))
        part.rows(ROLE, "clips", keys)
    tell_who_looked(ctx, eye)


def distances_among(percepts: Artifact, stimuli: Artifact, rows: Sequence[VideoKey]) -> NDArray[np.float64]:
    """Return the distance of every decoded event to every true event, `(decoded event, true event)`.

    Parameters
    ----------
    percepts
        Of an eye that compares.
    stimuli
        What it compared with.
    rows
        The events, in the order asked for.

    Returns
    -------
    float64; -1 across folds and where nothing was compared.

    Raises
    ------
    BadDataError
        If an event is not there, its own stimulus was not compared, or there are other stimuli now.
    """
    import numpy as np

    width = len(stimuli.table("clips", VideoKey))
    stored = percepts.read(DISTANCE)
    if stored.shape[1] != width:
        raise BadDataError(
            f"{percepts.address} holds distances to {counted(stored.shape[1], 'clip')}, {stimuli.address} has {width}.",
            "Look again: eeg2vid perceive --force",
        )
    columns = rows_of_clips(stimuli, [row.clip for row in rows], VideoKey)
    found = stored[places_of(percepts, rows)][:, columns].astype(np.float64)
    folds = np.array([row.fold for row in rows])
    found[folds[:, None] != folds[None]] = NOT_COMPARED
    own = np.diagonal(found)
    if (own < 0).any():
        lost = rows[int(np.flatnonzero(own < 0)[0])]
        raise BadDataError(
            f"{percepts.address}: event '{lost.event}' was not compared with its own clip '{lost.clip}'.",
            "Look again: eeg2vid perceive --force",
        )
    return found
