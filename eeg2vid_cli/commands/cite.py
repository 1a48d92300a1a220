"""`eeg2vid cite`: BibTeX of what a study stands on, and its methods in prose."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json
from eeg2vid.cli.options import RecipeOption, Request
from eeg2vid.cli.output import emit, is_quiet, talk, visible
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.services.citations import bibliography, brought_entries, cited_by


def cite(
    ctx: typer.Context,
    methods: Annotated[
        bool, typer.Option("--methods", help="Paragraphs for a paper's methods: what the finished artifacts say")
    ] = False,
    latex: Annotated[bool, typer.Option("--latex", help="With --methods: LaTeX instead of Markdown")] = False,
    bib: Annotated[
        Path | None, typer.Option("--bib", help="Write the BibTeX to this file instead of printing it")
    ] = None,
    recipe: RecipeOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Print, as BibTeX, the papers behind a recipe, the stages it plans, and their networks, generators and eyes.

    With --methods: first, in prose, how the study was made, from the manifests behind its scores: data, filters,
    epochs, features, folds, networks, training, generator, judges, measures, tests, versions, and what must be known.
    Nothing is told that no manifest says; what is planned and not finished is named.
    """
    study = Request(ctx, workspace, recipe).study()
    if latex and not methods:
        raise UsageError("--latex is for --methods; the citations are BibTeX already.")
    if bib is not None and not bib.parent.is_dir():
        raise UsageError(f"{bib.parent}: there is no such folder.")
    known = brought_entries(study) | bibliography()
    told = None
    wanted = cited_by(study)
    if methods:
        from eeg2vid.stages.engine.subjects import parse_subjects
        from eeg2vid.stages.services.methods.write import methods_of

        subjects = parse_subjects("all", study.known_subjects() or [])
        planned = [(node.stage, node.variant, node.unit) for node in study.plan(subjects)]
        told = methods_of(study.root, study.stages, planned)
        wanted = {key: ["methods"] for key in told.keys}
    rows = [{"key": key, "cited_by": who, "bibtex": known[key]} for key, who in wanted.items() if key in known]
    entries = "".join(f"% {', '.join(row['cited_by'])}\n{row['bibtex']}\n\n" for row in rows)
    for remark in told.remarks if told is not None else ():
        talk().print(remark)
    if bib is not None:
        from eeg2vid.stages.store.disk import writing_to
        from eeg2vid.stages.store.files import write_synced

        with writing_to(bib.parent):
            write_synced(bib, entries.encode())
        talk().print(f"Wrote {bib}")
    if wants_json(ctx, json) or is_quiet():
        as_told = {"paragraphs": told.paragraphs, "remarks": told.remarks, "citations": rows} if told else rows
        emit(as_told, None, as_json=wants_json(ctx, json), ids=[row["key"] for row in rows])
    else:  # no console: it would fold long lines
        if told is not None:
            sys.stdout.write(visible(told.latex() if latex else told.markdown()) + ("" if bib else "\n"))
        sys.stdout.write("" if bib else entries)
    for key in wanted.keys() - known.keys():
        talk().print(f"Recipe '{study.recipe.header.name}' cites '{key}', whose entry is not here.")
