"""`eeg2vid verify`: whether every byte still matches its manifest."""

from __future__ import annotations

from typing import Annotated

import typer

from eeg2vid.cli.commands.inspect import matching_folders
from eeg2vid.cli.options import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.output import emit, table, talk
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.store.reader import damage


def verify(
    ctx: typer.Context,
    artifact: Annotated[str | None, typer.Argument(help="as for `inspect` \\[default: all]")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Compare every file of every artifact with its manifest."""
    root = workspace_path(ctx, workspace)
    folders = matching_folders(root, artifact)
    found = [
        {"artifact": folder.relative_to(root / "artifacts").as_posix() if folder.is_relative_to(root) else str(folder)}
        | {"problem": problem}
        for folder in folders
        for problem in damage(folder)
    ]
    if found:
        emit(found, table(found), as_json=wants_json(ctx, json))
        first = found[0]
        raise BadDataError(
            f"{len(found)} of the files of {len(folders)} artifacts are damaged, first {first['artifact']}.",
            "Make it again with --force, or restore it from a copy.",
        )
    emit(found, "", as_json=True) if wants_json(ctx, json) else talk().print(f"{len(folders)} artifacts are intact.")
