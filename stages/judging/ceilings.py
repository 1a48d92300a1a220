"""How well anything could be predicted: what decodings of the same clip, shown again, have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.predictions import PredictionAttributes, PredictionKey
from eeg2vid.schemas.words import counted
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    from eeg2vid.stages.statistics.ceiling import Ceiling

TERM = "noise-ceiling"


def ceiling_sentence(ctx: Context, predictions: Artifact) -> str:
    """Say how reliable what is decoded from single presentations is, target by target; or why nobody can tell."""
    attributes: PredictionAttributes = predictions.attributes()
    sessions = {event.event: event.session for event in ctx.read("events").table("events", Event)}
    found = {target: _ceiling(predictions, target, sessions) for target in attributes.targets}
    told = {target: one for target, one in found.items() if one.ceiling is not None}
    if not told:
        reasons = dict.fromkeys(one.reason for one in found.values())
        return f"How well anything could be decoded from one presentation: {'; '.join(reasons)}."
    values = ", ".join(f"{target} {one.ceiling:.2f}" for target, one in told.items())
    one = next(iter(told.values()))
    return (
        "The largest correlation that a prediction can have with what is decoded from one presentation, from "
        f"{counted(one.n_clips, 'clip')} shown {counted(one.n_presentations, 'time')}: {values}."
    )


def _ceiling(predictions: Artifact, target: str, sessions: dict[str, str]) -> Ceiling:
    import numpy as np

    from eeg2vid.stages.statistics.ceiling import noise_ceiling

    rows = predictions.table(target, PredictionKey)
    clips = [row.clip for row in rows]
    of_session = [sessions[row.event] for row in rows]
    if len(set(clips)) == len(clips):  # nothing repeats: no need to read a value
        return noise_ceiling(np.zeros(len(rows)), clips, of_session)
    values = predictions.read(target)
    return noise_ceiling(values.reshape(len(rows), -1), clips, of_session)
