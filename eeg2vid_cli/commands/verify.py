"""`eeg2vid verify`: whether every byte still matches its manifest, and what it was made of."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli.commands.inspect import matching_folders
from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.options import ModelsOption, Request
from eeg2vid.cli.output import emit, table, talk
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.services.origins import Origins
from eeg2vid.stages.store.reader import damage, load_manifest


def verify(
    ctx: typer.Context,
    artifact: Annotated[str | None, typer.Argument(help="as for `inspect` \\[default: all]")] = None,
    sources: Annotated[
        bool,
        typer.Option("--sources", help="Also read every source file and model again, whatever size and time stamp say"),
    ] = False,
    models: ModelsOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Compare every file of every artifact with its manifest, and on request all that it was made of."""
    root = workspace_path(ctx, workspace)
    folders = matching_folders(root, artifact)
    damaged = _damaged(root, folders)
    differing = _differing(Request(ctx, workspace, models=models).study(), folders) if sources else []
    found = damaged + differing
    if found:
        emit(found, table(found), as_json=wants_json(ctx, json))
    if damaged:
        raise BadDataError(
            f"{len(damaged)} of the files of {len(folders)} artifacts are damaged, first {damaged[0]['artifact']}.",
            "Make it again with --force, or restore it from a copy.",
        )
    if differing:
        names = dict.fromkeys(row["artifact"] for row in differing)
        raise BadDataError(
            f"{len(names)} of {len(folders)} artifacts were made of other files than lie there now, first "
            f"{differing[0]['artifact']}.",
            "Bring the files back, or run the stage again. A data set that has moved: `data` in the [study] table of "
            "eeg2vid.toml.",
        )
    also = ", and what they were made of is what it was" if sources else ""
    if wants_json(ctx, json):
        emit(found, "", as_json=True)
    else:
        talk().print(f"{len(folders)} artifacts are intact{also}.")


def _row(root: Path, folder: Path, problem: str) -> dict[str, str]:
    place = folder.relative_to(root / "artifacts").as_posix() if folder.is_relative_to(root) else str(folder)
    return {"artifact": place, "problem": problem}


def _damaged(root: Path, folders: Sequence[Path]) -> list[dict[str, str]]:
    """Return a row for each file that is not what its manifest says."""
    found = []
    with reporting() as reporter:
        reporter.start("artifacts", len(folders))
        for folder in folders:
            found += [_row(root, folder, problem) for problem in damage(folder)]
            reporter.advance()
    return found


def _differing(study: Study, folders: Sequence[Path]) -> list[dict[str, str]]:
    """Return a row for each source file and model that is not what an artifact was made of."""
    manifests = {}
    for folder in folders:
        with contextlib.suppress(BadDataError):  # said as damage
            manifests[folder] = load_manifest(folder)
    origins = Origins(study)
    found = []
    with reporting() as reporter:
        reporter.start("sources", origins.count(list(manifests.values())))
        for folder, manifest in manifests.items():
            for trouble in origins.troubles(manifest):
                if trouble:
                    found.append(_row(study.root, folder, trouble))
                reporter.advance()
    return found
