"""Recipes: a published system as stage variants, their settings and its conditions."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.text import did_you_mean, sentence_of
from eeg2vid.stages.engine.workspace import check_tables, read_toml

DEFAULT_RECIPE = "ridge"


class RecipeHeader(BaseModel):
    """The `[recipe]` table of a recipe file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    about: str = ""
    cites: tuple[str, ...] = ()
    conditions: tuple[str, ...] = Field((), description="controls that `score` puts beside the full condition")


@dataclass(frozen=True)
class Recipe:
    """A header and the `[stage.variant]` tables."""

    header: RecipeHeader
    tables: dict[str, dict[str, dict[str, Any]]]


def builtin_recipes() -> list[str]:
    """Return the names of the recipes in the package, the default one first."""
    names = [entry.name[:-5] for entry in resources.files("eeg2vid.recipes").iterdir() if entry.name.endswith(".toml")]
    return sorted(names, key=lambda name: (name != DEFAULT_RECIPE, name))


def load_recipe(name: str, stages: list[str]) -> Recipe:
    """Load a built-in recipe by name or any recipe by its TOML file.

    Raises
    ------
    UsageError
        If there is no such recipe or its tables name unknown stages.
    """
    path = recipe_path(name)
    data = read_toml(path)
    try:
        header = RecipeHeader.model_validate(data.pop("recipe", {}))
    except ValidationError as error:
        raise UsageError(f"{path}: {sentence_of(error, RecipeHeader, 'recipe')}") from error
    check_tables(data, str(path), stages)
    return Recipe(header, data)


def recipe_path(name: str) -> Path:
    """Return the file of a recipe: a built-in one by name, or a TOML file."""
    if name.endswith(".toml"):
        return Path(name)
    if name in builtin_recipes():
        return Path(str(resources.files("eeg2vid.recipes") / f"{name}.toml"))
    raise UsageError(f"There is no recipe '{name}'.{did_you_mean(name, builtin_recipes())}")
