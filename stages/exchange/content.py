"""What foreign files hold, ready to be written as an artifact; and whether its ids are this study's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.exchange.foreign import Slabs
from eeg2vid.stages.exchange.forms import WHOLE
from eeg2vid.stages.exchange.items import Known


@dataclass
class Content:
    """Arrays, tables, attributes and files that become one artifact."""

    arrays: dict[str, Slabs] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    copies: dict[str, Path] = field(default_factory=dict)  # models/... and media/...
    files: list[Path] = field(default_factory=list)  # everything that was read
    remarks: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)  # how the files are understood
    stamps: tuple[str, ...] = ()
    protocol: str | None = None
    digest: str | None = None


def require_known_ids(schema: Schema, tables: Mapping[str, Sequence[Row]], known: Known) -> None:
    """Refuse rows about clips, events or subjects that this study does not have.

    Raises
    ------
    BadDataError
        Naming the first id that is unknown, or the event at which an event-aligned artifact differs.
    """
    wanted: dict[str, set[str]] = {}
    if schema.name != "clips":
        wanted["clip"] = {clip.clip for clip in known.clips}
    if schema.name != "events" and known.events is not None:
        wanted["event"] = {event.event for event in known.events} | {""}
    if known.subject is not None:
        wanted["subject"] = {known.subject}
    for table, rows in tables.items():
        for column, ids in wanted.items():
            unknown = [k for k, row in enumerate(rows) if getattr(row, column, "") not in ids | {""}]
            if unknown:
                name = getattr(rows[unknown[0]], column)
                raise BadDataError(f"Table '{table}', row {unknown[0] + 1}: {column} '{name}' is not in this study.")
    if schema.name in WHOLE and known.events is not None:
        found = [(getattr(row, "event", ""), getattr(row, "clip", "")) for row in tables.get("events", ())]
        here = [(event.event, event.clip) for event in known.events]
        if found != here:
            first = next((k for k, pair in enumerate(zip(found, here, strict=False)) if pair[0] != pair[1]), None)
            where = (
                f"found {counted(len(found), 'event')}, expected {len(here)}"
                if first is None
                else f"row {first + 1} differs"
            )
            raise BadDataError(f"The events are not those of subject {known.subject}'s events table: {where}.")
