"""`eeg2vid inspect`: what is in an artifact and where it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.output import emit, talk
from eeg2vid.schemas.errors import BadDataError, UnreadableError
from eeg2vid.schemas.manifest import Manifest
from eeg2vid.stages.services.finding import matching_folders, workspace_of
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import load_manifest


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
    as_json = wants_json(ctx, json)
    if artifact is None or len(folders) > 1:
        rows = [_line_of(folder) for folder in folders]
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


def _line_of(folder: Path) -> dict[str, Any]:
    """Return an artifact's line; of one whose manifest cannot be read, where it lies and what is wrong."""
    try:
        return _line(load_manifest(folder))
    except UnreadableError as error:
        where = str(Address(*folder.parts[-4:]))
        return {"artifact": where, "schema": error.found, "content": None, "MB": None, "stamps": "", "digest": None}


def _line(manifest: Manifest) -> dict[str, Any]:
    return {
        "artifact": str(Address(manifest.stage, manifest.variant, manifest.unit, manifest.role)),
        "schema": f"{manifest.schema_name} {manifest.schema_version}",
        "content": _content(manifest),
        "MB": round(sum(entry.size for entry in manifest.files) / 1e6, 3),
        "stamps": ", ".join(manifest.stamps),
        "digest": manifest.digest[:12],
    }


def _content(manifest: Manifest) -> str:
    arrays = [f"{name} {'x'.join(map(str, entry.shape))}" for name, entry in manifest.arrays.items()]
    tables = [f"{name} ({_rows(entry.rows)})" for name, entry in manifest.tables.items()]
    count = len(manifest.weights)
    models = [f"{count} model {'file' if count == 1 else 'files'}"] if count else []
    return ", ".join([*arrays, *tables, *models])


def _rows(count: int) -> str:
    return f"{count} {'row' if count == 1 else 'rows'}"
