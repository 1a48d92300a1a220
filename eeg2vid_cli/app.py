"""The `eeg2vid` command: every stage of the registry, and the services around them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer

from eeg2vid.cli.choice_help import command_class
from eeg2vid.cli.commands import (
    cite,
    compare,
    demo,
    doctor,
    export,
    import_,
    inspect,
    recipe,
    run,
    simulate,
    slurm,
    status,
    verify,
    weights,
)
from eeg2vid.cli.commands.stage import run_stage
from eeg2vid.cli.errors import guarded
from eeg2vid.cli.options import DebugOption, Globals, JsonOption, WorkspaceOption
from eeg2vid.cli.output import visible
from eeg2vid.cli.prose import prose
from eeg2vid.cli.signature import stage_command
from eeg2vid.stages.registry import STAGES

FILES = "Files, cluster"


class _InOrder(typer.core.TyperGroup):
    """The commands as they are registered; Typer would list groups first."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, groups last."""
        return sorted(self.commands, key=lambda name: name in _GROUPS)


app = typer.Typer(
    name="eeg2vid",
    cls=_InOrder,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"eeg2vid {version('eeg2vid')}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Print version")] = False,
) -> None:
    """Decode videos from EEG: reproducible, resumable, swappable, and honest about how well."""
    ctx.obj = Globals(workspace, json, debug)


_START: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "simulate": simulate.simulate,
    "run": run.run,
    "status": status.status,
    "doctor": doctor.doctor,
}
_FILES: dict[str, Callable[..., None]] = {
    "inspect": inspect.inspect,
    "verify": verify.verify,
    "import": import_.import_,
    "export": export.export,
    "cite": cite.cite,
}
_JUDGE: dict[str, Callable[..., None]] = {"compare": compare.compare}
_SAID = {  # what the exchange of files calls its parameters: options of the same name
    "import": ("order", "blocks", "session", "layout", "key", "array", "also", "scale", "resample"),
    "export": ("out", "format"),
}
_GROUPS: dict[str, typer.Typer] = {"recipe": recipe.app, "weights": weights.app, "slurm": slurm.app}
for _name, _command in _START.items():
    app.command(_name, help=prose(_command), rich_help_panel="Start")(guarded(_command))
for _stage in STAGES.values():
    _epilog = "\n\n".join(["Examples:", *_stage.examples]) if _stage.examples else None
    app.command(_stage.name, rich_help_panel=_stage.panel, epilog=_epilog, cls=command_class(_stage))(
        stage_command(_stage, run_stage)
    )
for _name, _command in _JUDGE.items():
    app.command(_name, help=prose(_command), rich_help_panel="Judge")(guarded(_command))
for _name, _command in _FILES.items():
    app.command(_name, help=prose(_command), rich_help_panel=FILES)(guarded(_command, _SAID.get(_name, ())))
for _name, _group in _GROUPS.items():
    app.add_typer(_group, name=_name, rich_help_panel=FILES)


def main() -> None:
    """Run the command line."""
    written = warnings.formatwarning
    warnings.formatwarning = lambda *of, **how: visible(written(*of, **how))  # libraries name users' files in them
    app()
