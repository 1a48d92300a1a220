"""One command, made when it is called: what the others need is not imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer

from eeg2vid.cli.examples import EXAMPLES, epilog
from eeg2vid.cli.table import COMMANDS, GROUP, STAGE

_SAID = {  # what the exchange of files calls its parameters: options of the same name
    "import": ("order", "blocks", "session", "layout", "key", "array", "also", "scale", "resample"),
    "export": ("out", "format"),
}


def load(name: str) -> Any:
    """Return a command of the table with all its options."""
    kind, panel, _ = COMMANDS[name]
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    if kind == STAGE:
        from eeg2vid.cli.choice_help import command_class
        from eeg2vid.cli.commands.stage import run_stage
        from eeg2vid.cli.signature import stage_command
        from eeg2vid.stages.registry import STAGES

        stage = STAGES[name]
        shown = epilog(stage.examples)
        made = alone.command(name, rich_help_panel=stage.panel, epilog=shown, cls=command_class(stage))
        made(stage_command(stage, run_stage))
        return typer.main.get_command(alone)
    module = import_module(f"eeg2vid.cli.commands.{name if name != 'import' else 'import_'}")
    if kind == GROUP:
        alone.add_typer(module.app, name=name, rich_help_panel=panel)
        group: Any = typer.main.get_command(alone)
        for inner, command in group.commands[name].commands.items():
            command.epilog = epilog(EXAMPLES.get(f"{name} {inner}", ()))
        return group.commands[name]
    from eeg2vid.cli.errors import guarded
    from eeg2vid.cli.prose import prose

    function = getattr(module, module.__name__.rpartition(".")[2])
    made = alone.command(name, help=prose(function), epilog=epilog(EXAMPLES.get(name, ())), rich_help_panel=panel)
    made(guarded(function, _SAID.get(name, ())))
    return typer.main.get_command(alone)
