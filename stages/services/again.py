"""The command that would make an artifact again as it was made, whatever recipe and eeg2vid.toml say by now."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eeg2vid.schemas.choice import choices_of
from eeg2vid.schemas.errors import Eeg2VidError, UsageError
from eeg2vid.schemas.manifest import InputRef, Manifest
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.settings import merge
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.store.layout import split_variant, unit_subject

Tables = dict[str, Any]
_WORDS = ("true", "false", "inf", "nan")  # that TOML does not take for text


def command_again(study: Study, manifest: Manifest) -> str:
    """Return the command that makes an artifact of the same settings and inputs; of an imported one, its import.

    Raises
    ------
    UsageError
        If there is no such stage any more, or its settings cannot be said today.
    """
    if manifest.provenance == "imported":
        return _import(study, manifest)
    node = Node(manifest.stage, manifest.variant, manifest.unit)
    stage = study.stages[manifest.stage]
    settings = stage.upgraded_settings(dict(manifest.settings), manifest.stage_version)
    return command_of(study, node, manifest.settings if settings is None else settings, manifest.inputs)


def command_of(study: Study, node: Node, settings: Mapping[str, Any], inputs: Sequence[InputRef]) -> str:
    """Return the command that makes a unit with these settings and inputs in a study's workspace.

    Only what recipe and eeg2vid.toml would have otherwise is said.

    Raises
    ------
    UsageError
        If a value is none that recipe or eeg2vid.toml set: no option says that.
    """
    stage = study.stages[node.stage]
    own = _told(study, node)
    words = ["eeg2vid", stage.name, "-w", str(study.root)]
    if stage.takes_source and study.source is not None:
        words.insert(2, str(study.source))
    if study.choices.recipe:
        words += ["--recipe", study.choices.recipe]
    if study.choices.models:
        words += ["--models", study.choices.models]
    if study.choices.protocol:
        words += ["--protocol", study.choices.protocol]
    if (subject := unit_subject(node.unit)) is not None:
        words += ["--subject", subject]
    if len(study.variants(stage.name)) > 1 or node.variant not in study.variants(stage.name):
        words += ["--variant", node.variant]
        words += [] if split_variant(node.variant)[0] in study.bases(stage.name) else ["--new"]
    said = _differing(own, stage, node, settings)
    _require_said(own, stage, node, said, settings)
    words += _from(own, node, said, inputs) + [
        word for key, value in said.items() for word in _option(stage, key, value)
    ]
    return shlex.join(words)


def _told(study: Study, node: Node, settings: Mapping[str, Any] | None = None) -> Study:
    """Return the study as a command for this variant sees it, these settings on its command line."""
    old = study.choices
    choices = Choices(
        recipe=old.recipe,
        models=old.models,
        protocol=old.protocol,
        conditions=old.conditions,
        source=old.source,
        stage=node.stage,
        variant=node.variant,
        settings=settings or {},
    )
    return Study(Workspace(study.root), study.stages, choices)


def _differing(own: Study, stage: Stage, node: Node, wanted: Mapping[str, Any]) -> Tables:
    """Return the settings to state: choices by name first, then what still differs from what comes out."""
    said: Tables = {}
    for _ in range(2):
        now = (_told(own, node, said) if said else own).settings(stage.name, node.variant).dump()
        for key, value in wanted.items():
            if key not in now or now[key] == value:
                continue
            difference = _difference(now[key], value)
            if isinstance(difference, dict) and "name" in difference:  # of another choice: its own defaults come first
                difference = {"name": difference["name"]}
            said[key] = merge(said.get(key), difference)
    return said


def _require_said(own: Study, stage: Stage, node: Node, said: Tables, wanted: Mapping[str, Any]) -> None:
    """Refuse a command that would make something else: no option takes a value away."""
    stated = {key: _without_none(value) for key, value in said.items() if value is not None}
    now = _told(own, node, stated).settings(stage.name, node.variant).dump()
    for key, value in wanted.items():
        if key in now and now[key] != value:
            raise UsageError(
                f"No option of {stage.name} says `{key}` as it was, for recipe or eeg2vid.toml set what was none then.",
                "Copy the recipe and leave it out there: eeg2vid recipe copy",
            )


def _without_none(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_none(inner) for key, inner in value.items() if inner is not None}


def _difference(now: Any, wanted: Any) -> Any:
    if not (isinstance(now, dict) and isinstance(wanted, dict)):
        return wanted
    return {key: _difference(now.get(key), value) for key, value in wanted.items() if now.get(key) != value}


def _from(own: Study, node: Node, said: Mapping[str, Any], inputs: Sequence[InputRef]) -> list[str]:
    """Return a --from for each role that would be read from elsewhere."""
    read: dict[str, set[tuple[str, str]]] = {}
    for ref in inputs:
        read.setdefault(ref.role, set()).add((ref.stage, ref.variant))
    people = sorted({subject for ref in inputs if (subject := unit_subject(ref.unit)) is not None})
    try:
        planned = _told(own, node, said).inputs(node, people or [unit_subject(node.unit) or ""])
        now = {role: {(one.stage, one.variant) for one in found} for role, found in planned.items()}
    except Eeg2VidError:  # several could be read: all are named
        now = {}
    return [
        word
        for role, found in read.items()
        if len(found) == 1 and now.get(role) != found
        for stage, variant in found
        for word in ("--from", f"{role}={stage}/{variant}")
    ]


def _option(stage: Stage, key: str, value: Any) -> list[str]:
    """Return the words that state one setting."""
    flag = f"--{key.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return [word for one in value for word in (flag, one)]
    if isinstance(value, dict):
        rest = dict(value)
        chosen = choices_of(stage.Settings.model_fields[key])
        named = [flag, rest.pop("name")] if chosen and "name" in rest else []
        return named + [word for path, leaf in _leaves(rest, key) for word in ("--set", f"{path}={_toml(leaf)}")]
    if isinstance(value, str | int | float):
        return [flag, str(value)]
    return [] if value is None else ["--set", f"{key}={_toml(value)}"]


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}.{key}")
        elif value is not None:
            yield f"{prefix}.{key}", value


def _toml(value: Any) -> str:
    """Return a value as --set reads it; what is spelled as in JSON is TOML, plain words need no quotes."""
    plain = (
        isinstance(value, str) and value.replace("-", "").replace("_", "").isalpha() and value not in ("true", "false")
    )
    return str(value) if plain else json.dumps(value, ensure_ascii=False)


def _import(study: Study, manifest: Manifest) -> str:
    """Return the import of an artifact's files; how they were understood stands among its settings."""
    paths = [Path(file.path) for file in manifest.sources]
    source = paths[0] if len(paths) == 1 else (paths[0].parent if paths else Path("FOLDER"))
    subject = unit_subject(manifest.unit)
    words = ["eeg2vid", "import", str(source), "-w", str(study.root), "--as", manifest.schema_name]
    words += ["--to", f"{manifest.stage}/{manifest.variant}", *(["--subject", subject] if subject else [])]
    several = [one for one in study.stages[manifest.stage].writes.values() if one.schema.name == manifest.schema_name]
    return shlex.join(words + (["--role", manifest.role] if len(several) > 1 else []))
