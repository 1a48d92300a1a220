"""All that `compare` knows of some systems, from their stored scores: nothing is scored again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.scores import Definition, Look
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.services.asked import Asked
from eeg2vid.stages.services.comparing import (
    Adjust,
    System,
    adjusted,
    against,
    beside_papers,
    rows_of,
    scored_systems,
    variances,
)


@dataclass(frozen=True)
class Comparison:
    """Systems, their scores and their differences; variance and papers where they were asked for.

    Attributes
    ----------
    rows
        Scores of people and over them, system by system.
    differences
        Of each pair of systems, over people and of each of several.
    margin
        Up to which differences count as none; None: not asked.
    """

    systems: Sequence[System]
    rows: Sequence[dict[str, Any]]
    differences: Sequence[dict[str, Any]]
    margin: float | None = None
    variance: Sequence[dict[str, Any]] | None = None
    papers: Sequence[dict[str, Any]] | None = None
    definitions: Mapping[tuple[str, str], Definition] = field(default_factory=dict)

    def require(self, asked: Asked) -> None:
        """Refuse what nobody scored (`Asked.require`)."""
        looks = [
            row.model_dump() | {"name": Glossary(system.definitions).name(row)}
            for system in self.systems
            for artifact in system.scores.values()
            for row in artifact.table("looks", Look)
        ]
        asked.require([*self.rows, *looks])

    def only(self, asked: Asked, sort: str = "table") -> Comparison:
        """Return the scores and differences that are asked for, in some order of the measures.

        Parameters
        ----------
        sort
            table: as they were scored; name; value: greatest first; p: least first.
        """
        rows, gaps, split = (
            [row for row in some if asked.takes(row, self.definitions)]
            for some in (self.rows, self.differences, self.variance or ())
        )
        return Comparison(
            self.systems,
            _sorted(rows, sort, "value"),
            _sorted(gaps, sort, "difference"),
            self.margin,
            None if self.variance is None else split,
            self.papers,
            self.definitions,
        )

    def as_json(self) -> dict[str, Any]:
        """Return all of it for programs."""
        told: dict[str, Any] = {"scores": list(self.rows), "differences": list(self.differences)}
        told |= {} if self.papers is None else {"papers": list(self.papers)}
        return told | ({} if self.variance is None else {"variance": list(self.variance)})


def _sorted(rows: list[dict[str, Any]], sort: str, value: str) -> list[dict[str, Any]]:
    if sort == "name":
        return sorted(rows, key=lambda row: str(row["name"]).lower())
    if sort == "value":
        return sorted(rows, key=lambda row: -row[value])
    if sort == "p":
        return sorted(rows, key=lambda row: 2.0 if row["p"] is None else row["p"])
    return rows


def compare_systems(
    root: Path,
    names: Sequence[str],
    subjects: str,
    *,
    adjust: Adjust = "holm",
    margin: float | None = None,
    papers: bool = False,
    seeds: bool = False,
) -> Comparison:
    """Read what some systems of a workspace scored, and hold each against each.

    Raises
    ------
    MissingInputError
        If nothing was scored.
    UsageError
        If a system is named that was not scored, or one alone is to be compared.
    """
    found = scored_systems(root, names, subjects)
    if (margin is not None or seeds) and len(found) < 2:
        what = "--seeds" if seeds else "--margin"
        raise UsageError(f"{what} compares systems, and one was scored.", "Name two: eeg2vid compare A B")
    rows = {system.name: adjusted(rows_of(system), adjust) for system in found}
    return Comparison(
        found,
        [row for some in rows.values() for row in some],
        [row for a, b in combinations(found, 2) for row in against(a, b, margin)],
        margin,
        variances(found) if seeds else None,
        [line for one in found for line in beside_papers(one, rows[one.name])] if papers else None,
        {key: one for system in reversed(found) for key, one in system.definitions.items()},
    )
