"""Fingerprints: everything that decides a result, hashed; and why one differs from another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from eeg2vid.schemas.catalogue import SCHEMAS
from eeg2vid.schemas.choice import choices_in
from eeg2vid.schemas.errors import MissingPackageError
from eeg2vid.schemas.manifest import InputRef, Manifest, ModelRef, PluginRef, SourceFile
from eeg2vid.schemas.plugins import reference_of
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.words import counted
from eeg2vid.stages.engine.sources import called, source_differences
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.store.digest import sha256_json


def fingerprint(
    stage: Stage,
    settings: Settings,
    inputs: Sequence[InputRef],
    models: Sequence[ModelRef],
    sources: Sequence[SourceFile],
) -> str:
    """Hash stage, schema and choice versions, settings, inputs' digests, models' identities and source files."""
    decided = {
        "stage": [stage.name, stage.version],
        "schemas": {role: [w.schema.name, w.schema.version] for role, w in sorted(stage.writes.items())},
        "settings": settings.model_dump(mode="json"),
        "inputs": sorted([ref.address, ref.digest] for ref in inputs),
        "models": sorted([ref.role, ref.identity] for ref in models),
        "sources": sorted([called(file), file.sha256] for file in sources),
    }
    choices = {place: version for place, version in choice_versions(settings).items() if version > 1}
    plugins = {place: [one.package, one.version, one.sha256] for place, one in plugins_of(settings).items()}
    return sha256_json(decided | ({"choices": choices} if choices else {}) | ({"plugins": plugins} if plugins else {}))


def choice_versions(settings: BaseModel) -> dict[str, int]:
    """Return the version of every choice in some settings: {'network glmnet': 1}."""
    return {place: type(value).version for place, value in choices_in(settings).items()}


def plugins_of(settings: BaseModel) -> dict[str, PluginRef]:
    """Return what is known of the choices of other packages in some settings, by place."""
    found = {place: reference_of(value) for place, value in choices_in(settings).items()}
    return {place: one for place, one in found.items() if one is not None}


def require_installed(settings: BaseModel) -> None:
    """Refuse settings with a choice whose package is not installed.

    Raises
    ------
    MissingPackageError
        With the command that installs it.
    """
    for value in choices_in(settings).values():
        if value.stands_in:
            raise MissingPackageError(*value.stands_in)


def still_holds(
    old: Manifest,
    stage: Stage,
    settings: Settings,
    inputs: Sequence[InputRef],
    models: Sequence[ModelRef],
    sources: Sequence[SourceFile],
) -> bool:
    """Tell whether an artifact of an older form is what would be made today: nobody makes it again.

    Its settings are brought to today's form by the stage, its schema by the catalogue. An input that the older
    version of the stage read and today's does not is no difference, a new one is.
    """
    older = old.stage_version < stage.version
    unnamed = any(file.name is None for file in old.sources)
    of_before = old.schema_version != SCHEMAS[old.schema_name].version or old.upgraded_from
    if not older and not unnamed and not of_before:
        return False
    upgraded = stage.upgraded_settings(dict(old.settings), old.stage_version)
    if upgraded is None:
        return False
    then = old.model_copy(update={"settings": upgraded, "stage_version": stage.version})
    if older:
        read = {ref.address for ref in inputs}
        then = then.model_copy(update={"inputs": tuple(ref for ref in old.inputs if ref.address in read)})
    return not differences(then, stage, settings, inputs, models, sources)


def differences(
    old: Manifest,
    stage: Stage,
    settings: Settings,
    inputs: Sequence[InputRef],
    models: Sequence[ModelRef],
    sources: Sequence[SourceFile],
) -> list[str]:
    """Say in words what changed since an artifact was made."""
    found = []
    if old.stage_version != stage.version:
        found.append(f"stage version {old.stage_version} -> {stage.version}")
    versions = choice_versions(settings)
    found += [
        f"{choice} version {old.choices.get(choice, 1)} -> {version}"
        for choice, version in versions.items()
        if version != old.choices.get(choice, 1)
    ]
    found += _plugin_changes(old.plugins, plugins_of(settings), versions)
    found += _setting_changes(stage.name, old.settings, settings.model_dump(mode="json"))
    then, now = ({ref.address: ref.digest for ref in refs} for refs in (old.inputs, inputs))
    found += [f"input {address} is new" for address in now.keys() - then.keys()]
    found += [f"input {address} is no longer read" for address in then.keys() - now.keys()]
    found += [f"input {address} changed" for address in now.keys() & then.keys() if now[address] != then[address]]
    before = {ref.role: ref.identity for ref in old.models}
    found += [f"model '{ref.role}' changed" for ref in models if before.get(ref.role) != ref.identity]
    return sorted(found + source_differences(old.sources, sources))


def _plugin_changes(then: Mapping[str, PluginRef], now: Mapping[str, PluginRef], chosen: Iterable[str]) -> list[str]:
    """Say what changed in the packages that bring a choice; another choice is a change of settings."""
    found = []
    for place in chosen:
        old, new = then.get(place), now.get(place)
        if str(old) != str(new):
            found.append(f"{place} is of {new or 'eeg2vid itself'}, was of {old or 'eeg2vid itself'}")
        elif old and new and old.sha256 != new.sha256:
            found.append(f"{place}: the code of package {new} changed")
    return found


def _setting_changes(prefix: str, old: Any, new: Any) -> list[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted({*old, *new})
        return [line for key in keys for line in _setting_changes(f"{prefix}.{key}", old.get(key), new.get(key))]
    if old == new:
        return []
    if isinstance(old, list) and isinstance(new, list) and len(old) != len(new):
        return [f"`{prefix}` {len(old)} -> {counted(len(new), 'value')}"]
    return [f"`{prefix}` {_short(old)} -> {_short(new)}"]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
