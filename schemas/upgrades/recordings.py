"""Clips and events 1 -> 2: what tells copies apart was not measured then and is absent now."""

from __future__ import annotations

from collections.abc import Collection

from eeg2vid.schemas.upgrades import Facts, Tables, Upgrade


def _content(tables: Tables, attributes: Facts, _: Collection[str]) -> tuple[Tables, Facts]:
    return tables, attributes


CLIPS_1 = Upgrade(_content)
EVENTS_1 = Upgrade(_content)
