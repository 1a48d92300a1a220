"""What is known of the clips that were shown: their rows, their places in other artifacts, their motion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.entities import Clip, ClipKey, Event
from eeg2vid.schemas.errors import BadDataError, MissingInputError
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np


def clips_of(ctx: Context, events: Sequence[Event]) -> list[Clip]:
    """Return the clip of each event."""
    index = {clip.clip: clip for clip in ctx.read("clips").table("clips", Clip)}
    missing = [event.clip for event in events if event.clip not in index]
    if missing:
        raise BadDataError(f"Clip '{missing[0]}' of the events table is not in the clip index.")
    return [index[event.clip] for event in events]


def rows_of_clips(artifact: Artifact, clips: Sequence[str], row_type: type[Any] = ClipKey) -> np.ndarray:
    """Return the place of each clip on an artifact's clip axis.

    Raises
    ------
    BadDataError
        If a clip is not there.
    """
    import numpy as np

    place = {row.clip: index for index, row in enumerate(artifact.table("clips", row_type))}
    missing = [clip for clip in clips if clip not in place]
    if missing:
        raise BadDataError(f"{artifact.address} has no clip '{missing[0]}'.")
    return np.array([place[clip] for clip in clips], dtype=np.int64)


def places_of(videos: Artifact, keys: Sequence[VideoKey]) -> np.ndarray:
    """Return the places of some decoded clips in a condition's videos: one that reads no EEG may show more.

    Raises
    ------
    BadDataError
        If one is not there.
    """
    import numpy as np

    place = {(row.fold, row.event, row.clip): k for k, row in enumerate(videos.table("clips", VideoKey))}
    missing = [key for key in keys if (key.fold, key.event, key.clip) not in place]
    if missing:
        raise BadDataError(
            f"{videos.address} holds no video of event '{missing[0].event}' in fold '{missing[0].fold}', which others "
            "do.",
            "Make it anew: eeg2vid generate --force",
        )
    return np.array([place[key.fold, key.event, key.clip] for key in keys], dtype=np.int64)


def motion_of(stimuli: Artifact, clips: Sequence[str]) -> np.ndarray:
    """Return the motion score that `split-videos --motion` measured of each clip, float32 `(clip,)`.

    What it measures is in the artifact's attribute `motion`; a data set's own scores, in the clip index, are
    measured otherwise and must not stand beside these in one task.

    Raises
    ------
    MissingInputError
        If none were measured.
    """
    if not stimuli.has("motion"):
        raise MissingInputError(
            f"{stimuli.address} holds no motion scores.", "Run first:\n  eeg2vid split-videos --motion"
        )
    scores: np.ndarray = stimuli.read("motion")[rows_of_clips(stimuli, clips, VideoKey)]
    return scores


def with_measured_motion(stimuli: Artifact | None, clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips with the scores of `motion_of` in place of the data set's own: one definition for all.

    Raises
    ------
    MissingInputError
        If none were measured, or there are no stimuli.
    """
    if stimuli is None:
        raise MissingInputError(
            "Measured motion scores were asked for, but role 'stimuli' is 'none'.",
            "Leave out --from stimuli=none, or take the data set's own scores: --fast-scores data-set",
        )
    scores = motion_of(stimuli, [clip.clip for clip in clips])
    return [clip.model_copy(update={"optical_flow": float(score)}) for clip, score in zip(clips, scores, strict=True)]
