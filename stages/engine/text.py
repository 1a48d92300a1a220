"""Sentences for people: did-you-mean, and pydantic errors as one readable line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from eeg2vid.schemas.choice import choices_of


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ' Did you mean ...?' with the nearest known word, else the list of known words."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f" Did you mean '{near[0]}'?"
    return f" Known: {', '.join(words)}." if words else ""


def sentence_of(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """Render the first problem of a validation error: which setting, what was found, what is allowed."""
    return _sentence(error.errors()[0], model, where)


def sentences_of(error: ValidationError, model: type[BaseModel], where: str) -> list[str]:
    """Render every problem of a validation error."""
    return [_sentence(problem, model, where) for problem in error.errors()]


def _sentence(problem: Any, model: type[BaseModel], where: str) -> str:
    path = [str(part) for part in problem["loc"]]
    name = ".".join([where, *path]) if path else where
    renamed = getattr(model, "renamed", {})
    if problem["type"] == "extra_forbidden" and len(path) == 1 and path[0] in renamed:
        return f"there is no setting '{name}': it is called '{renamed[path[0]]}' now."
    if problem["type"] == "extra_forbidden":
        return f"there is no setting '{name}'.{did_you_mean(path[-1], _fields_at(model, path[:-1]))}"
    if problem["type"] == "missing":
        return f"setting '{name}' is required."
    message = problem["msg"].removeprefix("Value error, ")
    given = problem.get("input")
    shown = "" if isinstance(given, dict) else f" (found {given!r})"
    sentence = f"setting '{name}': {message[:1].lower()}{message[1:]}{shown}"
    return sentence if sentence.endswith(("?", ".")) else f"{sentence}."


def _fields_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """Return the field names of the nested model at a path of an error location."""
    import typing

    for place, part in enumerate(path):
        field = model.model_fields.get(part)
        if field is None:  # a choice's or a union's tag: its class was found with the field
            continue
        if (choices := choices_of(field)) and path[place + 1 : place + 2]:
            model = choices.get(path[place + 1], model)
            continue
        nested = [t for t in typing.get_args(field.annotation) or (field.annotation,) if isinstance(t, type)]
        models = [t for t in nested if issubclass(t, BaseModel)]
        tags = [t for t in models if t.model_fields.get("name") and path[-1] == t.model_fields["name"].default]
        if tags or models:
            model = (tags or models)[0]
    return list(model.model_fields)
