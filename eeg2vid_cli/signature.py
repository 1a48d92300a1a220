"""A stage's command, generated: its settings become options, pydantic parses and bounds them."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from eeg2vid.cli import options as shared
from eeg2vid.cli.errors import guarded
from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption
from eeg2vid.cli.prose import prose
from eeg2vid.schemas.choice import choices_of
from eeg2vid.stages.engine.settings import merge
from eeg2vid.stages.engine.stage import Stage

SETTINGS = "Settings (change the result)"
_PREFIX = "setting_"  # of the parameters behind settings: a setting may be called like a shared option

_OF_TRAINING = [("save_every", shared.SaveEveryOption, 30.0), ("memory_gb", shared.MemoryOption, 8.0)]

Run = Callable[[Stage, "shared.Request", dict[str, Any]], None]


def stage_command(stage: Stage, run: Run) -> Callable[..., None]:
    """Return a function whose signature Typer turns into the stage's command.

    Parameters
    ----------
    stage
        The declaration; every field of its Settings becomes an option.
    run
        Called with the stage, the shared options and the options of this call.
    """
    fields = stage.Settings.model_fields

    def command(**given: Any) -> None:
        chosen = {name: given[_PREFIX + name] for name in fields if given[_PREFIX + name] is not None}
        settings = {name: _nested(fields[name], value) for name, value in chosen.items()}
        request = shared.Request(
            ctx=given["ctx"],
            workspace=given["workspace"],
            recipe=given["recipe"],
            models=given["models"],
            protocol=given["protocol"],
            condition=given.get("condition"),
            source=given.get("source"),
            stage=stage.name,
            variant=given["variant"],
            new=given["new"],
            settings=merge(settings, shared.nested_settings(given["assignments"] or [])),
            inputs=given["inputs"] or [],
        )
        run(stage, request, given)

    parameters = [_keyword("ctx", typer.Context, inspect.Parameter.empty), *_shared_parameters(stage)]
    parameters += [_setting_parameter(name, info) for name, info in fields.items()]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__name__ = stage.name.replace("-", "_")
    command.__doc__ = prose(stage)
    return guarded(command, fields.keys())


def _shared_parameters(stage: Stage) -> list[inspect.Parameter]:
    source = Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="The data set \\[default: `data` of eeg2vid.toml]")
    ]
    given: list[tuple[str, Any, Any]] = [("source", source, None)] if stage.takes_source else []
    given += [
        ("workspace", WorkspaceOption, None),
        ("subject", shared.SubjectOption, None),
        ("recipe", shared.RecipeOption, None),
        ("models", shared.ModelsOption, None),
        ("protocol", shared.ProtocolOption, None),
        ("variant", shared.VariantOption, None),
        ("new", shared.NewOption, False),
    ]
    if stage.acts or stage.named_after or any(role in ("predictions", "videos") for role in stage.writes):
        given.append(("condition", shared.ConditionOption, None))
    given += [
        ("inputs", shared.FromOption, None),
        ("assignments", shared.SetOption, None),
        ("device", shared.DeviceOption, "auto"),
        ("threads", shared.ThreadsOption, 1),
        ("jobs", shared.JobsOption, 1),
        ("container", shared.ContainerOption, "zarr"),
        *([("shard", shared.ShardOption, "1/1")] if stage.divided else []),
        *(_OF_TRAINING if stage.trains else []),
        ("force", shared.ForceOption, False),
        ("keep_going", shared.KeepGoingOption, False),
        *([("check", shared.CheckOption, False)] if stage.takes_source else []),
        *([("no_compute", shared.NoComputeOption, False)] if stage.prints or stage.only_pages() else []),
        ("dry_run", shared.DryRunOption, False),
        ("json", JsonOption, False),
        ("debug", DebugOption, False),
    ]
    return [_keyword(name, annotation, default) for name, annotation, default in given]


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _setting_parameter(name: str, info: FieldInfo) -> inspect.Parameter:
    flag = f"--{name.replace('_', '-')}"
    kind: Any = str | None
    if info.annotation is bool:
        flag, kind = f"{flag}/--no-{flag[2:]}", bool | None
    elif typing.get_origin(info.annotation) is tuple:
        kind = list[str] | None
    names = _words(info.annotation) or list(union_members(info))
    option = typer.Option(
        flag,
        help=option_help(info),
        rich_help_panel=SETTINGS,
        show_default=False,
        metavar=_metavar(info),
        autocompletion=(lambda: names) if names else None,
    )
    return _keyword(_PREFIX + name, Annotated[kind, option], None)


def _metavar(info: FieldInfo) -> str | None:
    if info.annotation is bool:
        return None
    return "NAME" if union_members(info) else "VALUE"


def option_help(info: FieldInfo) -> str:
    """Return what a setting is, the words it takes and its default."""
    text = info.description or ""
    members = union_members(info)
    choices = _words(info.annotation) or list(members)
    if choices:
        text += f" ({', '.join(choices)})"
    default = info.get_default(call_default_factory=True)  # type: ignore[call-arg]
    if default is PydanticUndefined:
        return text
    shown = getattr(default, "name", default) if members else default
    return f"{text} \\[default: {_shown(shown)}]".strip()


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        inner = ["-".join(f"{x:g}" for x in item) if isinstance(item, tuple) else str(item) for item in value]
        return " ".join(inner) or "none"
    return "none" if value is None else str(value)


def _words(kind: Any) -> list[str]:
    """Return the words that a literal takes, or a tuple of literals."""
    if typing.get_origin(kind) is tuple:
        kind = typing.get_args(kind)[0]
    return [str(word) for word in typing.get_args(kind)] if typing.get_origin(kind) is typing.Literal else []


def union_members(info: FieldInfo) -> dict[str, type[BaseModel]]:
    """Return the choices a field takes, by their `name`, nothing for other fields."""
    if choices := choices_of(info):
        return dict(choices)
    is_union = typing.get_origin(info.annotation) in (typing.Union, types.UnionType)
    members: tuple[Any, ...] = typing.get_args(info.annotation) if is_union else (info.annotation,)
    models: list[type[BaseModel]] = [t for t in members if isinstance(t, type) and issubclass(t, BaseModel)]
    return {str(model.model_fields["name"].default): model for model in models if "name" in model.model_fields}


def _nested(info: FieldInfo, value: Any) -> Any:
    """Return what pydantic gets: a network's name becomes {'name': ...}."""
    return {"name": value} if union_members(info) else value
