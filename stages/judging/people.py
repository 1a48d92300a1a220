"""The scores of one person, as they are joined with others'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eeg2vid.schemas.scores import Score, ScoredEvent, Values
from eeg2vid.stages.store.layout import unit_subject
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    from eeg2vid.stages.metrics.people import Person


def person_of(scores: Artifact) -> Person:
    """Return a person's scores with what they rest on: values of events, and nulls under relabelings of runs."""
    import numpy as np

    from eeg2vid.stages.metrics.people import Person

    events = scores.table("events", ScoredEvent)
    return Person(
        unit_subject(scores.address.unit) or scores.address.unit,
        scores.table("scores", Score),
        scores.table("values", Values),
        [(row.event, row.fold) for row in events],
        np.array([f"{row.run} in {row.fold}" for row in events]),
        scores.read("null") if scores.has("null") else None,
    )
