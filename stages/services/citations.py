"""What a study should cite: keys named by stages and recipes, entries from citations.bib."""

from __future__ import annotations

from collections.abc import Sequence

from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.exchange.bibliography import bibliography, choices_in, parse_entries

__all__ = ["bibliography", "cited_by", "parse_entries"]


def cited_by(study: Study) -> dict[str, list[str]]:
    """Return the keys that a recipe, its stages and their choices cite, each with who cites it, in order."""
    citing: list[tuple[str, Sequence[str]]] = [(f"recipe {study.recipe.header.name}", study.recipe.header.cites)]
    for name in study.planned_stages():
        citing.append((name, study.stages[name].cites))
        for base in study.bases(name):
            chosen = choices_in(study.settings(name, base).settings)
            citing += [(f"{name}, {choice.name}", type(choice).cites) for choice in chosen]
    found: dict[str, list[str]] = {}
    for who, keys in citing:
        for key in keys:
            if who not in found.setdefault(key, []):
                found[key].append(who)
    return found
