"""`eeg2vid inspect`: what is in an artifact and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.output import emit, emit_ids, is_quiet, talk
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.services.finding import matching_folders, workspace_of
from eeg2vid.stages.services.listing import line_of
from eeg2vid.stages.store.layout import Address


def inspect(
    ctx: typer.Context,
    artifact: Annotated[
        str | None,
        typer.Argument(
            help="stage/variant/unit/role, any leading part of it, or a path: an artifact's folder, a file in it "
            "(data.h5), a folder of artifacts \\[default: all]"
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List artifacts, or show one: arrays, tables, settings, inputs, hashes.

    Arrays with dims, units and a summary of their values (of more than 2 GB, of the first rows), tables with their
    columns, every setting with what decided it, and the command that would make it again.
    """
    from eeg2vid.cli.artifact_page import listing, page
    from eeg2vid.cli.commands.stage import pages_of
    from eeg2vid.stages.registry import STAGES
    from eeg2vid.stages.services.inspecting import describe

    root = workspace_path(ctx, workspace)
    folders = matching_folders(root, artifact)
    if is_quiet():  # names alone: no manifest is read
        emit_ids(Address(*folder.parts[-4:]) for folder in folders)
        return
    as_json = wants_json(ctx, json)
    if artifact is None or len(folders) > 1:
        rows = [line_of(folder) for folder in folders]
        emit(rows, listing(rows), as_json=as_json)
        return
    data = describe(folders[0], STAGES, lambda: _study(workspace_of(folders[0])))
    emit(data, page(data), as_json=as_json)
    for path in pages_of(folders[0]):
        talk().print(f"Open {path}")
    if data["problems"]:
        raise BadDataError(
            f"{data['folder']} is damaged: {data['problems'][0]}",
            "Make it again with --force, or restore it from a copy.",
        )


def _study(root: Path | None) -> Any:
    from eeg2vid.stages.engine.graph import Study
    from eeg2vid.stages.engine.workspace import Workspace
    from eeg2vid.stages.registry import STAGES

    return None if root is None else Study(Workspace(root), STAGES)
