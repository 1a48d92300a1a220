"""Where events lie in a subject's concatenated signal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.schemas.entities import Event, Recording
from eeg2vid.schemas.errors import BadDataError


def first_samples(events: Sequence[Event], recordings: Sequence[Recording], *, offset: int, length: int) -> np.ndarray:
    """Return the first sample of each event's epoch in the concatenated signal.

    Parameters
    ----------
    events, recordings
        Rows of one subject.
    offset
        First sample of the epoch relative to the clip's onset, samples (may be negative).
    length
        Length of the epoch, samples.

    Returns
    -------
    int64 ``(event,)``

    Raises
    ------
    BadDataError
        If an epoch would reach beyond its recording, into another one.
    """
    by_name = {recording.recording: recording for recording in recordings}
    starts = np.array([event.onset_sample for event in events], dtype=np.int64) + offset
    lengths = np.array([by_name[event.recording].length for event in events], dtype=np.int64)
    outside = np.flatnonzero((starts < 0) | (starts + length > lengths))
    if outside.size:
        event = events[outside[0]]
        raise BadDataError(
            f"The epoch of event '{event.event}' takes samples {starts[outside[0]]} to"
            f" {starts[outside[0]] + length} of recording '{event.recording}', which has {lengths[outside[0]]}"
            f" ({outside.size} such events).",
            "Choose a shorter --duration-s or another --tmin-s, or drop the event.",
        )
    return starts + np.array([by_name[event.recording].start for event in events], dtype=np.int64)
