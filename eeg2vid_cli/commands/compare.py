"""`eeg2vid compare`: scores of systems and people side by side, and beside the papers'."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json, workspace_path
from eeg2vid.cli.options import SubjectOption
from eeg2vid.cli.output import emit, emit_ids, is_quiet, table, talk
from eeg2vid.schemas.errors import UsageError

_NUMBERS = ("value", "difference", "95 %", "chance", "p", "p adj.", "people >")


def compare(
    ctx: typer.Context,
    systems: Annotated[
        list[str] | None, typer.Argument(help="Systems (variants of score) \\[default: all that were scored]")
    ] = None,
    subject: SubjectOption = None,
    condition: Annotated[str, typer.Option("--condition", help="Which condition to show; all: every one")] = "full",
    metric: Annotated[
        list[str] | None, typer.Option("--metric", help="Only this metric, repeated \\[default: those of a verdict]")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            "--margin", min=0.0, help="Also test whether systems are equal up to this much, in units of a score"
        ),
    ] = None,
    papers: Annotated[bool, typer.Option("--papers", help="Beside what papers print, and why that is unfair")] = False,
    adjust: Annotated[
        str, typer.Option("--adjust", help="How p is corrected for the tests of a table: holm, fdr")
    ] = "holm",
    seeds: Annotated[
        bool,
        typer.Option("--seeds", help="The systems are one under several seeds: split the variance of their scores"),
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write every score, over people and of each, here")] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Join the scores of people, hold systems against each other on the same events, and put papers beside them.

    Over people the p-value is one test: the runs of all people are relabeled alike. A small one says that at least
    one person shows it; that people do, the columns without the strongest and prevalence say.
    """
    from eeg2vid.stages.services.comparing import (
        ALL,
        adjusted,
        against,
        beside_papers,
        rows_of,
        scored_systems,
        variances,
        write_csv,
    )
    from eeg2vid.stages.services.score_lines import in_columns

    root = workspace_path(ctx, workspace)
    found = scored_systems(root, list(systems or ()), subject or ALL)
    if adjust not in ("holm", "fdr"):
        raise UsageError(f"--adjust is holm or fdr, not '{adjust}'.")
    rows = {system.name: adjusted(rows_of(system), adjust) for system in found}  # type: ignore[arg-type]
    differences = [row for a, b in combinations(found, 2) for row in against(a, b, margin)]
    if (margin is not None or seeds) and len(found) < 2:
        what = "--seeds" if seeds else "--margin"
        raise UsageError(f"{what} compares systems, and one was scored.", "Name two: eeg2vid compare A B")
    split = variances(found) if seeds else []
    lines = [line for one in found for line in beside_papers(one, rows[one.name])] if papers else []
    if csv is not None:
        write_csv(csv, [row for some in rows.values() for row in some])
        talk().print(f"Wrote {csv}")
    if is_quiet():
        emit_ids(one.name for one in found)
        return
    if wants_json(ctx, json):
        told = {"scores": [row for some in rows.values() for row in some], "differences": differences}
        told |= {"papers": lines} if papers else {}
        emit(told | ({"variance": split} if seeds else {}), None, as_json=True)
        return
    tables = []
    for one in found:
        several = len(one.scores) > 1
        shown = [
            _line(row, condition)
            for row in rows[one.name]
            if (row["subject"] == ALL) == several and _asked(row, condition, metric, one.definitions)
        ]
        title = f"{one.name}, {len(one.scores)} {'people' if several else 'person'}"
        whose = f"{title} ({', '.join(one.stamps)})" if one.stamps else title
        tables.append(table(in_columns(shown, _NUMBERS), title=whose))
    kept = [row for row in differences if _asked(row, condition, metric, found[0].definitions)]
    for pair in dict.fromkeys((row["system"], row["against"]) for row in kept):
        shown = [_gap(row, margin) for row in kept if (row["system"], row["against"]) == pair]
        title = f"{pair[0]} minus {pair[1]}, on the events that both scored"
        tables.append(table(in_columns(shown, _NUMBERS), title=title))
    if split:
        kept = [
            row for row in split if _asked({**row, "condition": condition}, condition, metric, found[0].definitions)
        ]
        columns = ("name", "people", "runs", "seeds", "rest")
        tables.append(table(kept, title="Shares of the variance of scores, run by run", columns=columns))
    if lines:
        tables.append(table(lines, title="Papers"))
    emit(None, Group(*[part for one in tables for part in (one, "")]), as_json=False)


def _asked(row: dict[str, Any], condition: str, metric: list[str] | None, definitions: dict[Any, Any]) -> bool:
    if condition not in ("all", row["condition"]):
        return False
    if metric:
        return row["metric"] in metric
    told = definitions.get((row["metric"], row["variant"]))
    return told is None or told.lead


def _line(row: dict[str, Any], condition: str) -> dict[str, Any]:
    """Return a row of the terminal's table, numbers as in the report; at most 80 columns."""
    from eeg2vid.stages.reporting.numbers import bounds, number
    from eeg2vid.stages.services.score_lines import plain_p

    shown = {"score": row["name"]} | ({} if condition != "all" else {"condition": row["condition"]})
    least = row["chance"] if row["baseline"] is None else max(row["chance"], row["baseline"])
    shown |= {
        "value": number(row["value"]),
        "95 %": bounds(row["low"], row["high"]),
        "chance": number(least),
        "p": plain_p(row["p"]),
        "p adj.": plain_p(row["p_adjusted"]),
    }
    if row["n_subjects"] > 1:
        shown |= {"people >": "–" if row["prevalence"] is None else number(row["prevalence"])}
    return shown


def _gap(row: dict[str, Any], margin: float | None) -> dict[str, Any]:
    from eeg2vid.stages.reporting.numbers import bounds, number
    from eeg2vid.stages.services.score_lines import plain_p

    around = bounds(row["low"], row["high"])
    shown = {"score": row["name"], "difference": number(row["difference"], signed=True), "95 %": around}
    shown |= {"p": plain_p(row["p"])}
    return shown | ({} if margin is None else {f"p, equal to {margin:g}": plain_p(row["p_same"])})
