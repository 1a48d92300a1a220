"""`eeg2vid run`: the whole recipe, or up to a stage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli.commands.stage import made_in, make_and_tell, outcome_row, pages, show_plan
from eeg2vid.cli.globals import INPUTS, DebugOption, JsonOption, WorkspaceOption, wants_json
from eeg2vid.cli.options import (
    ConditionsOption,
    ContainerOption,
    DeviceOption,
    DryRunOption,
    ForceOption,
    JobsOption,
    KeepGoingOption,
    MemoryOption,
    ModelsOption,
    ProtocolOption,
    RecipeOption,
    Request,
    SaveEveryOption,
    SubjectOption,
    ThreadsOption,
    chosen_subjects,
    make_execution,
)
from eeg2vid.cli.output import emit, emit_ids, talk
from eeg2vid.cli.pasting import pasteable
from eeg2vid.cli.progress import reporting
from eeg2vid.cli.verdict import tell_verdicts
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.settings import Execution
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.engine.runner import Outcome, Runner
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.asked_inputs import borrowed
from eeg2vid.stages.services.foresight import foresee
from eeg2vid.stages.services.pace import exactly
from eeg2vid.stages.services.unread import unread_variants
from eeg2vid.stages.services.verdict import SystemVerdict


def run(
    ctx: typer.Context,
    source: Annotated[Path | None, typer.Argument(metavar="[PATH]", help="The data set, if not ingested yet")] = None,
    workspace: WorkspaceOption = None,
    subject: SubjectOption = None,
    recipe: RecipeOption = None,
    models: ModelsOption = None,
    protocol: ProtocolOption = None,
    condition: ConditionsOption = None,
    until: Annotated[str | None, typer.Option("--until", help="Last stage to make", rich_help_panel=INPUTS)] = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 1,
    jobs: JobsOption = 1,
    container: ContainerOption = "zarr",
    save_every: SaveEveryOption = 30.0,
    memory_gb: MemoryOption = 8.0,
    force: ForceOption = False,
    keep_going: KeepGoingOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Make everything a recipe plans, in order; what is done already is skipped."""
    if until is not None and until not in STAGES:
        raise UsageError(f"--until: there is no stage '{until}'.{did_you_mean(until, STAGES)}")
    study = Request(ctx, workspace, recipe, models, protocol, conditions=condition or [], source=source).study()
    execution = make_execution(
        device=device,
        threads=threads,
        jobs=jobs,
        force=force,
        keep_going=keep_going,
        dry_run=dry_run,
        container=container,
        save_every=save_every,
        memory_gb=memory_gb,
    )
    subjects = chosen_subjects(study, subject)
    as_json = wants_json(ctx, json)
    planned = study.plan(subjects)
    remarks = [*study.left_out(), *unread_variants(Judge(study, subjects), planned)]
    for remark in [*remarks, *borrowed(study, planned, subjects)]:
        talk().print(pasteable(str(remark), ctx))
    if execution.dry_run:
        foresight = foresee(study, subjects, planned_nodes(study, subjects, until), execution)
        show_plan(ctx, foresight, as_json=as_json)
        return
    outcomes, verdicts = make_all(study, subjects, execution, until=until)
    if as_json:
        units = [outcome_row(outcome) for outcome in outcomes]
        emit({"version": 2, "units": units, "verdict": [one.as_row() for one in verdicts]}, None, as_json=True)
    emit_ids(made_in(study, outcomes))


def planned_nodes(study: Study, subjects: list[str], until: str | None = None) -> list[Node]:
    """Return every unit the recipe plans, in order, up to a stage; wrong settings are said at once."""
    return study.plan(subjects, until)


def make_all(
    study: Study, subjects: list[str], execution: Execution, *, until: str | None = None
) -> tuple[list[Outcome], list[SystemVerdict]]:
    """Make every planned unit that is not done; say what was made, the verdict, and where the report is."""
    nodes = planned_nodes(study, subjects, until)
    with reporting() as reporter, stopping.listening():
        began = time.monotonic()
        runner = Runner(study, subjects, execution, reporter)
        outcomes = make_and_tell(runner, nodes)
    talk().print(_total(outcomes, time.monotonic() - began))
    verdicts = tell_verdicts(study, nodes)
    for page in pages(study, nodes):
        talk().print(f"Open {page}")
    return outcomes, verdicts


def _total(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return what came of all units: "made 23, already done 4, in 3 min 12 s"."""
    made = sum(outcome.ran and not outcome.missing_parts for outcome in outcomes)
    shared = sum(bool(outcome.missing_parts) for outcome in outcomes)
    left = sum(bool(outcome.left) for outcome in outcomes)
    counts = [(made, "made"), (len(outcomes) - made - shared - left, "already done"), (left, "left as they are")]
    counts += [(shared, "left to others")]
    told = [f"{what} {count}" for count, what in counts if count or what in ("made", "already done")]
    return f"{', '.join(told).capitalize()}, in {exactly(seconds)}."
