"""Which variants of a stage anybody knows: those with a table, those on disk, those called after a choice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.choice import choices_of
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.engine.workspace import CONFIG
from eeg2vid.stages.store.layout import MANIFEST, split_eye, split_variant

if TYPE_CHECKING:
    from eeg2vid.stages.engine.graph import Study


def known_variants(study: Study, stage: str) -> list[str]:
    """Return the variants of a stage that have a table or an artifact, without conditions."""
    folder = study.root / "artifacts" / stage
    there = sorted(path.parents[2].name for path in folder.glob(f"*/*/*/{MANIFEST}")) if folder.is_dir() else []
    return list(dict.fromkeys(split_variant(name)[0] for name in (*study.plain().bases(stage), *there)))


def is_known(study: Study, stage: str, base: str) -> bool:
    """Tell whether a variant needs no --new: it has a table or an artifact, or its name says what it is."""
    return base in known_variants(study, stage) or _named_by_choice(study, stage, base)


def _named_by_choice(study: Study, stage: str, base: str) -> bool:
    """Tell whether a name is a choice (`image-encoder`), or one that looks at a known system (`ridge+i3d`)."""
    declared = study.stages[stage]
    if not declared.named_by:
        return False
    system, eye = split_eye(base)
    if not declared.named_after:
        return base in choices_of(declared.Settings.model_fields[declared.named_by])
    makers = study.producers(declared.named_after)
    seen = any(system in known_variants(study, maker) for maker in makers)
    return seen and eye in choices_of(declared.Settings.model_fields[declared.named_by])


def require_known_variant(study: Study, stage: str, base: str) -> None:
    """Refuse a variant that nobody knows: a slip of the pen would make another one, from defaults.

    Raises
    ------
    UsageError
        It names the nearest known one, what --new would read, and the table to write instead.
    """
    if is_known(study, stage, base):
        return
    named = _namesakes(study, stage, base)
    reads = "".join(f" --from {role}={source}" for role, source in named.items())
    also = f", reading {' and '.join(named.values())}" if named else ""
    raise UsageError(
        f"There is no variant '{base}' of {stage}: no table and no artifact."
        f"{did_you_mean(base, known_variants(study, stage))}",
        f"To make a new one{also}, from the defaults of {stage} and the options given, add --new{reads}\n"
        f"For good, give it a table in {CONFIG}:\n\n{_table(study, stage, base, named)}",
    )


def _namesakes(study: Study, stage: str, base: str) -> dict[str, str]:
    """Return what is called alike and would not be read unless it is named: role, and stage/variant."""
    found: dict[str, str] = {}
    for role in study.stages[stage].reads:
        if role in study.choices.inputs:
            continue
        for producer in study.producers(role):
            if base in known_variants(study, producer) and base not in study.plain().bases(producer):
                found.setdefault(role, f"{producer}/{base}")
    return found


def _table(study: Study, stage: str, base: str, named: Mapping[str, str]) -> str:
    """Return the table that says the same as the options of this call."""
    settings = study.settings(stage, base).settings.model_dump(mode="json")
    lines = [f"[{stage}.{base}]"]
    lines += [f"{name} = {_toml(_chosen(settings[name], given))}" for name, given in study.choices.settings.items()]
    inputs = {**study.choices.inputs, **named}
    if inputs:
        lines.append(f"from = {_toml(inputs)}")
    return "\n".join(lines)


def _chosen(value: Any, given: Any) -> Any:
    """Return of a nested setting what was given, as it was understood."""
    if isinstance(value, Mapping) and isinstance(given, Mapping):
        return {name: _chosen(value[name], one) for name, one in given.items() if name in value}
    return value


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)  # text, numbers, true and false are written alike
