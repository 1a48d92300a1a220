"""Read the small TOML files that people put beside their data: every complaint names the file and the key."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from eeg2vid.schemas.errors import BadDataError

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, model: type[Model]) -> Model:
    """Read a TOML file as a pydantic model.

    Raises
    ------
    BadDataError
        If the file cannot be read, is no TOML, lacks a key, or holds an unknown key or a value that does not fit.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadDataError(f"{path} cannot be read as TOML ({str(error).rstrip('.')}).") from error
    try:
        return model.model_validate(values)
    except ValidationError as error:
        sentence, hint = _sentence(error.errors()[0], model)
        raise BadDataError(f"{path}: {sentence}", hint) from error


def _sentence(problem: Mapping[str, Any], model: type[BaseModel]) -> tuple[str, str | None]:
    place = [str(part) for part in problem["loc"]]
    key = ".".join(place)
    if problem["type"] == "missing":
        return f"the key {key!r} is missing.", _meaning(model, place)
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _keys(model, place[:-1]), n=1)
        return f"the key {key!r} is unknown.", f"Was {near[0]!r} meant?" if near else None
    if problem["type"] == "value_error":
        return f"{key + ': ' if key else ''}{problem['ctx']['error']}.", None
    wish = problem["msg"].removeprefix("Input should be ").rstrip(".")
    return f"{key}: expected {wish}, found {problem['input']!r}.", _meaning(model, place)


def _model_at(model: type[BaseModel], place: list[str]) -> type[BaseModel] | None:
    for part in place:
        field = next((f for name, f in model.model_fields.items() if part in (name, f.alias)), None)
        inner = None if field is None else field.annotation
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return None
        model = inner
    return model


def _keys(model: type[BaseModel], place: list[str]) -> list[str]:
    found = _model_at(model, place)
    return [] if found is None else [field.alias or name for name, field in found.model_fields.items()]


def _meaning(model: type[BaseModel], place: list[str]) -> str | None:
    """Return what a key means, from its description."""
    for depth in range(len(place), 0, -1):
        found = _model_at(model, place[: depth - 1])
        fields = {} if found is None else {f.alias or name: f for name, f in found.model_fields.items()}
        if place[depth - 1] in fields and (text := fields[place[depth - 1]].description):
            return f"{place[depth - 1]}: {text}."
    return None
