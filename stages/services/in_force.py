"""Every setting that is in force, its default, and who decided: the origin of each single value."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from eeg2vid.schemas.choice import Choice, choices_of
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.origins import DEFAULT
from eeg2vid.stages.engine.recipe import recipe_path
from eeg2vid.stages.engine.settings import COMMAND_LINE
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.engine.workspace import CONFIG, read_toml
from eeg2vid.stages.services.toml_lines import line_of

_PUBLISHED = ", [published]"

Path = tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """One setting of one variant.

    Attributes
    ----------
    setting
        Its name, dotted where it lies inside another: `network.width`.
    value, default
        In the form of JSON.
    origin
        'default', 'recipe NAME', 'recipe NAME, [published]', 'recipe NAME, [sweep]', 'variant NAME' (the choice that
        the variant is called after), 'eeg2vid.toml' or 'command line'.
    line
        Where it stands in eeg2vid.toml, None if elsewhere.
    meaning, allowed
        Sentences: what it is, with its unit; what it takes.
    """

    stage: str
    variant: str
    setting: str
    value: Any
    default: Any
    origin: str
    meaning: str
    allowed: str
    line: int | None = None

    @property
    def mine(self) -> bool:
        """Tell whether eeg2vid.toml or the command line decided it."""
        return self.origin in (CONFIG, COMMAND_LINE)


@dataclass
class _Written:
    """The files of a recipe and of what it extends, the recipe first: who says what."""

    files: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def origin(self, layer: str, stage: str, variants: list[str], path: Path) -> str:
        """Name the recipe that says a value; it is the sweep's if none does."""
        published = layer.endswith(_PUBLISHED)
        for name, data in self.files:
            tables = data.get("published", {}) if published else data
            for variant in variants:
                if _holds(tables.get(stage, {}).get(variant, {}), path):
                    return f"recipe {name}{_PUBLISHED if published else ''}"
        return f"{layer}, [sweep]" if len(variants) > 1 else layer


def values_of(study: Study, stage: str, variant: str) -> list[Value]:
    """Return every setting of a variant, in the order of its stage's declaration.

    Parameters
    ----------
    study
        The workspace through its recipe.
    stage, variant
        A stage and one of its variants without condition; conditions change no setting.

    Raises
    ------
    UsageError
        If a setting is unknown or out of bounds.
    """
    resolved = study.settings(stage, variant)
    origins = resolved.origins_of_values()
    written, config = _recipe_files(study), study.root / CONFIG
    sweep = study.recipe.sweep
    swept = sweep is not None and stage in sweep.stages and variant in sweep.names
    variants = [variant, sweep.variant] if sweep is not None and swept else [variant]
    found = []
    for path, info, value, default in _leaves(resolved.settings, study.stages[stage].Settings()):
        origin = origins.get(".".join(path), DEFAULT)
        if origin.startswith("recipe "):
            origin = written.origin(origin, stage, variants, path)
        lines = [line_of(config, (stage, name, *path)) for name in variants] if origin == CONFIG else []
        found.append(
            Value(
                stage,
                variant,
                ".".join(path),
                value,
                default,
                origin,
                meaning=info.description or "",
                allowed=_allowed(info),
                line=next((line for line in lines if line), None),
            )
        )
    return found


def chosen_variants(study: Study, asked: str | None) -> list[tuple[str, str]]:
    """Return planned variants, without conditions: all, those of a STAGE, or STAGE.VARIANT.

    Raises
    ------
    UsageError
        If there is no such stage or variant.
    """
    if asked is None:
        return [(stage, base) for stage in study.planned_stages() for base in study.bases(stage)]
    stage, _, variant = asked.replace("/", ".", 1).partition(".")
    if stage not in study.stages:
        raise UsageError(f"There is no stage '{stage}'.{did_you_mean(stage, study.stages)}")
    bases = study.bases(stage)
    if variant and variant not in bases:
        raise UsageError(
            f"No variant '{variant}' of {stage} is planned by recipe '{study.recipe.header.name}' or {CONFIG}."
            f"{did_you_mean(variant, bases)}"
        )
    return [(stage, base) for base in ([variant] if variant else bases)]


def _recipe_files(study: Study) -> _Written:
    """Read a study's recipe and what it extends."""

    def read() -> _Written:
        found = _Written()
        named = study.choices.recipe or study.workspace.named(study.workspace.study.recipe) or study.recipe.header.name
        try:
            path = recipe_path(named)
        except UsageError:  # of clips without EEG: it has no file
            return found
        while True:
            data = read_toml(path)
            found.files.append((data["recipe"]["name"], data))
            if not (parent := data["recipe"].get("extends")):
                return found
            path = recipe_path(parent, path.parent)

    return study.once("recipe files", read)


def _holds(table: Any, path: Path) -> bool:
    """Tell whether a table says a value, or something that it lies in."""
    for part in path:
        if not isinstance(table, dict):
            return True
        if part not in table:
            return False
        table = table[part]
    return True


def _leaves(
    settings: BaseModel, defaults: BaseModel | None, above: FieldInfo | None = None
) -> Iterator[tuple[Path, FieldInfo, Any, Any]]:
    """Yield path, declaration, value and default of every single setting, nested ones in their place."""
    dumped = settings.model_dump(mode="json")
    standard = defaults.model_dump(mode="json") if defaults is not None else {}
    for name, info in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            below = getattr(defaults, name, None)
            if type(below) is not type(value):  # another choice than the default one: its own defaults
                below = type(value)()
            for path, inner, one, default in _leaves(value, below, info):
                if path == ("name",) and isinstance(value, Choice):  # of the choice itself, which may have no default
                    default = getattr(getattr(defaults, name, None), "name", None)
                yield (name, *path), inner, one, default
        elif name == "name" and isinstance(settings, Choice) and above is not None:
            yield (name,), above, dumped[name], standard.get(name)
        else:
            yield (name,), info, dumped[name], standard.get(name)


def _allowed(info: FieldInfo) -> str:
    """Say what a setting takes: one of some words, a number within bounds, a list of such."""
    if choices := choices_of(info):
        return f"one of {', '.join(choices)}"
    kinds = [kind for kind in typing.get_args(info.annotation) if kind is not type(None)]
    optional = type(None) in typing.get_args(info.annotation)
    kind = kinds[0] if optional else info.annotation
    said = _kind(kind) + _bounds(info.metadata)
    return f'{said}, or "none"' if optional else said


def _kind(kind: Any) -> str:
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) is typing.Literal:
        return f"one of {', '.join(map(str, typing.get_args(kind)))}"
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)
        return f"a list, each {_kind(inner[0])}" if inner[-1] is Ellipsis else f"{len(inner)} numbers"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}.get(kind, "a table")


def _bounds(metadata: list[Any]) -> str:
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    empty = [", not empty" for one in metadata if getattr(one, "min_length", None)]
    found = [
        f" {text} {limit:g}"
        for name, text in words.items()
        for one in metadata
        if (limit := getattr(one, name, None)) is not None and limit is not PydanticUndefined
    ]
    return ",".join(found) + "".join(empty)
