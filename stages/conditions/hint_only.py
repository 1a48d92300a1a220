"""`hint-only-window`: epochs are the hint before each run instead of the clips."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.stages.signal.lengths import usual_length


def settings(given: PreprocessSettings, events: Sequence[Event], sfreq: float) -> PreprocessSettings:
    """Return the settings that cut the whole hint and no sample of a clip.

    Parameters
    ----------
    given
        Settings of the full condition.
    events
        Whose hints they are; where one has none, cutting refuses it.
    sfreq
        Rate of the epochs, Hz: windows of features that are longer than the hint become as long as the hint.
    """
    changed: dict[str, object] = {"span": "hint", "tmin_s": 0.0, "tmax_s": None, "baseline": "none"}
    hints = [event.hint_s for event in events if event.hint_s is not None]
    if hints:
        hint = math.floor(usual_length(hints, "hint").seconds * sfreq + 1e-6) / sfreq
        changed["window_s"] = min(given.window_s, hint)
        if given.step_s is not None:
            changed["step_s"] = min(given.step_s, hint)
    return given.model_copy(update=changed)
