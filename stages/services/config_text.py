"""A commented eeg2vid.toml: every setting that is in force, written so that the file as it is changes nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from eeg2vid.schemas.conditions import CONDITIONS
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.stage import Per
from eeg2vid.stages.engine.workspace import CONFIG, StudyConfig
from eeg2vid.stages.services.in_force import Value, values_of
from eeg2vid.stages.services.slurm import SlurmTable
from eeg2vid.stages.services.toml_lines import toml_key, toml_value

_WIDTH = 100
_HEAD = """\
{config}: every setting of recipe '{recipe}' with model profile '{models}', as it is in force in this workspace. \
A line such as "# seed = 0" says what holds already: take away its "# " and change the value. Lines with two # are \
comments; "none" stands for no value. What a stage is told here is told to it under every condition. \
See what holds with `eeg2vid config show`, look for mistakes with \
`eeg2vid config check`, see what a change makes anew with `eeg2vid run --dry-run`."""


@dataclass(frozen=True)
class Told:
    """What a command line says that the file should say from now on."""

    recipe: str | None = None
    models: str | None = None
    subjects: str | None = None
    protocol: str | None = None


def config_text(study: Study, told: Told) -> str:
    """Return the file.

    What eeg2vid.toml or the command line decided is written as it is; everything else is commented out.

    Parameters
    ----------
    study
        The workspace through the chosen recipe.
    told
        What the command line chose; it goes into the table [study].
    """
    named = {"config": CONFIG, "recipe": study.recipe.header.name, "models": study.models.given}
    parts = [_prose(_HEAD.format(**named)), _study_table(study, told), *_slurm_tables(study)]
    parts += [_stage_table(study, *one) for one in _headings(study)]
    return "\n\n".join(parts) + "\n"


def setting_line(text: str) -> str | None:
    """Return a commented-out setting without its "# ", None for any other line."""
    return text[2:] if text.startswith("# ") else None


def _prose(text: str) -> str:
    return "\n".join(f"## {line}" for line in textwrap.wrap(text, _WIDTH - 3, break_on_hyphens=False))


def _entry(key: str, value: Any, about: str, *, active: bool) -> str:
    return f"{_prose(about)}\n{'' if active else '# '}{key} = {toml_value(value)}"


def _study_table(study: Study, told: Told) -> str:
    """Return [study]: what the command line chose or the file has is written out."""
    held, given = study.workspace.study, vars(told)
    in_force = {
        "data": str(study.source) if study.source else None,
        "recipe": study.recipe.header.name,
        "models": study.models.given,
        "subjects": "all",
        "protocol": study.protocol,
        "conditions": list(study.conditions),
    }
    hints = {
        "conditions": f"; of {', '.join(CONDITIONS)}. They stand beside the full system in `score`",
        "subjects": ": 17, 1-15, 1-5,17 or all",
        "protocol": ": published or corrected, settings of a recipe that says what was published",
    }
    lines = ["[study]"]
    for name, info in StudyConfig.model_fields.items():
        value = given.get(name) or getattr(held, name)
        shown = value if value is not None else in_force[name]
        example = "" if shown is not None else " (not set; for example)"
        about = f"{info.description}{hints.get(name, '')}{example}"
        lines.append(_entry(name, (info.examples or [""])[0] if shown is None else shown, about, active=bool(value)))
    return "\n".join(lines)


def _slurm_tables(study: Study) -> Iterator[str]:
    """Yield [slurm] and the tables of single stages that the file has."""
    tables = study.workspace.slurm
    common = {name: value for name, value in tables.items() if not isinstance(value, dict)}
    head = "Of `eeg2vid slurm script`, for every stage; a table [slurm.STAGE] says it of one. Not set: what the stage "
    yield "\n".join([_prose(f"{head}states for itself."), "[slurm]", *_fields(SlurmTable, common)])
    for stage, table in tables.items():
        if isinstance(table, dict):
            lines = [f"{toml_key([name])} = {toml_value(value)}" for name, value in table.items()]
            yield "\n".join([f"[{toml_key(['slurm', stage])}]", *lines])


def _fields(model: type[BaseModel], held: Mapping[str, Any]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        default = info.get_default()
        value = held.get(name, default)
        example = "" if value is not None else " (not set; for example)"
        shown = (info.examples or [""])[0] if value is None else value
        yield _entry(name, shown, f"{info.description}{example}", active=name in held)


def _headings(study: Study) -> Iterator[tuple[str, str, list[str]]]:
    """Yield stage, the name that a table gets, and the variants it tells: all points of a sweep share one table."""
    sweep = study.recipe.sweep
    for stage in study.planned_stages():
        bases = study.bases(stage)
        points = [base for base in bases if sweep and stage in sweep.stages and base in sweep.names]
        if points and sweep:
            yield stage, sweep.variant, points
        for base in bases:
            if base not in points:
                yield stage, base, [base]


def _stage_table(study: Study, stage: str, name: str, variants: list[str]) -> str:
    """Return one table, and beneath it those of single points of a sweep that the file tells something else."""
    declared = study.stages[stage]
    of = {variant: {one.setting: one for one in values_of(study, stage, variant)} for variant in variants}
    about = f"{stage}: {declared.summary()}"
    kinds: tuple[Per, ...] = ("study", "subject")
    reads = dict.fromkeys(role for kind in kinds for role in study.needs(stage, variants[0], kind).reads)
    about += f' Reads {", ".join(reads)}; from.ROLE = "STAGE/VARIANT" chooses which.' if reads else ""
    lines = [_prose(about), f"[{toml_key([stage, name])}]"]
    lines += _inputs(study, stage, name, variants)
    alone: dict[str, list[str]] = {}
    for setting in dict.fromkeys(setting for one in of.values() for setting in one):
        found = {variant: values[setting] for variant, values in of.items() if setting in values}
        first = next(iter(found.values()))
        if len(found) == len(variants) and all(one.value == first.value for one in found.values()):
            lines.append(_setting(first))
            continue
        told = ", ".join(f"{toml_value(one.value)} in {variant}" for variant, one in found.items())
        lines.append(_prose(f"{setting} differs from point to point: {told}."))
        for variant, one in found.items():
            if one.mine:
                alone.setdefault(variant, []).append(_setting(one))
    tables = ["\n".join(lines)]
    tables += ["\n".join([f"[{toml_key([stage, variant])}]", *inner]) for variant, inner in alone.items()]
    return "\n\n".join(tables)


def _inputs(study: Study, stage: str, name: str, variants: list[str]) -> Iterator[str]:
    """Yield what tables name for the roles that are read: those of the recipe commented out."""
    mine = study.workspace.tables.get(stage, {}).get(variants[0], {}).get("from", {})
    theirs = study.recipe.tables.get(stage, {}).get(variants[0], {}).get("from", {})
    if len(variants) > 1 and theirs:
        yield _prose("What each point reads, the recipe's sweep says.")
        theirs = {}
    for role, named in {**theirs, **mine}.items():
        about = f"where {role} come from; {CONFIG if role in mine else f'recipe {study.recipe.header.name}'}"
        yield _entry(toml_key(["from", role]), named, about, active=role in mine)


def _setting(one: Value) -> str:
    told = f"{one.meaning}. Takes {one.allowed}; default {toml_value(one.default)}"
    said = "" if one.origin == "default" else f"; here by {one.origin}"
    return _entry(one.setting, one.value, f"{told}{said}.", active=one.mine)
