"""`eeg2vid STAGE --network NAME --help`: the settings of one choice instead of the stage's."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from pydantic import BaseModel

from eeg2vid.cli.errors import report
from eeg2vid.cli.output import emit, table
from eeg2vid.cli.signature import option_help, union_members
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.text import did_you_mean

_CHOSEN = "eeg2vid.chosen"


def command_class(stage: Stage) -> type[typer.core.TyperCommand]:
    """Return the class of a stage's command: its --help looks at the choices given beside it."""

    class StageCommand(typer.core.TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """Note the choices before --help, which comes first, ends everything."""
            ctx.meta[_CHOSEN] = chosen_in(stage, args)
            return super().parse_args(ctx, args)

        def format_help(self, ctx: Any, formatter: Any) -> None:
            """Print the choices' settings, or where none is named the command's help."""
            if not ctx.meta.get(_CHOSEN):
                with _switches_in_one(self.params):
                    super().format_help(ctx, formatter)
                return
            try:
                for field, name in ctx.meta[_CHOSEN].items():
                    show_choice(stage, field, name)
            except UsageError as error:
                raise typer.Exit(report(error)) from None

    return StageCommand


@contextlib.contextmanager
def _switches_in_one(params: Sequence[Any]) -> Iterator[None]:
    """Show `--[no-]refit` for `--refit` and `--no-refit`: two columns of long names would be cut at 80."""
    switches = [one for one in params if getattr(one, "secondary_opts", None)]
    written = [(one.opts, one.secondary_opts) for one in switches]
    for one in switches:
        one.opts, one.secondary_opts = [f"--[no-]{one.opts[0].removeprefix('--')}"], []
    try:
        yield
    finally:
        for one, (opts, secondary) in zip(switches, written, strict=True):
            one.opts, one.secondary_opts = opts, secondary


def chosen_in(stage: Stage, args: Sequence[str]) -> dict[str, str]:
    """Return the choices that the words of a command name, by setting."""
    found = {}
    for field, info in stage.Settings.model_fields.items():
        flag = f"--{field.replace('_', '-')}"
        for place, word in enumerate(args) if union_members(info) else ():
            if word == flag and place + 1 < len(args):
                found[field] = args[place + 1]
            elif word.startswith(f"{flag}="):
                found[field] = word.partition("=")[2]
    return found


def show_choice(stage: Stage, field: str, name: str) -> None:
    """Print what a choice is and how each of its settings is given.

    Raises
    ------
    UsageError
        If there is no such choice.
    """
    members = union_members(stage.Settings.model_fields[field])
    if name not in members:
        raise UsageError(f"There is no {field} '{name}'.{did_you_mean(name, members)}")
    rows = [
        {"option": f"--set {field}.{setting}=VALUE", "what it is": text}
        for setting, text in _settings_of(members[name]).items()
    ]
    head = f"eeg2vid {stage.name} --{field.replace('_', '-')} {name}\n\n{inspect.getdoc(members[name])}\n"
    emit(None, head, as_json=False)
    emit(None, table(rows, wraps=("what it is",)) if rows else "It has no settings.", as_json=False)
    written = f'[{stage.name}.VARIANT], {field} = {{ name = "{name}", ... }}'
    emit(None, f"\nIn a recipe: {written}", as_json=False)


def _settings_of(choice: type[BaseModel]) -> dict[str, str]:
    """Return what each setting is, as it is printed: the help of options is markup, in which brackets are escaped."""
    fields = {name: info for name, info in choice.model_fields.items() if name != "name"}
    return {name: option_help(info).replace("\\[", "[") for name, info in fields.items()}
