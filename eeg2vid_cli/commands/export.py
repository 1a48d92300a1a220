"""`eeg2vid export`: an artifact as plain files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.output import emit
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.services.finding import matching_folders


def export(
    ctx: typer.Context,
    artifact: Annotated[str, typer.Argument(help="stage/variant/unit/role, or a beginning that names one artifact")],
    out: Annotated[Path, typer.Option("--out", help="New or empty folder")],
    form: Annotated[str, typer.Option("--format", help="npy, npz (arrays); jsonl, csv (tables); mp4 (videos)")] = "npy",
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write an artifact's arrays, tables, weights and videos as plain files.

    `export.json` beside them says dims, units, hashes and origin; `import` reads the folder back. mp4 loses a
    little of each picture, all other formats nothing.
    """
    from eeg2vid.stages.services.exporting import export_artifact

    root = workspace_path(ctx, workspace)
    folders = matching_folders(root, artifact)
    if len(folders) > 1:
        names = [folder.relative_to(root / "artifacts").as_posix() for folder in folders]
        raise UsageError(
            f"'{artifact}' names {counted(len(folders), 'artifact')}: {', '.join(names[:6])}.", "Name one."
        )
    with reporting() as reporter:
        reporter.start(f"export {artifact}", 1)
        written = export_artifact(
            folders[0], out, form, lambda done, total: reporter.within("MiB", done >> 20, total >> 20)
        )
    rows = [path.relative_to(out).as_posix() for path in written]
    said = f"{out}: {counted(len(rows), 'file')}"
    emit({"out": str(out), "files": rows}, said, as_json=wants_json(ctx, json), ids=written)
