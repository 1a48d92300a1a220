"""Scores of systems and people side by side: joined over people, held against each other and against papers."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.scores import Definition, Measure, Score
from eeg2vid.stages.engine.subjects import parse_subjects
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.judging.people import person_of
from eeg2vid.stages.metrics.people import Person, Together, together
from eeg2vid.stages.metrics.versus import Versus, variance_over_seeds, versus
from eeg2vid.stages.services.published import Published, published, unfair
from eeg2vid.stages.services.score_lines import measure_name
from eeg2vid.stages.statistics.adjust import fdr, holm
from eeg2vid.stages.store.layout import find_artifacts, unit_subject
from eeg2vid.stages.store.reader import Artifact, open_artifact

ALL = "all"
Adjust = Literal["holm", "fdr"]
COLUMNS = (
    "system", "subject", "target", "metric", "variant", "subset", "condition", "name", "value", "low", "high",
    "interval", "chance", "chance_kind", "empirical_chance", "baseline", "above_chance", "p", "p_adjusted",
    "p_without_strongest", "prevalence", "n_events", "n_clips", "n_runs", "n_subjects", "note", "detail", "stamps",
)  # fmt: skip
"""What `compare` tells of every score, in the order of its CSV."""


@dataclass(frozen=True)
class System:
    """What one system scored, person by person."""

    name: str
    scores: Mapping[str, Artifact]

    @property
    def people(self) -> list[Person]:
        """The scores of everybody, and what they rest on."""
        return [person_of(artifact) for artifact in self.scores.values()]

    @property
    def definitions(self) -> dict[tuple[str, str], Definition]:
        """What the metrics are."""
        return {(d.metric, d.variant): d for a in self.scores.values() for d in a.table("definitions", Definition)}

    @property
    def stamps(self) -> list[str]:
        """What must be said of it."""
        return sorted({stamp for artifact in self.scores.values() for stamp in artifact.manifest.stamps})


def scored_systems(root: Path, wanted: Sequence[str], subjects: str) -> list[System]:
    """Return the systems of a workspace that were scored, of some subjects: all, or those that are named.

    Raises
    ------
    MissingInputError
        If nothing was scored, or nothing of somebody who is named.
    UsageError
        If a system is named that was not scored.
    """
    scored = [(one, unit_subject(one.unit)) for one in find_artifacts(root) if one.role == "scores"]
    people = parse_subjects(subjects, list(dict.fromkeys(who for _, who in scored if who is not None)))
    found: dict[str, dict[str, Artifact]] = {}
    for address, who in scored:
        if who in people:
            found.setdefault(address.variant, {})[who] = open_artifact(root, address)
    if not found:
        raise MissingInputError(f"Nothing was scored in {root}.", "Run first:\n  eeg2vid score")
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise UsageError(f"No system '{unknown[0]}' was scored here.{did_you_mean(unknown[0], found)}")
    return [System(name, found[name]) for name in (dict.fromkeys(wanted) or found)]


def rows_of(system: System) -> list[dict[str, Any]]:
    """Return every score of a system: over people, and of each person."""
    definitions, people, stamps = system.definitions, system.people, ", ".join(system.stamps)
    lower = frozenset(row.measure for one in people for row in one.scores if _lower(definitions, row))
    found = [_over_people(system.name, one, definitions) for one in together(people, lower)] if len(people) > 1 else []
    for person in people:
        for row in person.scores:
            told = row.model_dump(mode="json") | {"name": measure_name(row, definitions)}
            found.append({key: told.get(key) for key in COLUMNS} | {"system": system.name, "subject": person.subject})
    return [row | {"stamps": stamps} for row in found]


def adjusted(rows: Sequence[dict[str, Any]], method: Adjust) -> list[dict[str, Any]]:
    """Return rows whose p-values are corrected for the number of tests of one system, person and condition.

    Holm's keeps any false rejection rare, Benjamini and Hochberg's (fdr) their share among the rejections.
    """
    correct, found = (fdr if method == "fdr" else holm), [dict(row) for row in rows]
    tables: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in found:
        if row["p"] is not None:
            tables.setdefault((row["system"], row["subject"], row["condition"]), []).append(row)
    for tested in tables.values():
        for row, p in zip(tested, correct([row["p"] for row in tested]), strict=True):
            row["p_adjusted"] = p
    return found


def _lower(definitions: Mapping[tuple[str, str], Definition], row: Score) -> bool:
    told = definitions.get((row.metric, row.variant))
    return told is not None and told.direction == "lower"


def _over_people(system: str, one: Together, definitions: Mapping[tuple[str, str], Definition]) -> dict[str, Any]:
    row, joint = one.rows[0], one.joint
    notes = [] if one.alike or joint is None else ["people's runs differ: each is relabeled by itself"]
    told: dict[str, Any] = {
        **one.measure._asdict(),
        "system": system,
        "subject": ALL,
        "condition": one.condition,
        "name": measure_name(row, definitions),
        "value": one.interval.value,
        "low": _known(one.interval.low),
        "high": _known(one.interval.high),
        "interval": one.interval.how,
        "chance": one.chance,
        "chance_kind": row.chance_kind,
        "baseline": one.baseline,
        "above_chance": one.above_chance,
        "p": None if joint is None else joint.p,
        "p_adjusted": one.p_adjusted,
        "p_without_strongest": None if joint is None else joint.p_without_strongest,
        "prevalence": None if joint is None or joint.prevalence is None else joint.prevalence.bound,
        "n_events": sum(other.n_events for other in one.rows),
        "n_clips": row.n_clips,
        "n_runs": one.interval.n_runs,
        "n_subjects": len(one.rows),
        "note": "; ".join(notes),
    }
    return {key: told.get(key) for key in COLUMNS}


def _known(value: float) -> float | None:
    return None if value != value else float(value)


def against(ours: System, theirs: System, margin: float | None) -> list[dict[str, Any]]:
    """Return the differences of two systems on the events that both scored."""
    definitions = {**theirs.definitions, **ours.definitions}
    found = versus(ours.people, theirs.people, margin)
    return [_difference(ours.name, theirs.name, one, definitions) for one in found]


def _difference(
    ours: str, theirs: str, one: Versus, definitions: Mapping[tuple[str, str], Definition]
) -> dict[str, Any]:
    return {
        "system": ours,
        "against": theirs,
        **one.measure._asdict(),
        "condition": one.condition,
        "name": measure_name(one.measure, definitions),
        "difference": one.difference.value,
        "low": _known(one.difference.low),
        "high": _known(one.difference.high),
        "interval": one.difference.how,
        "p": one.p,
        "p_same": one.p_same,
        "n_events": one.difference.n_events,
        "n_runs": one.difference.n_runs,
        "n_subjects": one.people,
    }


def variances(systems: Sequence[System]) -> list[dict[str, Any]]:
    """Return where the scores of systems differ that are one but for their seeds: people, runs, seeds, the rest.

    Shares of the variance of run means; None where it cannot be told.
    """
    definitions = {key: one for system in systems for key, one in system.definitions.items()}
    everybody = [(system.name, person) for system in systems for person in system.people]
    asked = dict.fromkeys(key for _, person in everybody for key in person.given if key[1] == FULL)
    return [
        {"name": measure_name(key[0], definitions), **key[0]._asdict(), **split}
        for key in asked
        if (split := variance_over_seeds(everybody, key))
    ]


def beside_papers(system: System, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what papers print of the measures of a system, beside what it scored and why the two differ."""
    own: dict[Measure, Mapping[str, Any]] = {}
    for row in rows:
        measure = Measure(row["target"], row["metric"], row["variant"], row["subset"])
        if row["condition"] == "full" and (row["subject"] == ALL or len(system.scores) == 1):
            own.setdefault(measure, row)
    return [_beside(system, own[one.measure], one) for one in published() if one.measure in own]


def _beside(system: System, row: Mapping[str, Any], one: Published) -> dict[str, Any]:
    return {
        "name": row["name"],
        "paper": one.system,
        "theirs": one.value,
        "ours": row["value"],
        "system": system.name,
        "chance": row["chance"],
        "unfair because": "; ".join(unfair(one, len(system.scores), system.stamps)),
    }


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> None:
    """Write rows as a CSV file; an empty field is what is not known."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({key: "" if row.get(key) is None else row.get(key) for key in columns} for row in rows)
