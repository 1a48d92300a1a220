"""Settings of a stage variant: default < recipe < protocol < eeg2vid.toml < command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from eeg2vid.schemas.choice import Choice
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.origins import origins_of
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
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def dump(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return self.settings.model_dump(mode="json")

    def origins_of_values(self) -> dict[str, str]:
        """Return the layer that decided each value, nested ones by dotted key: {'network.width': 'command line'}."""
        return origins_of(self.dump(), type(self.settings)().model_dump(mode="json"), self.layers)


StandIn = Callable[[str, str], type[Choice] | None]
"""From a setting and a name to what stands for a choice whose package is not installed."""


def _nothing_known(field: str, name: str) -> None:
    """Know of no choice that is not here."""


def resolve_settings(stage: Stage, layers: Layers, stand_in: StandIn = _nothing_known) -> Resolved:
    """Merge the layers, later ones winning, and validate.

    Parameters
    ----------
    stage
        The stage whose Settings model decides what is allowed.
    layers
        Who says what.
    stand_in
        Asked for choices that nobody brings.

    Raises
    ------
    UsageError
        If a setting is unknown or out of bounds; the sentence names the layer.
    """
    merged, origins = _merged(stage, layers)
    try:
        return Resolved(_validated(stage, merged, stand_in), origins, dict(layers))
    except ValidationError as error:
        first = error.errors()[0]["loc"]
        layer = origins.get(str(first[0]), "default") if first else "default"
        hint = f"See `eeg2vid {stage.name} --help`."
        if error.errors()[0]["type"] == "choice_unknown":
            hint += " If another package brings it, install that: `eeg2vid doctor` names those that are here."
        raise UsageError(f"{layer}: {sentence_of(error, stage.Settings, stage.name)}", hint) from error


def _validated(stage: Stage, merged: Mapping[str, Any], stand_in: StandIn) -> Settings:
    try:
        return stage.Settings.model_validate(merged)
    except ValidationError as error:
        unknown = [one["loc"][0] for one in error.errors() if one["type"] == "choice_unknown" and len(one["loc"]) == 1]
        named = {str(field): merged[str(field)] for field in unknown}
        found = {field: stand_in(field, str(value["name"])) for field, value in named.items()}
        known = {field: choice.model_validate(named[field]) for field, choice in found.items() if choice is not None}
        if not known:
            raise
        return _validated(stage, {**merged, **known}, stand_in)


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
