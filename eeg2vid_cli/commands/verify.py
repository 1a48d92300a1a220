"""`eeg2vid verify`: whether every byte still matches its manifest; what it was made of; today's form for old ones."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.options import ModelsOption, Request
from eeg2vid.cli.output import emit, table, talk
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.services.finding import matching_folders
from eeg2vid.stages.services.leftovers import Left, interrupted
from eeg2vid.stages.services.origins import Origins
from eeg2vid.stages.store.reader import damage, load_manifest


def verify(
    ctx: typer.Context,
    artifact: Annotated[str | None, typer.Argument(help="as for `inspect` \\[default: all]")] = None,
    sources: Annotated[
        bool,
        typer.Option("--sources", help="Also read every source file and model again, whatever size and time stamp say"),
    ] = False,
    upgrade: Annotated[
        bool,
        typer.Option("--upgrade", help="Write artifacts of older schema versions anew in today's form; see --dry-run"),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --upgrade: say what would be done")] = False,
    models: ModelsOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Compare every file of every artifact with its manifest, and on request all that it was made of.

    `--upgrade` brings artifacts of older schema versions to today's: checked first, written beside, exchanged whole.
    What was made of them stays as fresh as it was. Older forms are read without it, too.
    """
    if dry_run and not upgrade:
        raise UsageError("--dry-run goes with --upgrade; to verify changes nothing.")
    if upgrade and sources:
        raise UsageError("--upgrade and --sources are two questions: ask one after the other.")
    root = workspace_path(ctx, workspace)
    as_json = wants_json(ctx, json)
    if upgrade:
        from eeg2vid.cli.upgrades import upgrade_all

        upgrade_all(Request(ctx, workspace, models=models), root, artifact, dry_run=dry_run, as_json=as_json)
        return
    folders = matching_folders(root, artifact)
    damaged = _damaged(root, folders)
    damaged += [_aside(root, one) for one in interrupted(root)] if artifact is None else []
    differing = _differing(Request(ctx, workspace, models=models).study(), folders) if sources else []
    found = damaged + differing
    if found:
        ids = dict.fromkeys(row["artifact"] for row in found)
        emit(found, table(found, wraps=("problem",)), as_json=as_json, ids=ids)
    if damaged:
        one = len(damaged) == 1
        raise BadDataError(
            f"{len(damaged)} {'file' if one else 'files'} of {counted(len(folders))} {'is' if one else 'are'} damaged, "
            f"first {damaged[0]['artifact']}: {damaged[0]['problem']}.",
            "Make it again with --force, or restore it from a copy.",
        )
    if differing:
        names = dict.fromkeys(row["artifact"] for row in differing)
        raise BadDataError(
            f"{len(names)} of {counted(len(folders))} {'was' if len(names) == 1 else 'were'} made of other files than "
            f"lie there now, first {differing[0]['artifact']}.",
            "Bring the files back, or run the stage again. A data set that has moved: `data` in the [study] table of "
            "eeg2vid.toml.",
        )
    if as_json:
        emit(found, "", as_json=True)
        return
    also = f", and what {'it was' if len(folders) == 1 else 'they were'} made of is what it was" if sources else ""
    talk().print(f"{counted(len(folders))} {'is' if len(folders) == 1 else 'are'} intact{also}.")


def counted(count: int) -> str:
    """Return '1 artifact', '2 artifacts'."""
    return f"{count} {'artifact' if count == 1 else 'artifacts'}"


def _row(root: Path, folder: Path, problem: str) -> dict[str, str]:
    place = folder.relative_to(root / "artifacts").as_posix() if folder.is_relative_to(root) else str(folder)
    return {"artifact": place, "problem": problem}


def _aside(root: Path, one: Left) -> dict[str, str]:
    back = "eeg2vid doctor --clean, or the next run of its stage, brings it back"
    return _row(root, one.folder, f"{one.what}; {back}")


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
    if lost := origins.lost_data():
        talk().print(f"The data set {lost} is not there: its files are looked for where they were read.")
    found = []
    with reporting() as reporter:
        reporter.start("sources", origins.count(list(manifests.values())))
        for folder, manifest in manifests.items():
            for trouble in origins.troubles(manifest):
                if trouble:
                    found.append(_row(study.root, folder, trouble))
                reporter.advance()
    return found
