"""`eeg2vid recipe`: list the recipes, read one, take a copy to change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli.errors import guarded
from eeg2vid.cli.options import DebugOption, JsonOption, wants_json
from eeg2vid.cli.output import emit, table, talk
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.recipe import builtin_recipes, load_recipe, recipe_path
from eeg2vid.stages.registry import STAGES

app = typer.Typer(no_args_is_help=True, help="The recipes: list, show, copy.")
NameArgument = Annotated[
    str, typer.Argument(help="A built-in recipe, or a TOML file", autocompletion=lambda: builtin_recipes())
]


@app.command("list")
@guarded
def list_recipes(ctx: typer.Context, json: JsonOption = False, debug: DebugOption = False) -> None:
    """List the built-in recipes, the default one first."""
    headers = [load_recipe(name, list(STAGES)).header for name in builtin_recipes()]
    rows = [header.model_dump(mode="json") for header in headers]
    emit(rows, table(rows, columns=("name", "title")), as_json=wants_json(ctx, json))


@app.command("show")
@guarded
def show(ctx: typer.Context, name: NameArgument, json: JsonOption = False, debug: DebugOption = False) -> None:
    """Print a recipe's TOML."""
    recipe = load_recipe(name, list(STAGES))  # a file is checked before it is shown
    if wants_json(ctx, json):
        emit({"recipe": recipe.header.model_dump(mode="json"), **recipe.tables}, None, as_json=True)
    else:
        sys.stdout.write(recipe_path(name).read_text(encoding="utf-8"))


@app.command("copy")
@guarded
def copy(
    ctx: typer.Context,
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="New file; its name ends in .toml")],
    debug: DebugOption = False,
) -> None:
    """Copy a recipe to a file of your own, for --recipe FILE; nothing is overwritten."""
    load_recipe(name, list(STAGES))
    if file.suffix != ".toml":
        raise UsageError(f"{file}: a recipe's file ends in .toml, else --recipe takes it for a name.")
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent}: there is no such folder.")
    try:
        with file.open("x", encoding="utf-8") as target:
            target.write(recipe_path(name).read_text(encoding="utf-8"))
    except FileExistsError:
        raise UsageError(f"{file} exists already.", "Choose another name.") from None
    talk().print(f"Change it, give it a name of its own, then: eeg2vid run --recipe {file}", markup=False)
