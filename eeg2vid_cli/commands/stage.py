"""What every stage's command does: plan its units, make them, print what came of it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from eeg2vid.cli import log
from eeg2vid.cli.commands.check import check_source
from eeg2vid.cli.globals import wants_json
from eeg2vid.cli.options import Request, chosen_subjects, make_execution
from eeg2vid.cli.output import emit, emit_ids, is_quiet, table, talk
from eeg2vid.cli.pasting import pasteable
from eeg2vid.cli.progress import reporting
from eeg2vid.cli.verdict import tell_verdicts
from eeg2vid.schemas.conditions import FULL, require_maker
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.settings import Execution
from eeg2vid.schemas.words import counted, plural
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.plan import Judge, Verdict
from eeg2vid.stages.engine.runner import Outcome, Runner
from eeg2vid.stages.engine.stage import Printed, Stage
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.services.asked_inputs import borrowed, require_new, require_read
from eeg2vid.stages.services.copies import copied_eeg
from eeg2vid.stages.services.dropped import dropped
from eeg2vid.stages.services.foresight import Foresight, foresee
from eeg2vid.stages.services.jobs import make_units
from eeg2vid.stages.services.overall import Overall, seconds_before
from eeg2vid.stages.store.layout import Address, is_variant, join_variant, split_variant
from eeg2vid.stages.store.reader import open_artifact


def run_stage(stage: Stage, request: Request, given: dict[str, Any]) -> None:
    """Make every planned unit of one stage for the chosen subjects."""
    if request.variant and not is_variant(request.variant):
        raise UsageError(f"--variant: '{request.variant}' is no variant name; use a-z, 0-9 and '-'.")
    study = request.study()
    if request.variant:
        study.require_condition(stage.name, request.variant)
        if (condition := split_variant(request.variant)[1]) != FULL:
            require_maker(condition)
    if stage.takes_source and study.source is None:
        raise UsageError(
            "Which data set?", "eeg2vid ingest PATH/TO/DATA, or `data` in the [study] table of eeg2vid.toml"
        )
    if given.get("check") and study.source is not None:
        check_source(stage, study.source, given["subject"], as_json=wants_json(request.ctx, given["json"]))
        return
    for variant in study.variants(stage.name):
        study.settings(stage.name, variant)  # a wrong setting is said before a missing input
    subjects = chosen_subjects(study, given["subject"])
    if request.variant and request.condition and split_variant(request.variant)[1] == FULL != request.condition:
        study.require_condition(stage.name, join_variant(request.variant, request.condition))
    nodes = study.nodes(stage.name, subjects, variant=request.variant, only_condition=request.condition)
    if not nodes:
        needs = [study.needs(stage.name, variant, "study") for variant in study.variants(stage.name)]
        if nothing := next((one.nothing for one in needs if one.nothing), None):
            raise UsageError(*nothing)
        if request.condition and (why := study.impossible(request.condition)):
            raise UsageError(f"Condition '{request.condition}' cannot be made: {why}.", "Leave it out.")
        planned = dict.fromkeys(split_variant(variant)[1] for variant in study.variants(stage.name))
        near = did_you_mean(str(request.condition), planned)
        way = f"Plan it: eeg2vid run --condition {request.condition}, or `conditions` in eeg2vid.toml."
        known = any(study.carries(stage.name, base, str(request.condition)) for base in study.bases(stage.name))
        raise UsageError(
            f"No variant of {stage.name} is planned under condition '{request.condition}'.{near}",
            way if known else None,
        )
    require_read(study, nodes)
    execution = make_execution(**{name: given[name] for name in Execution.model_fields if name in given})
    if request.new:
        require_new(study, subjects, nodes)
    for sentence in [*dropped(study, nodes, subjects), *borrowed(study, nodes, subjects)]:
        talk().print(sentence)
    as_json = wants_json(request.ctx, given["json"])
    if execution.dry_run:
        show_plan(request.ctx, foresee(study, subjects, nodes, execution), as_json=as_json)
        return
    if given.get("no_compute"):
        _require_done([Judge(study, subjects).judge(node) for node in nodes], study, stage)
        _print_results(study, stage, nodes, [], as_json=as_json)
        return
    with reporting() as reporter, stopping.listening():
        runner = Runner(study, subjects, execution, reporter)
        outcomes = make_and_tell(runner, nodes)
    if any(outcome.missing_parts for outcome in outcomes):
        return
    _print_results(study, stage, nodes, outcomes, as_json=as_json)


def make_and_tell(runner: Runner, nodes: Sequence[Node]) -> list[Outcome]:
    """Make units, as many at once as --jobs says, and say of each what came of it."""
    clear = getattr(runner.reporter, "clear", lambda: None)
    if trouble := log.begin(runner.study.root, runner.execution):
        runner.reporter.remark(trouble)
    overall = Overall(nodes, seconds_before(runner.study.root))
    if hasattr(runner.reporter, "overall"):
        runner.reporter.overall = overall

    def tell(outcome: Outcome) -> None:
        if runner.execution.jobs == 1:  # else the bar counts units and stays
            clear()
        runner.reporter.remark(_said(outcome))

    try:
        outcomes = make_units(runner, nodes, tell, overall)
    finally:
        clear()
    made = [outcome.verdict.node for outcome in outcomes if outcome.ran and not outcome.missing_parts]
    events = [Address(node.stage, node.variant, node.unit, "events") for node in made if node.stage == "ingest"]
    for sentence in copied_eeg(runner.study.root, events):
        runner.reporter.remark(sentence)
    return outcomes


def _said(outcome: Outcome) -> str:
    node, verdict = outcome.verdict.node, outcome.verdict
    if outcome.missing_parts:
        left = outcome.missing_parts
        return f"{node}: this shard is done, {counted(left, 'part')} {plural(left, 'is')} left to others"
    if outcome.ran:
        why = "" if verdict.state in ("missing", "done") else f" ({in_short(verdict.reasons, 3)})"
        return f"{node}: made in {outcome.seconds:.1f} s{why}"
    if outcome.left:
        return f"{node}: left as it is, for it tells of others too, and {outcome.left}; without --subject all is made"
    return f"{node}: {'imported, kept' if verdict.state == 'imported' else 'already done'}"


def show_plan(ctx: typer.Context, foresight: Foresight, *, as_json: bool) -> None:
    """Print what would be done about each unit and why, how many there are, and what stands in the way."""
    verdicts = foresight.verdicts
    rows = [
        {"unit": str(verdict.node), "state": verdict.state, "reasons": list(verdict.reasons)} for verdict in verdicts
    ]
    shown = [{**row, "why": in_short(verdict.reasons)} for row, verdict in zip(rows, verdicts, strict=True)]
    to_make = [row["unit"] for row in rows if row["state"] not in ("done", "imported")]
    emit(rows, table(shown, columns=("unit", "state", "why"), wraps=("why",)), as_json=as_json, ids=to_make)
    talk().print(foresight.summary())
    if (error := foresight.error()) is not None:
        talk().print(pasteable("\n".join(filter(None, [error.message, error.hint])), ctx))


def in_short(reasons: Sequence[str], shown: int = 2) -> str:
    """Join the first reasons and count the rest."""
    more = f" (and {len(reasons) - shown} more)" if len(reasons) > shown else ""
    return "; ".join(reasons[:shown]) + more


def _print_results(study: Study, stage: Stage, nodes: list[Node], outcomes: list[Outcome], *, as_json: bool) -> None:
    if is_quiet():
        there = _artifacts_of(study, nodes) if not outcomes else made_in(study, outcomes)
        emit_ids(pages(study, nodes) if stage.only_pages() else there)
    elif stage.prints is not None:
        _print_tables(study, stage.prints, nodes, as_json=as_json)
    elif as_json:
        emit([outcome_row(outcome) for outcome in outcomes], None, as_json=True)
    if "scores" in stage.writes:
        tell_verdicts(study, nodes)
    for path in pages(study, nodes):
        talk().print(f"Open {path}")


def _print_tables(study: Study, prints: Printed, nodes: list[Node], *, as_json: bool) -> None:
    """Print what the units hold: to programs all of it, to people what they look for first."""
    rows: list[dict[str, Any]] = []
    for node in nodes:
        artifact = open_artifact(study.root, Address(node.stage, node.variant, node.unit, prints.role))
        if prints.lines and not as_json:
            module, _, function = prints.lines.partition(":")
            shown = getattr(import_module(module), function)(artifact, study)
            emit(None, table(shown, title=f"{node.variant}, {node.unit}"), as_json=False)
            continue
        found = artifact.table(prints.table, artifact.schema.tables[prints.table])
        rows += [{"unit": node.unit, "variant": node.variant} | row.model_dump(mode="json") for row in found]
    if as_json or not prints.lines:
        emit(rows, table(rows, columns=("unit", *prints.columns)), as_json=as_json)
    elif prints.rest:
        where = "" if study.root == Path.cwd() else f" -w {shlex.quote(str(study.root))}"
        talk().print(f"All measures, conditions and people: {prints.rest}{where}")


def made_in(study: Study, outcomes: Sequence[Outcome]) -> list[Address]:
    """Return the artifacts that were made."""
    made = [outcome.verdict.node for outcome in outcomes if outcome.ran and not outcome.missing_parts]
    return _artifacts_of(study, made)


def _artifacts_of(study: Study, nodes: Sequence[Node]) -> list[Address]:
    return [
        Address(node.stage, node.variant, node.unit, role) for node in nodes for role in study.needs_of(node).writes
    ]


def _require_done(verdicts: Sequence[Verdict], study: Study, stage: Stage) -> None:
    """Refuse to show what is not there, or would come out differently today.

    Raises
    ------
    MissingInputError
        It names every unit that is not done, with the reason.
    """
    undone = [verdict for verdict in verdicts if verdict.state not in ("done", "imported")]
    if undone:
        why = [f"{one.node} is {one.state}" + (f" ({in_short(one.reasons)})" if one.reasons else "") for one in undone]
        raise MissingInputError(
            f"--no-compute: {len(undone)} of {len(verdicts)} are not done: {'; '.join(why)}.",
            f"Make what is missing: eeg2vid {stage.name} -w {shlex.quote(str(study.root))}",
        )


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """Return what --json prints about a unit."""
    return {"unit": str(outcome.verdict.node), "made": outcome.ran, "seconds": round(outcome.seconds, 3)}


def pages(study: Study, nodes: list[Node]) -> list[Path]:
    """Return the HTML pages among the artifacts of some units."""
    places = [
        Address(node.stage, node.variant, node.unit, role).folder(study.root)
        for node in nodes
        for role, write in study.stages[node.stage].writes.items()
        if write.schema.media
    ]
    return [page for folder in places for page in pages_of(folder)]


def pages_of(folder: Path) -> list[Path]:
    """Return the HTML pages of an artifact; of those that have an index, the index alone."""
    return sorted(folder.glob("media/index.html")) or sorted(folder.glob("media/[!.]*.html"))
