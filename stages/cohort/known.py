"""What is known of the clips of events beside their targets: what a network may learn by, and never needs to decode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.cohort.clips import clips_of, rows_of_clips
from eeg2vid.stages.cohort.people import Cohort
from eeg2vid.stages.engine.protocol import Context

if TYPE_CHECKING:
    import numpy as np


def known_of(ctx: Context, cohort: Cohort, roles: Sequence[str]) -> dict[str, np.ndarray]:
    """Return what some roles tell of every event's clip, by name.

    Parameters
    ----------
    ctx, cohort
        The unit at work and its people.
    roles
        'clips': the concept, index or -1, int64 `(event,)` as 'concept'. 'stimuli': what is measured on the clips
        (`stimuli.measures`), float64 `(event, measure)` as 'clips'.

    Raises
    ------
    MissingInputError
        If the stimuli are left out.
    """
    import numpy as np

    found: dict[str, np.ndarray] = {}
    if "clips" in roles:
        concepts = [clip.concept for clip in clips_of(ctx, cohort.events)]
        found["concept"] = np.array([-1 if concept is None else concept for concept in concepts], np.int64)
    if "stimuli" in roles:
        from eeg2vid.stages.stimuli.measures import measure

        stimuli = ctx.read_optional("stimuli")
        if stimuli is None:
            raise MissingInputError(
                "The network learns by what is measured on the clips, but role 'stimuli' is 'none'.",
                "Leave out --from stimuli=none, or set network.design to concepts.",
            )
        shown = list(dict.fromkeys(cohort.clips))
        rows = rows_of_clips(stimuli, shown, VideoKey)
        frames, attributes = stimuli.arrays["frames"], stimuli.attributes()
        step = (frames.chunks or (1,))[0]
        values = np.concatenate(
            [
                measure(frames[first : first + step][:, :, : attributes.height, : attributes.width])
                for first in range(0, frames.shape[0], step)
            ]
        )[rows]
        place = {clip: index for index, clip in enumerate(shown)}
        found["clips"] = values[np.array([place[clip] for clip in cohort.clips], np.int64)]
    return found
