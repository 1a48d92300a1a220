"""`eeg2vid compare`: scores of systems and people side by side, and beside the papers'."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.options import SubjectOption
from eeg2vid.cli.output import emit, emit_ids, is_quiet, table, talk
from eeg2vid.schemas.errors import MissingInputError, UsageError

if TYPE_CHECKING:
    from eeg2vid.stages.services.compare_lines import Shown

WHICH = "Which scores"
HOW = "How they are shown"
WITH = "What else is asked of them"


def compare(
    ctx: typer.Context,
    systems: Annotated[
        list[str] | None, typer.Argument(help="Systems (variants of score) \\[default: all that were scored]")
    ] = None,
    subject: SubjectOption = None,
    condition: Annotated[
        str,
        typer.Option("--condition", help="What was put in place of the EEG; all: every one", rich_help_panel=WHICH),
    ] = "decoded",
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="Only this measure: ssim, identification:within-run, or as tables write it; repeated "
            "\\[default: those of a verdict]",
            rich_help_panel=WHICH,
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Only of this: concept, latents, videos; repeated", rich_help_panel=WHICH),
    ] = None,
    subset: Annotated[
        list[str] | None,
        typer.Option("--subset", help="Only on these events, as named by score --subsets", rich_help_panel=WHICH),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All measures, and how the clips look", rich_help_panel=WHICH)
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="NAME",
            help="Say what a measure, a condition, or the CSV (columns) is",
            rich_help_panel=WHICH,
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="subject: systems beside each other, person by person; system: each system over people, with interval "
            "and p \\[default: subject where there are several of both]",
            rich_help_panel=HOW,
        ),
    ] = "",
    sort: Annotated[
        str, typer.Option("--sort", help="Order of the measures: table, name, value, p", rich_help_panel=HOW)
    ] = "table",
    form: Annotated[
        str,
        typer.Option(
            "--format", help="terminal, csv (what is asked for), markdown, latex (booktabs)", rich_help_panel=HOW
        ),
    ] = "terminal",
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv", help="Write all: each score, over people and of each, and all differences", rich_help_panel=HOW
        ),
    ] = None,
    controls: Annotated[
        bool, typer.Option("--controls", help="Also decoded minus each control", rich_help_panel=WITH)
    ] = False,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin",
            min=0.0,
            help="Also test whether systems are equal up to this much, in units of a score",
            rich_help_panel=WITH,
        ),
    ] = None,
    papers: Annotated[
        bool, typer.Option("--papers", help="Beside what papers print, and why that is unfair", rich_help_panel=WITH)
    ] = False,
    adjust: Annotated[
        str,
        typer.Option("--adjust", help="How p is corrected for the tests of a table: holm, fdr", rich_help_panel=WITH),
    ] = "holm",
    seeds: Annotated[
        bool,
        typer.Option(
            "--seeds",
            help="The systems are one under several seeds: split the variance of their scores",
            rich_help_panel=WITH,
        ),
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Join the scores of people, hold systems against each other on the same events, and put papers beside them.

    Over people the p-value is one test: the runs of all people are relabeled alike. A small one says that at least
    one person shows it; that people do, the columns without the strongest and prevalence say.
    """
    from eeg2vid.stages.services.asked import Asked, explained
    from eeg2vid.stages.services.compare_lines import Shown as OneTable
    from eeg2vid.stages.services.compare_lines import tables_of
    from eeg2vid.stages.services.comparing import ALL, tidy, write_csv
    from eeg2vid.stages.services.comparison import compare_systems
    from eeg2vid.stages.services.paper_tables import paper_table
    from eeg2vid.stages.store.disk import writing_to

    _one_of("--adjust", adjust, ("holm", "fdr"))
    _one_of("--by", by, ("", "subject", "system"))
    _one_of("--sort", sort, ("table", "name", "value", "p"))
    _one_of("--format", form, ("terminal", "csv", "markdown", "latex"))
    root, as_json = workspace_path(ctx, workspace), wants_json(ctx, json)
    try:
        found = compare_systems(
            root,
            list(systems or ()),
            subject or ALL,
            adjust=adjust,  # type: ignore[arg-type]
            margin=margin,
            papers=papers,
            seeds=seeds,
        )
    except MissingInputError:
        if explain is None:
            raise
        found = None  # what a measure is can be told before anything was scored
    if explain is not None:
        told = explained(explain, [] if found is None else found.rows)
        emit(
            [{"name": title, "says": rows} for title, rows in told],
            _printed([OneTable(title, rows, ("says", "holds")) for title, rows in told]),
            as_json=as_json,
            ids=[title for title, _ in told],
        )
        return
    assert found is not None
    asked = Asked.of(condition, metric or (), target or (), subset or (), everything)
    found.require(asked)
    if csv is not None:
        if not csv.parent.is_dir():
            raise UsageError(f"{csv.parent}: there is no such folder.")
        with writing_to(csv.parent), csv.open("w", encoding="utf-8", newline="") as file:
            write_csv(file, tidy(found.rows, found.differences))
        talk().print(f"Wrote {csv}")
    if is_quiet():
        emit_ids(system.name for system in found.systems)
        return
    kept = found.only(asked, sort)
    if as_json:
        emit(found.as_json(), None, as_json=True)
    elif form == "csv":
        write_csv(sys.stdout, tidy(kept.rows, kept.differences))
    elif form in ("markdown", "latex"):
        made = paper_table(kept.systems, kept.rows, each=by == "subject")
        sys.stdout.write(made.latex() if form == "latex" else made.markdown())
    else:
        several = len(found.systems) > 1 and any(len(system.scores) > 1 for system in found.systems)
        shown_by = by or ("subject" if several else "system")
        tables = tables_of(kept, asked, shown_by, controls=controls)
        if not tables:
            raise UsageError("No score is all that at once.", "All of them: eeg2vid compare --all --condition all")
        emit(None, _printed(tables), as_json=False)
        if not by and several:
            talk().print("Each system over people, with interval and p: the same with --by system")


def _printed(tables: Sequence[Shown]) -> Group:
    """Return tables with an empty line below each."""
    return Group(*[part for one in tables for part in (table(one.rows, title=one.title, wraps=one.wraps), "")])


def _one_of(option: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        *others, last = filter(None, known)
        raise UsageError(f"{option} is {', '.join(others)} or {last}, not '{given}'.")
