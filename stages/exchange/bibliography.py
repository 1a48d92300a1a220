"""BibTeX: the entries of citations.bib, and which of them settings cite."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from pydantic import ValidationError

from eeg2vid.schemas.choice import choices_in

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


def cited_in(stage: Any, settings: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return what a stage and the choices in its stored settings cite.

    Parameters
    ----------
    stage
        With `name`, `cites` and `Settings`; None: a stage that is no more.
    settings
        As a manifest keeps them.

    Returns
    -------
    By key 'by', who cites it, and 'bibtex', the entry.
    """
    if stage is None:
        return {}
    citing = [(stage.name, key) for key in stage.cites]
    entries = dict(bibliography())
    try:
        known = stage.Settings.model_validate(settings)
    except ValidationError:  # settings of an older form: the stage's own remain
        known = None
    for choice in choices_in(known).values() if known else ():
        citing += [(f"{stage.name}, {choice.name}", key) for key in type(choice).cites]
        with contextlib.suppress(ValueError):  # of another package, which `cite` names
            entries |= parse_entries(type(choice).bibtex)
    found: dict[str, dict[str, str]] = {}
    for who, key in citing:
        if key in entries:
            found.setdefault(key, {"by": who, "bibtex": entries[key]})
    return found
