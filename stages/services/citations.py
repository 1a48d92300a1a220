"""What a study should cite: keys named by stages and recipes, entries from citations.bib."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

from eeg2vid.stages.engine.recipe import Recipe
from eeg2vid.stages.engine.stage import Stage

_HEAD = re.compile(r"@\w+\{([^,\s]+),")


@cache
def bibliography() -> dict[str, str]:
    """Return every BibTeX entry by its key, in the file's order."""
    text = (resources.files("eeg2vid.stages") / "services" / "citations.bib").read_text(encoding="utf-8")
    return parse_entries(text)


def parse_entries(text: str) -> dict[str, str]:
    """Cut a BibTeX file into entries; an entry ends where its braces close.

    Raises
    ------
    ValueError
        If a key stands twice or braces do not close.
    """
    entries: dict[str, str] = {}
    place = 0
    while head := _HEAD.search(text, place):
        depth = 0
        for place in range(head.start(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            if depth == 0 and text[place] == "}":
                break
        else:
            raise ValueError(f"entry '{head[1]}' does not end")
        if head[1] in entries:
            raise ValueError(f"entry '{head[1]}' stands twice")
        entries[head[1]] = text[head.start() : place + 1]
    return entries


def cited_by(recipe: Recipe, stages: Iterable[Stage]) -> dict[str, list[str]]:
    """Return the keys that a recipe and its stages cite, each with who cites it, in order."""
    found: dict[str, list[str]] = {}
    for who, keys in [
        (f"recipe {recipe.header.name}", recipe.header.cites),
        *((stage.name, stage.cites) for stage in stages),
    ]:
        for key in keys:
            found.setdefault(key, []).append(who)
    return found
