"""Settings of a stage variant: default < protocol < recipe < eeg2vid.toml < command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.settings import Protocol, Settings
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.text import sentence_of


@dataclass(frozen=True)
class Resolved:
    """Settings of one stage variant and where each value came from."""

    settings: Settings
    origins: dict[str, str]

    def dump(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return self.settings.model_dump(mode="json")


def resolve_settings(stage: Stage, layers: Mapping[str, Mapping[str, Any]]) -> Resolved:
    """Merge the layers, later ones winning, and validate.

    Parameters
    ----------
    stage
        The stage whose Settings model decides what is allowed.
    layers
        Layer name ('recipe ridge', 'eeg2vid.toml', 'command line') to nested settings.

    Raises
    ------
    UsageError
        If a setting is unknown or out of bounds; the sentence names the layer.
    """
    defaults = stage.Settings().model_dump()
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer, values in layers.items():
        for key, value in values.items():
            merged[key] = merge(merged.get(key, defaults.get(key)), value)  # a part of a default keeps its rest
            origins[key] = layer
    try:
        return Resolved(stage.Settings.model_validate(merged), origins)
    except ValidationError as error:
        first = error.errors()[0]["loc"]
        layer = origins.get(str(first[0]), "default") if first else "default"
        raise UsageError(
            f"{layer}: {sentence_of(error, stage.Settings, stage.name)}", f"See `eeg2vid {stage.name} --help`."
        ) from error


def merge(below: Any, above: Any) -> Any:
    """Lay one value over another: tables merge key by key, unless they name different choices."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    if "name" in above and above["name"] != below.get("name", above["name"]):
        return above
    return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}


def protocol_layer(stage: Stage, protocol: Protocol) -> dict[str, Any]:
    """Return the settings that a protocol preset fixes for a stage."""
    return dict(stage.published) if protocol == "published" else {}


def protocol_of(stage: Stage, settings: Settings) -> str | None:
    """Tell what a stage's own settings amount to: None where the protocol says nothing about it."""
    if not stage.published:
        return None
    dumped = settings.model_dump()
    equal = list(_compare(stage.published, dumped))
    if all(equal):
        return "published"
    return "mixed" if any(equal) else "corrected"


def _compare(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[bool]:
    for key, value in wanted.items():
        if isinstance(value, Mapping):
            yield from _compare(value, found[key])
        else:
            yield found[key] == value
