"""Scores of systems and people side by side: joined over people, held against each other and against papers."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import stdev
from typing import Any, Literal, TextIO

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.scores import Definition, Measure, Score
from eeg2vid.stages.engine.subjects import parse_subjects
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.judging.people import person_of
from eeg2vid.stages.metrics.people import Person, Together, together
from eeg2vid.stages.metrics.versus import Versus, variance_over_seeds, versus
from eeg2vid.stages.reporting.glossary import Glossary
from eeg2vid.stages.services.published import Published, published, unfair
from eeg2vid.stages.statistics.adjust import fdr, holm
from eeg2vid.stages.store.layout import find_artifacts, unit_subject
from eeg2vid.stages.store.reader import Artifact, open_artifact

ALL = "all"
Adjust = Literal["holm", "fdr"]
COLUMNS: dict[str, str] = {
    "system": "variant of score",
    "against": "the system that is subtracted: value, interval and p are then of the difference; empty: a score",
    "subject": "whose score; all: over people",
    "target": "what was decoded; empty: the videos",
    "metric": "name of the metric",
    "variant": "of the metric; empty: the metric as such",
    "subset": "which events; empty: all that were decoded",
    "condition": "what was put in place of the EEG or of a part; full: nothing, tables call it decoded",
    "name": "the measure as tables write it",
    "value": "the score; over people their mean",
    "sd": "standard deviation over people, n - 1; empty: of one person",
    "low": "lower end of the 95 % interval",
    "high": "its upper end",
    "interval": "how the interval was found",
    "chance": "what knowing nothing scores",
    "chance_kind": "how that was found: analytic, pairing, majority",
    "empirical_chance": "beside a formula: what wrong pairings score",
    "baseline": "what always naming the commonest class scores; where it is more than chance tables show it as chance",
    "above_chance": "share of the way from chance to the best possible value",
    "p": "one-sided, by exchange of whole runs; of a difference two-sided",
    "p_adjusted": "p corrected for the tests of one system, person and condition (--adjust)",
    "p_without_strongest": "p over people without the strongest of them",
    "prevalence": "more than this share of people shows it (95 % bound)",
    "n_events": "events",
    "n_clips": "different clips",
    "n_runs": "runs",
    "n_subjects": "people that the row rests on",
    "note": "what must be known to read p",
    "detail": "how the value came about",
    "stamps": "what must be said of the system: simulated, leaks",
}
"""What `compare` tells of every score, in the order of its CSV, and what each column holds."""


@dataclass(frozen=True)
class System:
    """What one system scored, person by person."""

    name: str
    scores: Mapping[str, Artifact]

    @cached_property
    def people(self) -> list[Person]:
        """The scores of everybody, and what they rest on."""
        return [person_of(artifact) for artifact in self.scores.values()]

    @cached_property
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
            told = row.model_dump(mode="json") | {"name": Glossary(definitions).name(row)}
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


def _lower(definitions: dict[tuple[str, str], Definition], row: Score) -> bool:
    told = definitions.get((row.metric, row.variant))
    return told is not None and told.direction == "lower"


def _over_people(system: str, one: Together, definitions: dict[tuple[str, str], Definition]) -> dict[str, Any]:
    row, joint = one.rows[0], one.joint
    notes = [] if one.alike or joint is None else ["people's runs differ: each is relabeled by itself"]
    told: dict[str, Any] = {
        **one.measure._asdict(),
        "system": system,
        "subject": ALL,
        "condition": one.condition,
        "name": Glossary(definitions).name(row),
        "value": one.interval.value,
        "sd": stdev([other.value for other in one.rows]) if len(one.rows) > 1 else None,
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
    """Return the differences of two systems on the events that both scored: over people, and of each of several."""
    definitions = {**theirs.definitions, **ours.definitions}
    other = {person.subject: person for person in theirs.people}
    mine = [person for person in ours.people if person.subject in other]
    found = versus(mine, list(other.values()), margin)
    rows = [_difference(ours.name, theirs.name, ALL, one, definitions) for one in found]
    for person in mine if len(mine) > 1 else ():
        own = versus([person], [other[person.subject]], margin)
        rows += [_difference(ours.name, theirs.name, person.subject, one, definitions) for one in own]
    stamps = ", ".join(dict.fromkeys([*ours.stamps, *theirs.stamps]))
    return [row | {"stamps": stamps} for row in rows]


def _difference(
    ours: str, theirs: str, subject: str, one: Versus, definitions: dict[tuple[str, str], Definition]
) -> dict[str, Any]:
    return {
        "system": ours,
        "against": theirs,
        "subject": subject,
        **one.measure._asdict(),
        "condition": one.condition,
        "name": Glossary(definitions).name(one.measure),
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


def tidy(scores: Sequence[Mapping[str, Any]], differences: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return scores and differences as rows of one table with `COLUMNS`."""
    rows = [*scores, *({**row, "value": row["difference"]} for row in differences)]
    return [{key: row.get(key) for key in COLUMNS} for row in rows]


def variances(systems: Sequence[System]) -> list[dict[str, Any]]:
    """Return where the scores of systems differ that are one but for their seeds: people, runs, seeds, the rest.

    Shares of the variance of run means; None where it cannot be told.
    """
    definitions = {key: one for system in systems for key, one in system.definitions.items()}
    everybody = [(system.name, person) for system in systems for person in system.people]
    asked = dict.fromkeys(key for _, person in everybody for key in person.given if key[1] == FULL)
    return [
        {"name": Glossary(definitions).name(key[0]), **key[0]._asdict(), **split}
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
        "unfair because": "; ".join(unfair(one, len(system.scores), system.stamps, row["chance"])),
    }


def write_csv(file: TextIO, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV with `COLUMNS`; an empty field is what is not known."""
    writer = csv.DictWriter(file, list(COLUMNS), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({key: "" if row.get(key) is None else row.get(key) for key in COLUMNS} for row in rows)
