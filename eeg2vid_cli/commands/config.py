"""`eeg2vid config`: write eeg2vid.toml, show what holds and who says so, look for mistakes."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from eeg2vid.cli.errors import guarded
from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.options import (
    ModelsOption,
    ProtocolOption,
    RecipeOption,
    Request,
    SetOption,
    SubjectOption,
    nested_settings,
)
from eeg2vid.cli.output import emit, emit_ids, is_quiet, table, talk, visible
from eeg2vid.cli.pasting import pasteable
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.origins import DEFAULT
from eeg2vid.stages.engine.subjects import Anyone, parse_subjects
from eeg2vid.stages.engine.workspace import CONFIG, StudyConfig
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.config_check import Checker
from eeg2vid.stages.services.config_text import Told, config_text
from eeg2vid.stages.services.in_force import Value, chosen_variants, values_of
from eeg2vid.stages.services.toml_lines import line_of, toml_value
from eeg2vid.stages.store.disk import writing_to
from eeg2vid.stages.store.files import write_synced

app = typer.Typer(no_args_is_help=True, help="Settings in a file: write eeg2vid.toml, show what holds, check it.")


@app.command("init")
@guarded
def init(
    ctx: typer.Context,
    workspace: WorkspaceOption = None,
    recipe: RecipeOption = None,
    models: ModelsOption = None,
    protocol: ProtocolOption = None,
    subject: SubjectOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="New file \\[default: eeg2vid.toml of the workspace]")
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write an eeg2vid.toml with every setting of every planned variant: meaning, bounds, default, origin.

    What is in force already is commented out, so the file as written changes nothing. What this command line
    chooses (recipe, models, protocol, subjects) is written out. No file is ever overwritten.
    """
    study = Request(ctx, workspace, recipe, models, protocol).study()
    if subject is not None and subject != "@array":
        parse_subjects(subject, study.known_subjects() or Anyone())
    path = study.root / CONFIG if out is None else out
    if path.exists():
        raise UsageError(
            f"{path} exists already.", f"Write another file: eeg2vid config init --out {path.stem}-new.toml"
        )
    told = Told(_in_file(recipe, study.root), _in_file(models, study.root), subject, protocol)
    text = config_text(study, told)
    if out is None:
        _make_folder(study.root)
    elif not path.parent.is_dir():
        raise UsageError(f"{path.parent}: there is no such folder.")
    with writing_to(path.parent):
        write_synced(path, text.encode())
    if wants_json(ctx, json):
        emit({"file": str(path)}, None, as_json=True)
    emit_ids([path])
    where = f" -w {shlex.quote(str(study.root))}" if workspace or getattr(ctx.obj, "workspace", None) else ""
    talk().print(f"Wrote {path}. Change a line, then: eeg2vid config check{where}; eeg2vid run --dry-run{where}")


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{root}: cannot be made ({error.strerror}).", "Name another folder: --workspace FOLDER"
        ) from error


def _in_file(named: str | None, root: Path) -> str | None:
    """Return a recipe or profile as the file names it: TOML files by their whole path."""
    return named if named is None or not named.endswith(".toml") else str(Path(named).resolve())


@app.command("show")
@guarded
def show(
    ctx: typer.Context,
    which: Annotated[
        str | None, typer.Argument(metavar="[STAGE[.VARIANT]]", help="Of one stage, or one of its variants")
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only what somebody said: not what is left at its default")
    ] = False,
    workspace: WorkspaceOption = None,
    recipe: RecipeOption = None,
    models: ModelsOption = None,
    protocol: ProtocolOption = None,
    assignments: SetOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Print every setting in force and who decided it: default, recipe, published table, eeg2vid.toml, --set."""
    named, settings = (which or "").replace("/", ".", 1), nested_settings(assignments or [])
    if settings and not named:
        raise UsageError("--set: of which stage?", "eeg2vid config show STAGE --set KEY=VALUE")
    stage, _, variant = named.partition(".")
    request = Request(ctx, workspace, recipe, models, protocol, settings=settings)
    if stage in STAGES and settings:
        request.stage, request.variant = stage, variant or None
    study = request.study()
    values = [one for chosen in chosen_variants(study, which) for one in values_of(study, *chosen)]
    if changed:
        values = [one for one in values if one.origin != DEFAULT]
    whole = _study_rows(study, ctx, workspace) if which is None else []
    rows = [*(row for row in whole if not changed or row["origin"] != DEFAULT), *map(_row, values)]
    ids = [".".join(part for part in (row["stage"], row["variant"], row["setting"]) if part) for row in rows]
    tables: list[Any] = []
    for chosen in dict.fromkeys((row["stage"], row["variant"]) for row in rows):
        shown = [_shown(row) for row in rows if (row["stage"], row["variant"]) == chosen]
        tables += [table(shown, title=f"[{'.'.join(filter(None, chosen))}]"), ""]
    emit(rows, Group(*tables), as_json=wants_json(ctx, json), ids=ids)


def _row(one: Value) -> dict[str, Any]:
    said = {"stage": one.stage, "variant": one.variant, "setting": one.setting, "value": one.value}
    return said | {
        "default": one.default,
        "origin": one.origin,
        "line": one.line,
        "meaning": one.meaning,
        "takes": one.allowed,
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    line = f", line {row['line']}" if row["line"] else ""
    return {"setting": row["setting"], "value": toml_value(row["value"]), "origin": f"{row['origin']}{line}"}


def _study_rows(study: Study, ctx: typer.Context, workspace: Path | None) -> list[dict[str, Any]]:
    """Return what is chosen for the whole study: workspace, data, recipe, profile, subjects, protocol, conditions."""
    held, chosen = study.workspace.study, study.choices
    given = workspace or getattr(ctx.obj, "workspace", None)
    environment = "environment, EEG2VID_WORKSPACE" if os.environ.get("EEG2VID_WORKSPACE") else "current folder"
    rows = [_of_study("workspace", str(study.root), ".", "command line" if given else environment, None)]
    values: dict[str, tuple[Any, Any, bool]] = {  # in force, default, whether the command line says it
        "data": (str(study.source) if study.source else None, None, False),
        "recipe": (study.recipe.header.name, "ridge", bool(chosen.recipe)),
        "models": (study.models.given, "tiny", bool(chosen.models)),
        "subjects": (held.subjects or "all", "all", False),
        "protocol": (study.protocol, "corrected", bool(chosen.protocol)),
        "conditions": (list(study.conditions), None, False),
    }
    for name, (value, default, told) in values.items():
        otherwise = {"data": "ingested" if value else "default", "conditions": f"recipe {study.recipe.header.name}"}
        origin = "command line" if told else CONFIG if getattr(held, name) else otherwise.get(name, "default")
        rows.append(_of_study(name, value, default, origin, line_of(study.root / CONFIG, ("study", name))))
    return rows


def _of_study(name: str, value: Any, default: Any, origin: str, line: int | None) -> dict[str, Any]:
    meaning = StudyConfig.model_fields[name].description if name in StudyConfig.model_fields else "workspace folder"
    said = {"stage": "study", "variant": "", "setting": name, "value": value, "default": default, "origin": origin}
    return said | {"line": line if origin == CONFIG else None, "meaning": meaning, "takes": ""}


@app.command("check")
@guarded
def check(
    ctx: typer.Context,
    workspace: WorkspaceOption = None,
    recipe: RecipeOption = None,
    models: ModelsOption = None,
    protocol: ProtocolOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Look for all that is wrong with eeg2vid.toml and the recipe, and for tables that nothing reads; run nothing."""
    root = workspace_path(ctx, workspace)
    if not root.is_dir():
        raise MissingInputError(f"{root}: there is no such folder.", "Name the workspace: --workspace FOLDER")
    if protocol not in (None, "published", "corrected"):
        raise UsageError(f"--protocol is published or corrected, not '{protocol}'.")
    choices = Choices(recipe=recipe, models=models, protocol=protocol)  # type: ignore[arg-type]
    faults = Checker(root, STAGES, choices).check()
    rows = [{"where": one.where, "key": one.key, "kind": one.kind, "what": one.what} for one in faults]
    ids = dict.fromkeys(one.key or one.source for one in faults)
    if wants_json(ctx, json):
        emit(rows, None, as_json=True)
    elif is_quiet():
        emit_ids(ids)
    else:
        for one in faults:  # no console: a fault is one line, also in a pipe
            said = f"{one.where}: {'' if one.kind == 'error' else 'warning: '}{one.what}"
            sys.stdout.write(f"{visible(pasteable(said, ctx))}\n")
    wrong = sum(one.kind == "error" for one in faults)
    if wrong:
        raise UsageError(f"{wrong} {'mistake' if wrong == 1 else 'mistakes'} in the settings of {root}.")
    here = CONFIG if (root / CONFIG).is_file() else f"the recipe (there is no {CONFIG})"
    talk().print(f"No mistake in {here}.")
