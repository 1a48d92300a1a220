"""Settings of a stage variant: default < recipe < protocol < eeg2vid.toml < command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.text import sentence_of, sentences_of

Layers = Mapping[str, Mapping[str, Any]]
"""Name of a layer ('recipe ridge', 'eeg2vid.toml', 'command line') to nested settings, later ones winning."""

COMMAND_LINE = "command line"


@dataclass(frozen=True)
class Resolved:
    """Settings of one stage variant and where each value came from."""

    settings: Settings
    origins: dict[str, str]

    def dump(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return self.settings.model_dump(mode="json")


def resolve_settings(stage: Stage, layers: Layers) -> Resolved:
    """Merge the layers, later ones winning, and validate.

    Parameters
    ----------
    stage
        The stage whose Settings model decides what is allowed.
    layers
        Who says what.

    Raises
    ------
    UsageError
        If a setting is unknown or out of bounds; the sentence names the layer.
    """
    merged, origins = _merged(stage, layers)
    try:
        return Resolved(stage.Settings.model_validate(merged), origins)
    except ValidationError as error:
        first = error.errors()[0]["loc"]
        layer = origins.get(str(first[0]), "default") if first else "default"
        raise UsageError(
            f"{layer}: {sentence_of(error, stage.Settings, stage.name)}", f"See `eeg2vid {stage.name} --help`."
        ) from error


def faults_of(stage: Stage, layers: Layers) -> list[tuple[str, str]]:
    """Return all that is wrong with the settings of a variant: the layer that says it, and a sentence."""
    merged, origins = _merged(stage, layers)
    try:
        stage.Settings.model_validate(merged)
    except ValidationError as error:
        places = [problem["loc"] for problem in error.errors()]
        layers_of = [origins.get(str(place[0]), "default") if place else "default" for place in places]
        return list(zip(layers_of, sentences_of(error, stage.Settings, stage.name), strict=True))
    return []


def _merged(stage: Stage, layers: Layers) -> tuple[dict[str, Any], dict[str, str]]:
    """Return all that the layers say, and who had the last word on each setting."""
    defaults = stage.Settings().model_dump()
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer, values in layers.items():
        for key, value in values.items():
            merged[key] = merge(merged.get(key, defaults.get(key)), value)  # a part of a default keeps its rest
            origins[key] = layer
    return merged, origins


def merge(below: Any, above: Any) -> Any:
    """Lay one value over another: tables merge key by key, unless they name different choices."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    if "name" in above and above["name"] != below.get("name", above["name"]):
        return above
    return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}


def protocol_of(table: Mapping[str, Any] | None, settings: Settings) -> str | None:
    """Tell what settings amount to beside a recipe's published table: None where it says nothing about them.

    Parameters
    ----------
    table
        `[published.STAGE.VARIANT]` of the recipe, None if there is none.
    settings
        The settings of that variant.

    Returns
    -------
    'published' where every value of the table holds, 'corrected' where none does, 'mixed' where some do.
    """
    if not table:
        return None
    found = settings.model_dump(mode="json")
    try:  # the table's values in the form that settings give them: sets of electrodes are expanded
        wanted = type(settings).model_validate(merge(settings.model_dump(), table)).model_dump(mode="json")
    except ValidationError:  # of a choice that these settings do not make
        return "corrected"
    equal = list(_compare(table, wanted, found))
    if all(equal):
        return "published"
    return "mixed" if any(equal) else "corrected"


def _compare(table: Mapping[str, Any], wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[bool]:
    """Say for every value of a table whether it is found."""
    for key, value in table.items():
        if isinstance(value, Mapping) and isinstance(found.get(key), Mapping):
            yield from _compare(value, wanted[key], found[key])
        else:
            yield key in found and found[key] == wanted[key]
