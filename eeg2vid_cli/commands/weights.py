"""`eeg2vid weights`: which model weights are here; fetch them; check them."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from eeg2vid.cli.errors import guarded
from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.options import ModelsOption
from eeg2vid.cli.output import emit, table, talk
from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.engine.profile import Models, lock_file
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.services.weights import Found, fetch, find_all, problems

app = typer.Typer(no_args_is_help=True, help="Model weights: list, fetch, verify.")


@app.command("list")
@guarded
def list_weights(
    ctx: typer.Context,
    models: ModelsOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show each role of a model profile: from where, whether it is here, how large, which version."""
    rows = [_row(found) for found in find_all(_profile(ctx, workspace, models))]
    shown = [{**row, "identity": str(row["identity"] or "")[:19]} for row in rows]
    emit(
        rows,
        table(shown, columns=("role", "source", "here", "MB", "identity")),
        as_json=wants_json(ctx, json),
        ids=[row["role"] for row in rows],
    )


@app.command("fetch")
@guarded
def fetch_weights(
    ctx: typer.Context,
    models: ModelsOption = None,
    workspace: WorkspaceOption = None,
    update: bool = typer.Option(False, "--update", help="Take the newest commits instead of the locked ones"),
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Download a profile's weights and lock their commits. No other command goes online."""
    profile = _profile(ctx, workspace, models)
    commits = fetch(profile, update=update, report=lambda text: talk().print(text))
    if not commits:
        talk().print(f"Profile '{profile.profile.name}' lies in folders; there is nothing to fetch.")
    else:
        talk().print(f"Locked in {lock_file(profile.profile.name)}")
    rows = [{"model": key, "commit": commit} for key, commit in commits.items()]
    if rows or wants_json(ctx, json):
        emit(rows, table(rows), as_json=wants_json(ctx, json), ids=commits)


@app.command("verify")
@guarded
def verify_weights(
    ctx: typer.Context,
    models: ModelsOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Check that every config of a profile parses and that its weights open and are whole."""
    rows = []
    for found in find_all(_profile(ctx, workspace, models)):
        troubles = problems(found.model.folder) if found.model else [found.trouble or "missing"]
        verdict = "ok" if not troubles else "DAMAGED" if found.model else "MISSING"
        rows.append({"role": found.role, "source": found.source, "verdict": verdict, "problem": "; ".join(troubles)})
    bad = [row["role"] for row in rows if row["verdict"] != "ok"]
    emit(rows, table(rows, wraps=("problem",)), as_json=wants_json(ctx, json), ids=bad)
    damaged, missing = ([row["role"] for row in rows if row["verdict"] == bad] for bad in ("DAMAGED", "MISSING"))
    fetch_again = "eeg2vid weights fetch" + (f" --models {shlex.quote(models)}" if models else "")
    if damaged:
        raise BadDataError(
            f"Weights are damaged: {', '.join(damaged)}.", f"Delete the files named above, then {fetch_again}"
        )
    if missing:
        raise MissingPackageError(
            f"Weights are not on this machine: {', '.join(missing)}.", f"With network: {fetch_again}"
        )


def _profile(ctx: typer.Context, workspace: Path | None, models: str | None) -> Models:
    configured = Workspace(workspace_path(ctx, workspace)).study.models
    return Models(models or configured or "tiny")


def _row(found: Found) -> dict[str, str | float | None]:
    model = found.model
    return {
        "role": found.role,
        "source": found.source,
        "here": "yes" if model else "no",
        "MB": round(found.size / 1e6, 1) if model else None,
        "identity": model.identity if model else None,
        "folder": str(model.folder) if model else None,
    }
