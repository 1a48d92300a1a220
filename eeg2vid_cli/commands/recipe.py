"""`eeg2vid recipe`: list the recipes, read one, take a copy to change."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2vid.cli.errors import guarded
from eeg2vid.cli.globals import DebugOption, JsonOption, wants_json
from eeg2vid.cli.output import emit, emit_ids, is_quiet, table, talk
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.recipe import Recipe, builtin_recipes, load_recipe, recipe_path
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.store.disk import writing_to
from eeg2vid.stages.store.files import write_synced

app = typer.Typer(no_args_is_help=True, help="The recipes: list, show, copy.")
NameArgument = Annotated[str, typer.Argument(help="A built-in recipe, or a TOML file")]


@app.command("list")
@guarded
def list_recipes(ctx: typer.Context, json: JsonOption = False, debug: DebugOption = False) -> None:
    """List the built-in recipes, the default one first."""
    headers = [load_recipe(name, STAGES).header for name in builtin_recipes()]
    rows = [header.model_dump(mode="json") for header in headers]
    names = [row["name"] for row in rows]
    emit(rows, table(rows, columns=("name", "title"), wraps=("title",)), as_json=wants_json(ctx, json), ids=names)


@app.command("show")
@guarded
def show(ctx: typer.Context, name: NameArgument, json: JsonOption = False, debug: DebugOption = False) -> None:
    """Print a recipe's TOML."""
    recipe = load_recipe(name, STAGES)  # a file is checked before it is shown
    if wants_json(ctx, json) or is_quiet():
        variants = [f"{stage}/{variant}" for stage, tables in recipe.tables.items() for variant in tables]
        emit(_as_json(recipe), None, as_json=wants_json(ctx, json), ids=variants)
    else:
        sys.stdout.write(recipe_path(name).read_text(encoding="utf-8"))


def _as_json(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe with all it extends, its sweep spread out."""
    data = {"recipe": recipe.header.model_dump(mode="json"), **recipe.tables, "published": recipe.published}
    return data | ({"sweep": asdict(recipe.sweep)} if recipe.sweep else {})


@app.command("copy")
@guarded
def copy(
    ctx: typer.Context,
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="New file; its name ends in .toml")],
    debug: DebugOption = False,
) -> None:
    """Copy a recipe to a file of your own, for --recipe FILE; nothing is overwritten."""
    extended = load_recipe(name, STAGES).header.extends or ""
    if file.suffix != ".toml":
        raise UsageError(f"{file}: a recipe's file ends in .toml, else --recipe takes it for a name.")
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent}: there is no such folder.")
    if extended.endswith(".toml") and recipe_path(name).parent.resolve() != file.parent.resolve():
        raise UsageError(f"{name} extends {extended}, by a path from its own folder.", "Copy it into the same folder.")
    if file.exists():
        raise UsageError(f"{file} exists already.", "Choose another name.")
    with writing_to(file.parent):
        write_synced(file, recipe_path(name).read_bytes())
    emit_ids([file])
    talk().print(f"Change it, give it a name of its own, then: eeg2vid run --recipe {shlex.quote(str(file))}")
