"""The scores of one person, as they are joined with others'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eeg2vid.schemas.scores import Definition, Measure, Score, ScoredEvent, Values
from eeg2vid.stages.store.layout import unit_subject
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    from eeg2vid.stages.metrics.people import Person


def person_of(scores: Artifact, *, leading: bool = False) -> Person:
    """Return a person's scores with what they rest on: values of events, and nulls under relabelings of runs.

    Parameters
    ----------
    leading
        Keep only the measures on which a verdict rests; of a kind of which none is marked so, all. With many people
        the others would fill the memory.
    """
    import numpy as np

    from eeg2vid.stages.metrics.people import EventValues, Person

    events = scores.table("events", ScoredEvent)
    rows = scores.table("scores", Score)
    kept = _leading(rows, scores.table("definitions", Definition)) if leading else {row.measure for row in rows}
    values = scores.table("values", Values)
    null = scores.read("null") if scores.has("null") else None
    if null is not None:
        exchanged = [row.measure in kept for row in rows if row.exchange]
        null = null[np.array(exchanged[: len(null)], dtype=bool)]
    return Person(
        unit_subject(scores.address.unit) or scores.address.unit,
        [row for row in rows if row.measure in kept],
        [EventValues.of(row) for row in values if row.measure in kept],
        [(row.event, row.fold) for row in events],
        np.array([f"{row.run} in {row.fold}" for row in events]),
        null,
    )


def _leading(rows: list[Score], definitions: list[Definition]) -> set[Measure]:
    """Return the measures on which a verdict rests."""
    lead = {(row.metric, row.variant): row.lead for row in definitions}
    found: set[Measure] = set()
    for kind in {row.kind for row in rows}:
        mine = [row for row in rows if row.kind == kind]
        marked = {row.measure for row in mine if lead.get((row.metric, row.variant), True)}
        found |= marked or {row.measure for row in mine}
    return found
