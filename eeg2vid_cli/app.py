"""The `eeg2vid` command: every stage of the registry, and the services around them, each made when it is called."""

from __future__ import annotations

import os
import warnings
from typing import Annotated, Any

import typer

from eeg2vid.cli.globals import DebugOption, Globals, JsonOption, QuietOption, WorkspaceOption
from eeg2vid.cli.table import COMMANDS


class _Table(typer.core.TyperGroup):
    """The commands of the table: in lists only what the table says of them."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        if self._listing:
            _, panel, about = COMMANDS[cmd_name]
            return typer.core.TyperCommand(cmd_name, help=about, rich_help_panel=panel)
        from eeg2vid.cli.loading import load

        return load(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the list of commands."""
        self._listing = True
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Return names that begin so."""
        self._listing = True
        return super().shell_complete(ctx, incomplete)


app = typer.Typer(
    name="eeg2vid",
    cls=_Table,
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
    quiet: QuietOption = False,
    debug: DebugOption = False,
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Print version")] = False,
) -> None:
    """Decode videos from EEG: reproducible, resumable, swappable, and honest about how well."""
    ctx.obj = Globals(workspace, json, debug, quiet)


def main() -> None:
    """Run the command line."""
    written = warnings.formatwarning

    def shown(*of: Any, **how: Any) -> str:
        from eeg2vid.cli.output import visible

        return visible(written(*of, **how))  # libraries name users' files in them

    warnings.formatwarning = shown
    if "_EEG2VID_COMPLETE" in os.environ:
        from eeg2vid.cli.completion import mend_words

        mend_words()
    app(prog_name="eeg2vid")  # also as `python -m`: completion is installed under this name
