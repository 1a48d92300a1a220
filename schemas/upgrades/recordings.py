"""Clips, events and recordings 1 -> 2: copies were not told apart then, and nothing was kept of spans marked as bad."""

from __future__ import annotations

from collections.abc import Collection

from eeg2vid.schemas.upgrades import Facts, Tables, Upgrade


def _same(tables: Tables, attributes: Facts, _: Collection[str]) -> tuple[Tables, Facts]:
    return tables, attributes


def _without_spans(tables: Tables, attributes: Facts, _: Collection[str]) -> tuple[Tables, Facts]:
    return {**tables, "spans": []}, attributes


CLIPS_1 = Upgrade(_same)
EVENTS_1 = Upgrade(_same)
RECORDINGS_1 = Upgrade(_without_spans)
