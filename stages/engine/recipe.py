"""Recipes: a published system as stage variants, their settings and its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eeg2vid.schemas.choice import choices_of
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.settings import merge
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.sweep import Sweep, Tables, read_sweep
from eeg2vid.stages.engine.text import did_you_mean, sentence_of
from eeg2vid.stages.engine.workspace import check_tables, read_toml
from eeg2vid.stages.store.layout import join_eye

DEFAULT_RECIPE = "ridge"


class RecipeHeader(BaseModel):
    """The `[recipe]` table of a recipe file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    about: str = ""
    cites: tuple[str, ...] = ()
    conditions: tuple[str, ...] = Field((), description="controls that `score` puts beside the full condition")
    eyes: tuple[str, ...] = Field((), description="judge networks that look at every system's videos, for `score`")
    extends: str | None = Field(None, description="recipe over which this one lays its tables: a name, or a TOML file")


@dataclass(frozen=True)
class Recipe:
    """A header and the `[stage.variant]` tables, a sweep's spread out.

    Attributes
    ----------
    published
        `[published.stage.variant]`: what a published system's own code does, laid over the tables by
        `--protocol published`.
    sweep
        The points of a `[sweep]`, None where there is none.
    """

    header: RecipeHeader
    tables: Tables
    published: Tables = field(default_factory=dict)
    sweep: Sweep | None = None

    def published_table(self, stage: str, base: str) -> Mapping[str, Any] | None:
        """Return what the published system sets in a stage's variant, None where the recipe does not say."""
        return self.published.get(stage, {}).get(base)

    def require_published(self) -> None:
        """Refuse the published protocol where the recipe does not say what it is.

        Raises
        ------
        UsageError
            It names the built-in recipes that do.
        """
        if not self.published:
            known = ", ".join(name for name in builtin_recipes() if _says_published(name))
            raise UsageError(
                f"Recipe '{self.header.name}' does not say what its published protocol is: it has no table "
                "[published.STAGE.VARIANT].",
                f"Recipes that do: {known}.",
            )

    def spread(self, tables: Tables) -> Tables:
        """Give a study's tables of a swept variant to each of its points."""
        return self.sweep.spread(tables) if self.sweep else tables

    def kin(self, base: str, bases: list[str]) -> list[str]:
        """Return the variants, among those of a stage, that another stage's variant reads: its namesake, or all."""
        return [base] if base in bases else (self.sweep.kin(base, bases) if self.sweep else []) or bases


@dataclass(frozen=True)
class _Source:
    """A recipe as written, with what it extends below it and nothing spread out."""

    header: RecipeHeader
    tables: Tables
    published: Tables
    sweep: Any


def builtin_recipes() -> list[str]:
    """Return the names of the recipes in the package, the default one first."""
    names = [entry.name[:-5] for entry in resources.files("eeg2vid.recipes").iterdir() if entry.name.endswith(".toml")]
    return sorted(names, key=lambda name: (name != DEFAULT_RECIPE, name))


def load_recipe(name: str, stages: Mapping[str, Stage]) -> Recipe:
    """Load a built-in recipe by name or any recipe by its TOML file.

    Raises
    ------
    UsageError
        If there is no such recipe, its tables name unknown stages, its sweep cannot be spread out, or what it extends
        leads back to it.
    """
    path = recipe_path(name)
    source = _read(path, list(stages), ())
    tables, published, sweep = source.tables, source.published, None
    if source.sweep is not None:
        sweep = read_sweep(source.sweep, str(path), tables, stages)
        tables, published = sweep.spread(tables, values=True), sweep.spread(published)
    return Recipe(source.header, _looked_at(tables, source.header.eyes, stages, str(path)), published, sweep)


def _looked_at(tables: Tables, eyes: tuple[str, ...], stages: Mapping[str, Stage], where: str) -> Tables:
    """Give every eye of the header a variant at every system, `SYSTEM+EYE`, unless it has a table of its own.

    Raises
    ------
    UsageError
        If there is no such eye.
    """
    planned = {stage: dict(variants) for stage, variants in tables.items()}
    for name, stage in stages.items() if eyes else ():
        if not stage.named_after:
            continue
        known = choices_of(stage.Settings.model_fields[stage.named_by])
        for eye in eyes:
            if eye not in known:
                raise UsageError(f"{where}, `eyes`: there is no eye '{eye}'.{did_you_mean(eye, known)}")
        makers = [other for other, one in stages.items() if stage.named_after in one.writes]
        for system in dict.fromkeys(base for maker in makers for base in tables.get(maker, {})):
            for eye in eyes:
                planned.setdefault(name, {}).setdefault(join_eye(system, eye), {})
    return planned


def recipe_path(name: str, folder: Path = Path()) -> Path:
    """Return the file of a recipe: a built-in one by name, or a TOML file, relative to a folder."""
    if name.endswith(".toml"):
        return folder / name
    if name in builtin_recipes():
        return Path(str(resources.files("eeg2vid.recipes") / f"{name}.toml"))
    raise UsageError(f"There is no recipe '{name}'.{did_you_mean(name, builtin_recipes())}")


def _says_published(name: str) -> bool:
    """Tell whether a built-in recipe, or one that it extends, has published tables."""
    data = read_toml(recipe_path(name))
    parent = data.get("recipe", {}).get("extends")
    return "published" in data or (parent is not None and _says_published(parent))


def _read(path: Path, stages: list[str], below: tuple[Path, ...]) -> _Source:
    """Read a recipe and lay it over what it extends; `below` are the files that led here."""
    if path.resolve() in below:
        round_trip = " -> ".join(one.name for one in (*below, path))
        raise UsageError(f"{below[0]}: its `extends` leads back to itself: {round_trip}.")
    data = read_toml(path)
    try:
        header = RecipeHeader.model_validate(data.pop("recipe", {}))
    except ValidationError as error:
        raise UsageError(f"{path}: {sentence_of(error, RecipeHeader, 'recipe')}") from error
    published, sweep = data.pop("published", {}), data.pop("sweep", None)
    check_tables(data, str(path), stages)
    check_tables(published, f"{path}, [published]", stages)
    if header.extends is None:
        _check_published(published, data, str(path))
        return _Source(header, data, published, sweep)
    try:
        parent_path = recipe_path(header.extends, path.parent)
    except UsageError as error:
        raise UsageError(f"{path}, `extends`: {error.message}") from error
    parent = _read(parent_path, stages, (*below, path.resolve()))
    tables = merge(parent.tables, data)
    _check_published(published, tables, str(path))
    return _Source(
        _inheriting(header, parent.header),
        tables,
        merge(parent.published, published),
        parent.sweep if sweep is None else sweep,
    )


def _inheriting(header: RecipeHeader, parent: RecipeHeader) -> RecipeHeader:
    """Return a header with its parent's conditions, eyes and words unless it has its own, and the papers of both."""
    mine = header.model_fields_set
    kept = {name: getattr(parent, name) for name in ("about", "conditions", "eyes") if name not in mine}
    return header.model_copy(update={**kept, "cites": tuple(dict.fromkeys((*parent.cites, *header.cites)))})


def _check_published(published: Tables, tables: Tables, where: str) -> None:
    """Refuse published tables of variants that the recipe does not have: they would never be laid over anything."""
    for stage, variants in published.items():
        planned = tables.get(stage) or {"default": {}}
        for variant, table in variants.items():
            if variant not in planned:
                raise UsageError(
                    f"{where}, [published.{stage}.{variant}]: the recipe has no such variant of {stage}."
                    f"{did_you_mean(variant, planned)}"
                )
            if "from" in table:
                raise UsageError(
                    f"{where}, [published.{stage}.{variant}]: `from` belongs into [{stage}.{variant}]; a protocol "
                    "changes settings, not what is read."
                )
