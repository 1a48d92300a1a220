"""Which event or clip each row of a foreign file stands for, by the order that the user declares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eeg2vid.schemas.entities import Clip, Electrode, Event
from eeg2vid.schemas.errors import BadDataError, UsageError

ORDERS = ("presentation", "concept")


@dataclass(frozen=True)
class Options:
    """What the user said about the files."""

    order: str | None = None
    blocks: str | None = None
    session: str | None = None
    layout: str | None = None
    key: str | None = None
    array: str | None = None
    also: tuple[str, ...] = ()
    scale: float | None = None
    resample: bool = False


@dataclass(frozen=True)
class Known:
    """What the workspace knows: the clip index, one subject's events, and where they are tested."""

    clips: Sequence[Clip] = ()
    events: Sequence[Event] | None = None
    electrodes: Sequence[Electrode] = ()
    folds: Mapping[str, str] = field(default_factory=dict)
    reference: Mapping[str, Any] = field(default_factory=dict)
    video_shape: tuple[int, ...] | None = None
    subject: str | None = None
    picture: tuple[int, int] | None = None  # height and width of the stimuli without padding, px
    alone: bool = False  # the clips are files that were imported, without EEG: others are joined by their names


@dataclass(frozen=True)
class Item:
    """One clip, and the event at which it was shown if the file is a subject's."""

    clip: Clip
    event: Event | None = None

    @property
    def block(self) -> str:
        """Label of the block in which it is shown."""
        return (self.event.block if self.event else self.clip.block) or ""

    @property
    def part(self) -> tuple[str, str]:
        """Session and block."""
        return (self.event.session if self.event else "", self.block)

    @property
    def names(self) -> tuple[str, ...]:
        """Ids by which a file may be called."""
        return (self.event.event, self.clip.clip) if self.event else (self.clip.clip,)


@dataclass(frozen=True)
class Rows:
    """The items in the workspace's order, and the place of each in the file."""

    items: list[Item]
    places: np.ndarray
    grid: tuple[int, int, int] | None


def all_items(known: Known) -> list[Item]:
    """Return every event of the subject, or every clip of the study, in the workspace's order."""
    if known.events is None:
        return [Item(clip) for clip in known.clips]
    index = {clip.clip: clip for clip in known.clips}
    missing = [event.clip for event in known.events if event.clip not in index]
    if missing:
        raise BadDataError(f"Clip '{missing[0]}' of the events table is not in the clip index.")
    return [Item(index[event.clip], event) for event in known.events]


def chosen_items(known: Known, options: Options) -> list[Item]:
    """Return the items that `blocks` and `session` leave.

    Raises
    ------
    UsageError
        If a block or session does not exist.
    """
    items = all_items(known)
    if options.session is not None:
        sessions = list(dict.fromkeys(item.event.session for item in items if item.event))
        if options.session not in sessions:
            raise UsageError(f"`session` {options.session}: found only sessions {', '.join(sessions) or 'none'}.")
        items = [item for item in items if item.event and item.event.session == options.session]
    if options.blocks is not None:
        labels = list(dict.fromkeys(item.block for item in items))
        wanted = _expand(options.blocks)
        unknown = [label for label in wanted if label not in labels]
        if unknown:
            raise UsageError(f"`blocks` {options.blocks}: there is no block '{unknown[0]}', only {', '.join(labels)}.")
        items = [item for item in items if item.block in wanted]
    return items


def rows_of(known: Known, options: Options, where: str) -> Rows:
    """Return the chosen items and where each stands in a file of the declared order.

    `presentation`: as shown, block by block. `concept`: within each block by concept, then as shown.

    Raises
    ------
    UsageError
        If no order is declared: a file without ids could be in either.
    BadDataError
        If a clip has no concept.
    """
    if options.order not in ORDERS:
        raise UsageError(
            f"{where} carries no ids: which clip is which row must be declared.",
            "Add `order` presentation (as shown: block, slot, clip) or `order` concept (block, concept 1..40, clip).",
        )
    items = chosen_items(known, options)
    parts = list(dict.fromkeys(item.part for item in items))
    order = range(len(items))
    shown = sorted(order, key=lambda k: (parts.index(items[k].part), _onset(items[k]), k))
    if options.order == "concept":
        nameless = [item for item in items if item.clip.concept is None]
        if nameless:
            raise BadDataError(f"`order` concept: clip '{nameless[0].clip.clip}' has no concept in the clip index.")
        rank = {k: place for place, k in enumerate(shown)}
        shown = sorted(order, key=lambda k: (parts.index(items[k].part), items[k].clip.concept or 0, rank[k]))
    places = np.empty(len(items), dtype=np.int64)
    places[shown] = np.arange(len(items))
    return Rows(items, places, _grid(items))


def _onset(item: Item) -> float:
    return item.event.onset_s if item.event else 0.0  # the clip index is in order already


def _grid(items: Sequence[Item]) -> tuple[int, int, int] | None:
    """Return blocks x slots x positions if every block has as many runs and every run as many clips."""
    runs: dict[tuple[str, str], dict[str, int]] = {}
    for item in items:
        if item.event is None:
            return None
        counts = runs.setdefault(item.part, {})
        counts[item.event.run] = counts.get(item.event.run, 0) + 1
    slots = {len(counts) for counts in runs.values()}
    positions = {count for counts in runs.values() for count in counts.values()}
    return (len(runs), slots.pop(), positions.pop()) if len(slots) == len(positions) == 1 else None


def _expand(text: str) -> list[str]:
    """Turn '1-6' or '1,3' into labels."""
    labels: list[str] = []
    for part in text.split(","):
        span = re.fullmatch(r"\s*(\d{1,4})-(\d{1,4})\s*", part)
        if span and int(span[1]) > int(span[2]):
            raise UsageError(f"`blocks` {text}: the range runs backwards.", "Write 1-6, 7 or 1,3.")
        labels += map(str, range(int(span[1]), int(span[2]) + 1)) if span else [part.strip()]
    return labels
