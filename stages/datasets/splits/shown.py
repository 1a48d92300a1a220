"""What was shown to whom, as columns: one row per presentation of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from eeg2vid.schemas.entities import Clip, Event
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.source import natural_order
from eeg2vid.stages.datasets.splits.leaks import UNKNOWN


@dataclass(frozen=True)
class Shown:
    """Columns `(presentation,)` of labels; `concept` holds ids, 0 where a clip has none.

    `film_block` is the block that the clip index knows: the same for all people. `eeg` holds digests.
    """

    event: np.ndarray
    subject: np.ndarray
    session: np.ndarray
    recording: np.ndarray
    block: np.ndarray
    run: np.ndarray
    clip: np.ndarray
    concept: np.ndarray
    film_block: np.ndarray
    onset_s: np.ndarray
    eeg: np.ndarray

    def __len__(self) -> int:
        return len(self.event)

    def take(self, chosen: np.ndarray) -> Shown:
        """Return some rows: a mask or indices."""
        return Shown(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def joined(self, other: Shown) -> Shown:
        """Return the rows of both, own ones first."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Shown(*(np.concatenate(pair) for pair in pairs))

    def runs(self) -> np.ndarray:
        """Return a run label that is unique in the subject, `UNKNOWN` where the run is."""
        joined = np.char.add(np.char.add(self.session, "/"), self.run)
        return np.where(self.run == UNKNOWN, UNKNOWN, joined)


def shown_events(events: Sequence[Event], clips: Sequence[Clip]) -> Shown:
    """Return one subject's events as columns, in their order.

    Raises
    ------
    BadDataError
        If there are none, or a clip is not in the clip index.
    """
    if not events:
        raise BadDataError("The events table is empty: there is nothing to divide.", "See `eeg2vid inspect ingest`.")
    index = {clip.clip: clip for clip in clips}
    lost = next((event for event in events if event.clip not in index), None)
    if lost is not None:
        raise BadDataError(f"Clip '{lost.clip}' of event '{lost.event}' is not in the clip index.", "Ingest again.")
    rows = [index[event.clip] for event in events]
    return Shown(
        event=np.array([event.event for event in events]),
        subject=np.array([event.subject for event in events]),
        session=np.array([event.session for event in events]),
        recording=np.array([event.recording for event in events]),
        block=np.array([event.block for event in events]),
        run=np.array([event.run for event in events]),
        clip=np.array([event.clip for event in events]),
        concept=np.array([clip.concept or 0 for clip in rows], dtype=np.int64),
        film_block=np.array([clip.block or UNKNOWN for clip in rows]),
        onset_s=np.array([event.onset_s for event in events], dtype=float),
        eeg=np.array([event.eeg_sha or UNKNOWN for event in events]),
    )


def shown_to_others(subject: str, subjects: Sequence[str], clips: Sequence[Clip]) -> Shown:
    """Return every clip shown to every other subject, as far as the clip index can know.

    Nobody else's events are read: event, run, session and recording are unknown, the block is the film's.
    """
    others = [label for label in subjects if label != subject]
    n = len(others) * len(clips)
    unknown = np.full(n, UNKNOWN)
    film = np.tile(np.array([clip.block or UNKNOWN for clip in clips], dtype=str), len(others))
    return Shown(
        event=unknown,
        subject=np.repeat(np.array(others, dtype=str), len(clips)),
        session=unknown,
        recording=unknown,
        block=film,
        run=unknown,
        clip=np.tile(np.array([clip.clip for clip in clips], dtype=str), len(others)),
        concept=np.tile(np.array([clip.concept or 0 for clip in clips], dtype=np.int64), len(others)),
        film_block=film,
        onset_s=np.zeros(n),
        eeg=unknown,
    )


def blocks_in_order(shown: Shown, clips: Sequence[Clip]) -> list[str]:
    """Return the blocks of some events in an order that does not depend on the order of the rows.

    The clip index gives the order where it knows all of these blocks, so that every subject's folds are
    in the same order; else it is the order in which the subject saw them.
    """
    found = set(shown.block.tolist())
    films = list(dict.fromkeys(clip.block for clip in clips if clip.block is not None))
    if found <= set(films):
        return [label for label in films if label in found]
    keys = [shown.onset_s, _rank(shown.recording), _rank(shown.session)]
    return list(dict.fromkeys(shown.block[np.lexsort(keys)].tolist()))


def sessions_in_order(shown: Shown) -> list[str]:
    """Return the sessions as people count."""
    return list(natural_order(set(shown.session.tolist())))


def _rank(labels: np.ndarray) -> np.ndarray:
    place = {label: rank for rank, label in enumerate(natural_order(set(labels.tolist())))}
    return np.array([place[label] for label in labels.tolist()])
