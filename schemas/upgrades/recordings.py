"""Recordings 1 -> 2: a table of marked spans; version 1 kept none."""

from __future__ import annotations

from collections.abc import Collection

from eeg2vid.schemas.upgrades import Facts, Tables, Upgrade


def _content(tables: Tables, attributes: Facts, _: Collection[str]) -> tuple[Tables, Facts]:
    return {**tables, "spans": []}, attributes


RECORDINGS_1 = Upgrade(_content)
