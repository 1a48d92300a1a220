"""`eeg2vid status`: what is done, what is stale or damaged and why, what is missing."""

from __future__ import annotations

import contextlib
import gc
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from eeg2vid.cli.commands.stage import in_short
from eeg2vid.cli.drawing import draw
from eeg2vid.cli.globals import DebugOption, JsonOption, WorkspaceOption, wants_json
from eeg2vid.cli.options import ModelsOption, ProtocolOption, RecipeOption, Request, SubjectOption, chosen_subjects
from eeg2vid.cli.output import emit, table, talk
from eeg2vid.cli.pasting import pasteable
from eeg2vid.schemas.words import counted, plural
from eeg2vid.stages.engine.plan import Judge, Verdict
from eeg2vid.stages.services.graph.forms import form_of
from eeg2vid.stages.services.graph.model import plan_of
from eeg2vid.stages.services.unread import unread_variants
from eeg2vid.stages.store.code import package_digest, parts_of_other_code

_OTHER_CODE = "made by other code of eeg2vid than runs here"
_MARKS = {
    "done": "done",
    "imported": "imported",
    "stale": "STALE",
    "damaged": "DAMAGED",
    "missing": "–",
    "waiting": "–",
}


def status(
    ctx: typer.Context,
    workspace: WorkspaceOption = None,
    subject: SubjectOption = None,
    recipe: RecipeOption = None,
    models: ModelsOption = None,
    protocol: ProtocolOption = None,
    graph: Annotated[bool, typer.Option("--graph", help="Draw the plan: what each stage reads, how far it is")] = False,
    graph_to: Annotated[
        str | None,
        typer.Option(
            "--graph-to", metavar="FILE", help="Draw it into a .svg, .mmd, .dot or .txt; or svg, mermaid, dot: print it"
        ),
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show every planned unit: done, stale or damaged with the reason, or missing."""
    form = form_of(graph_to) if graph_to is not None else None
    study = Request(ctx, workspace, recipe, models, protocol).study()
    subjects = chosen_subjects(study, subject)
    judge = Judge(study, subjects)
    with _keeping_all():
        nodes = study.plan(subjects)
        verdicts = [judge.judge(node) for node in nodes]
    if graph or form:
        draw(plan_of(judge, verdicts), *(form or ("text", None)), as_json=wants_json(ctx, json))
        return
    notes = {verdict.node: _notes(judge, verdict) for verdict in verdicts}
    rows = [_row(verdict) | {"notes": notes[verdict.node]} for verdict in verdicts]
    emit(
        rows,
        table(_summary(verdicts), title=f"{study.root}, recipe {study.recipe.header.name}"),
        as_json=wants_json(ctx, json),
        ids=[verdict.node for verdict in verdicts if verdict.state not in ("done", "imported")],
    )
    for verdict in verdicts:
        if verdict.state in ("stale", "damaged"):
            talk().print(f"{verdict.node} is {verdict.state}: {in_short(verdict.reasons)}")
    for node, said in notes.items():
        for note in said:
            if note != _OTHER_CODE:
                talk().print(f"{node}: {note}")
    for one in unread_variants(judge, nodes):
        talk().print(pasteable(str(one), ctx))
    older = [node for node, said in notes.items() if _OTHER_CODE in said]
    if older:
        talk().print(
            f"{len(older)} of {counted(len(verdicts), 'unit')} {plural(len(older), 'was')} "
            f"{_OTHER_CODE}, first {older[0]}; "
            f"{plural(len(older), 'it stands', 'they stand')}: code alone makes nothing stale, --force makes it again."
        )


@contextlib.contextmanager
def _keeping_all() -> Iterator[None]:
    """Look for no garbage: thousands of manifests stay to the end, and to search them costs a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _notes(judge: Judge, verdict: Verdict) -> list[str]:
    """Say what other code has to do with a unit: it made parts that are left, or what is there."""
    node = verdict.node
    notes = parts_of_other_code(judge.study.root / "artifacts" / node.stage / node.variant / node.unit)
    manifests = [judge.manifest(address) for address in judge.outputs(node)]
    if any(m and m.provenance == "computed" and m.software.get("code") != package_digest() for m in manifests):
        notes.append(_OTHER_CODE)
    return notes


def _row(verdict: Verdict) -> dict[str, Any]:
    node = verdict.node
    return {
        "stage": node.stage,
        "variant": node.variant,
        "unit": node.unit,
        "state": verdict.state,
        "reasons": list(verdict.reasons),
    }


def _summary(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """Return one line per stage variant; subjects are counted."""
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        kind = "study" if verdict.node.unit == "study" else "subjects"
        groups.setdefault((verdict.node.stage, verdict.node.variant, kind), []).append(verdict)
    return [
        {"stage": stage, "variant": variant, "units": kind if kind == "study" else _people(len(group))}
        | {"state": _states(group)}
        for (stage, variant, kind), group in groups.items()
    ]


def _people(count: int) -> str:
    return counted(count, "subject")


def _states(group: list[Verdict]) -> str:
    counts = Counter(_MARKS[verdict.state] for verdict in group)
    if len(group) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {mark if mark != '–' else 'missing'}" for mark, count in counts.items())
