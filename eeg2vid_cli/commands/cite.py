"""`eeg2vid cite`: BibTeX of what a study stands on."""

from __future__ import annotations

import sys

import typer

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json
from eeg2vid.cli.options import RecipeOption, Request
from eeg2vid.cli.output import emit, is_quiet, talk
from eeg2vid.stages.services.citations import bibliography, cited_by


def cite(
    ctx: typer.Context,
    recipe: RecipeOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Print, as BibTeX, the papers behind a recipe, the stages it plans, and their networks, generators and eyes."""
    study = Request(ctx, workspace, recipe).study()
    wanted = cited_by(study)
    known = bibliography()
    rows = [{"key": key, "cited_by": who, "bibtex": known[key]} for key, who in wanted.items() if key in known]
    if wants_json(ctx, json) or is_quiet():
        emit(rows, None, as_json=wants_json(ctx, json), ids=[row["key"] for row in rows])
    else:
        for row in rows:  # no console: it would fold long lines
            sys.stdout.write(f"% {', '.join(row['cited_by'])}\n{row['bibtex']}\n\n")
    for key in wanted.keys() - known.keys():
        talk().print(f"Recipe '{study.recipe.header.name}' cites '{key}', whose entry is not here.")
