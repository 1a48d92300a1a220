"""What papers print of these metrics, and what makes a comparison with them unfair."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from eeg2vid.schemas.scores import Measure


@dataclass(frozen=True)
class Published:
    """One number of a paper.

    Attributes
    ----------
    system
        Title of the paper.
    test
        What it was tested on.
    how
        What must be known of how it came about.
    classes, people
        Concepts among the test clips, and people.
    """

    system: str
    measure: Measure
    value: float
    test: str
    how: str
    classes: int
    people: int


def published() -> list[Published]:
    """Return every number of the table of papers."""
    text = resources.files("eeg2vid.stages.services").joinpath("published.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    titles = {name: source["title"] for name, source in data["source"].items()}
    return [
        Published(
            titles[table["source"]],
            _measure(name),
            value,
            table["test"],
            table["how"],
            table["classes"],
            table["people"],
        )
        for table in data["table"]
        for name, value in table["values"].items()
    ]


def _measure(name: str) -> Measure:
    """Return what "concept accuracy top-5" or "nway-video 40 strict" names."""
    words = name.split()
    target = words.pop(0) if words[0] in _LABELS else ""
    return Measure(target, words[0], " ".join(words[1:]), "")


_LABELS = ("concept", "group", "color", "fast", "number", "face", "human")


def unfair(theirs: Published, ours: Mapping[str, Any]) -> list[str]:
    """Say why a number of ours cannot be held against theirs.

    Parameters
    ----------
    ours
        `people`, `classes`, `stamps` of what was scored, `models`: the profile behind eyes, `imported`.
    """
    found = [f"theirs: {theirs.test}"]
    stamps: Sequence[str] = ours["stamps"]
    found += ["ours is simulated"] if "simulated" in stamps else []
    found += ["ours leaks" for stamp in stamps if stamp.startswith("leak")][:1]
    found += ["other judge networks"] if ours["judges"] == "tiny" and not theirs.measure.target else []
    if ours["classes"] and ours["classes"] != theirs.classes:
        found.append(f"{ours['classes']} concepts against {theirs.classes}")
    if ours["people"] != theirs.people:
        found.append(f"{ours['people']} people against {theirs.people}")
    return [*found, theirs.how]
