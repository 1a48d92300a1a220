"""What a study should cite: keys named by stages and recipes, entries from citations.bib."""

from __future__ import annotations

from collections.abc import Sequence

from eeg2vid.schemas.choice import choices_in
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.plugins import owner_of
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.exchange.bibliography import bibliography, parse_entries

__all__ = ["bibliography", "cited_by", "parse_entries"]


def brought_entries(study: Study) -> dict[str, str]:
    """Return the entries that choices of other packages bring with them, by key.

    Raises
    ------
    BadDataError
        If one's `bibtex` cannot be read.
    """
    found: dict[str, str] = {}
    for name in study.planned_stages():
        for base in study.bases(name):
            for place, choice in choices_in(study.settings(name, base).settings).items():
                try:
                    found |= parse_entries(type(choice).bibtex)
                except ValueError as error:
                    raise BadDataError(f"`bibtex` of {place}, package {owner_of(type(choice))}: {error}.") from error
    return found


def cited_by(study: Study) -> dict[str, list[str]]:
    """Return the keys that a recipe, its stages and their choices cite, each with who cites it, in order."""
    citing: list[tuple[str, Sequence[str]]] = [(f"recipe {study.recipe.header.name}", study.recipe.header.cites)]
    for name in study.planned_stages():
        citing.append((name, study.stages[name].cites))
        for base in study.bases(name):
            choices = choices_in(study.settings(name, base).settings).values()
            citing += [(f"{name}, {choice.name}", type(choice).cites) for choice in choices]
    found: dict[str, list[str]] = {}
    for who, keys in citing:
        for key in keys:
            if who not in found.setdefault(key, []):
                found[key].append(who)
    return found
