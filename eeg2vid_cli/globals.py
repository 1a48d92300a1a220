"""Options that stand before the command as well as after it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.schemas.errors import UsageError

INPUTS = "What to work on"
EXECUTION = "How to run (decides no result but last digits)"

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", help="Workspace folder \\[default: EEG2VID_WORKSPACE or .]", rich_help_panel=INPUTS
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print results as JSON", rich_help_panel=EXECUTION)]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Print ids only, one a line; beside them errors, and warnings of a wrong result",
        rich_help_panel=EXECUTION,
    ),
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show tracebacks; so does EEG2VID_DEBUG=1", rich_help_panel=EXECUTION)
]


@dataclass
class Globals:
    """Options given before the command."""

    workspace: Path | None = None
    json: bool = False
    debug: bool = False
    quiet: bool = False


def workspace_path(ctx: typer.Context, given: Path | None) -> Path:
    """Return the workspace: option after the command, before it, environment, current folder."""
    chosen = given or (ctx.obj.workspace if ctx.obj else None)
    path = Path(chosen or os.environ.get("EEG2VID_WORKSPACE") or ".")
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file; a workspace is a folder.")
    return path.resolve()


def wants_json(ctx: typer.Context, given: bool) -> bool:
    """Tell whether --json stood before or after the command."""
    return given or bool(ctx.obj and ctx.obj.json)
