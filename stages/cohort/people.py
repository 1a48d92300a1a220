"""The people of a unit and their events, one person after another; a subject's unit is a cohort of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Cohort:
    """Some people and all their events.

    Attributes
    ----------
    subjects
        Their labels, in the order of their events.
    events
        All rows of their events tables, person by person.
    """

    subjects: tuple[str, ...]
    events: list[Event]

    @cached_property
    def person(self) -> np.ndarray:
        """Place of each event's person in `subjects`, int64 `(event,)`."""
        import numpy as np

        place = {subject: index for index, subject in enumerate(self.subjects)}
        return np.array([place[event.subject] for event in self.events], dtype=np.int64)

    def rows_of(self, subject: str) -> slice:
        """Return where a person's events lie."""
        import numpy as np

        mine = np.flatnonzero(self.person == self.subjects.index(subject))
        return slice(int(mine[0]), int(mine[-1]) + 1) if mine.size else slice(0, 0)

    def events_of(self, subject: str) -> list[Event]:
        """Return a person's events."""
        return self.events[self.rows_of(subject)]

    @property
    def clips(self) -> list[str]:
        """Clip id of each event."""
        return [event.clip for event in self.events]


def gather(ctx: Context) -> Cohort:
    """Return the people whose events the unit reads."""
    tables = {subject: one.table("events", Event) for subject, one in ctx.read_each("events").items()}
    return Cohort(tuple(tables), [event for events in tables.values() for event in events])


def require_same_events(artifact: Artifact, events: Sequence[Event]) -> None:
    """Refuse an artifact whose event axis is not that of the events table.

    Raises
    ------
    BadDataError
        Naming the first event that differs.
    """
    rows: list[Any] = artifact.table("events", artifact.schema.tables["events"])
    found = [(row.event, row.clip) for row in rows]
    wanted = [(event.event, event.clip) for event in events]
    if found == wanted:
        return
    first = next((k for k, pair in enumerate(zip(found, wanted, strict=False)) if pair[0] != pair[1]), None)
    where = (
        f"{counted(len(found), 'event')} against {len(wanted)}" if first is None else f"index {first}: {found[first]}"
    )
    raise BadDataError(f"{artifact.address} is of other events than {events[0].subject}'s events table ({where}).")


def run_of(event: Event) -> str:
    """Return a run label that is unique in the subject: the one place where it is built."""
    return f"{event.session}/{event.run}"


def runs_within_folds(events: Sequence[Event], folds: Sequence[str]) -> np.ndarray:
    """Return each event's run; what a forced split tears apart counts as one run in each fold."""
    import numpy as np

    runs = [run_of(event) for event in events]
    if len(set(zip(runs, folds, strict=True))) > len(set(runs)):
        runs = [f"{run} in {fold}" for run, fold in zip(runs, folds, strict=True)]
    return np.array(runs)


def times_in_blocks(events: Sequence[Event]) -> tuple[np.ndarray, np.ndarray]:
    """Return when each event begins, s since the first clip of its block, and the number of its block.

    A block that goes on in another recording counts as another one: nothing tells the time between them.
    """
    import numpy as np

    names = [(event.session, event.recording, event.block) for event in events]
    number = {name: index for index, name in enumerate(dict.fromkeys(names))}
    blocks = np.array([number[name] for name in names], dtype=np.int64)
    onsets = np.array([event.onset_s for event in events], dtype=np.float64)
    first = np.full(len(number), np.inf)
    np.minimum.at(first, blocks, onsets)
    return onsets - first[blocks], blocks
