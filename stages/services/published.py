"""What papers print of these metrics, and what makes a comparison with them unfair."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

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
    people
        How many were tested.
    """

    system: str
    measure: Measure
    value: float
    test: str
    how: str
    people: int


def published() -> list[Published]:
    """Return every number of the table of papers."""
    text = resources.files("eeg2vid.stages.services").joinpath("published.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    titles = {name: source["title"] for name, source in data["source"].items()}
    return [
        Published(
            titles[table["source"]],
            _measure(name, table.get("subset", "")),
            value,
            table["test"],
            table["how"],
            table["people"],
        )
        for table in data["table"]
        for name, value in table["values"].items()
    ]


def _measure(name: str, subset: str) -> Measure:
    """Return what "concept accuracy top-5" or "nway-video 40 strict" names."""
    words = name.split()
    target = words.pop(0) if words[0] in _LABELS else ""
    return Measure(target, words[0], " ".join(words[1:]), subset)


CONCEPTS = 40
"""Of which papers' tests of concepts are: SEED-DV's."""

_LABELS = ("concept", "group", "color", "fast", "number", "face", "human")


def unfair(theirs: Published, people: int, stamps: Sequence[str], chance: float) -> list[str]:
    """Say why a number of ours cannot be held against theirs.

    Parameters
    ----------
    people
        How many were scored here.
    stamps
        What must be said of what was scored.
    chance
        Of ours.
    """
    found = []
    if theirs.measure.target == "concept":
        names = int(theirs.measure.variant.removeprefix("top-")) if "top-" in theirs.measure.variant else 1
        there = names / CONCEPTS
        if abs(there - chance) > 0.01 * there:
            found.append(f"chance is {chance:.3f} here and {there:.3f} there, of {CONCEPTS} concepts")
    found += [f"paper: {theirs.test}; {theirs.how}"]
    found += ["ours is simulated, and so are the films that its judges know"] if "simulated" in stamps else []
    found += [f"ours is stamped '{stamp}'" for stamp in stamps if stamp != "simulated"]
    found += (
        [f"{people} {'person' if people == 1 else 'people'} against {theirs.people}"] if people != theirs.people else []
    )
    return found
