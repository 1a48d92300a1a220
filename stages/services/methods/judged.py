"""Sentences about scores: measures, chance, tests, intervals, controls; and the report."""

from __future__ import annotations

from typing import Any

from eeg2vid.schemas.conditions import CONDITIONS, FULL
from eeg2vid.schemas.scores import Definition, Score
from eeg2vid.stages.reporting.glossary import Glossary, listed
from eeg2vid.stages.services.methods.made import Made, counted

_CHANCE = {
    "analytic": "follows from a formula",
    "pairing": "is what decoded clips score with the truth of other runs",
    "majority": "is the score of always naming the class that is commonest in training",
}


def scored(made: Made) -> list[str]:
    """Say what was measured, against what chance, how it was tested, beside which controls."""
    settings: Any = made.settings
    rows = made.rows("scores", "scores", Score)
    glossary = Glossary.of(made.rows("scores", "definitions", Definition))
    full = [row for row in rows if row.condition == FULL]
    lead = list(dict.fromkeys(glossary.name(row) for row in full if glossary.definition(row).lead))
    others = len({row.measure for row in full}) - len(lead)
    more = f", and {others} more" if others > 0 else ""
    found = [
        f"What was decoded was scored by {listed(lead)}{more}, on "
        f"{counted({row.n_events for row in full if not row.subset}, 'presentation', 'presentations')} of "
        f"{'1 person' if len(made.people) == 1 else f'{len(made.people)} people'}."
    ]
    for kind, text in _CHANCE.items():
        names = list(
            dict.fromkeys(
                glossary.name(row) for row in full if row.chance_kind == kind and glossary.definition(row).lead
            )
        )
        found += [f"The chance level of {listed(names)} {text}."] if names else []
    ties = {"all": "all relabelings that tie count against the score", "random": "of ties a random share counts"}
    found.append(
        f"p-values are one-sided, from {settings.permutations} exchanges of whole runs [@phipson2010permutation] "
        f"({ties[settings.ties]}), corrected after Holm for the measures of a condition; 95 % intervals rest on runs."
    )
    if len(made.people) > 1:
        found.append("Over people a measure has one test: the runs of all people are relabeled alike.")
    controls = [name for name in dict.fromkeys(row.condition for row in rows) if name in CONDITIONS]
    told = "; ".join(f"{name}: {_clause(CONDITIONS[name].sentence)}" for name in controls)
    if controls:
        found.append(f"Beside it stood {counted([len(controls)], 'condition', 'conditions')}: {told}.")
    if settings.subsets:
        found.append(f"Subsets were scored by themselves: {', '.join(settings.subsets)}.")
    return [*found, *_sources(full, glossary)]


def _sources(rows: list[Score], glossary: Glossary) -> list[str]:
    """Return the papers that the leading measures come from."""
    sources: dict[str, dict[str, None]] = {}
    for told in map(glossary.definition, rows):
        if told.source and told.lead:
            sources.setdefault(told.source, {})[told.title] = None
    if not sources:
        return []
    ssim = " [@wang2004image]" if any(row.metric == "ssim" for row in rows) else ""
    text = "; ".join(f"{listed(list(titles))} ({source})" for source, titles in sources.items())
    return [f"Where measures come from: {text}{ssim}."]


def reported(made: Made) -> list[str]:
    """Say that there is a report."""
    return ["All scores and every test clip stand in a report made by the same software."]


def _clause(sentence: str) -> str:
    """Return the first sentence of what a condition is, to go on in a list."""
    first = sentence.split(". ")[0].rstrip(".")
    return first[:1].lower() + first[1:]
