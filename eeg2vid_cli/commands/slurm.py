"""`eeg2vid slurm script`: an sbatch script for a stage, to read, edit and submit."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli.errors import guarded
from eeg2vid.cli.globals import INPUTS, DebugOption, JsonOption, WorkspaceOption, wants_json
from eeg2vid.cli.options import (
    ModelsOption,
    NewOption,
    ProtocolOption,
    RecipeOption,
    Request,
    SubjectOption,
    VariantOption,
    chosen_subjects,
)
from eeg2vid.cli.output import emit, emit_ids, talk
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.stage import Per, Resources, Stage
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.registry import STAGES
from eeg2vid.stages.services.slurm import Job, render, slurm_table, this_executable
from eeg2vid.stages.store.disk import writing_to
from eeg2vid.stages.store.files import write_synced
from eeg2vid.stages.store.layout import STUDY

app = typer.Typer(no_args_is_help=True, help="Run stages as SLURM jobs.")
CLUSTER = "What the cluster gives (default: the stage's own, then eeg2vid.toml)"


@app.command("script")
@guarded
def script(
    ctx: typer.Context,
    stage: Annotated[str, typer.Argument(help="The stage")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[-- OPTIONS]", help="Anything else for the stage's command, after --")
    ] = None,
    workspace: WorkspaceOption = None,
    subject: SubjectOption = None,
    recipe: RecipeOption = None,
    models: ModelsOption = None,
    protocol: ProtocolOption = None,
    variant: VariantOption = None,
    new: NewOption = False,
    shards: Annotated[
        int, typer.Option(min=1, max=1000, help="Divide each unit among so many tasks", rich_help_panel=INPUTS)
    ] = 1,
    partition: Annotated[str | None, typer.Option(help="Partition", rich_help_panel=CLUSTER)] = None,
    time: Annotated[str | None, typer.Option(help="HH:MM:SS of one task", rich_help_panel=CLUSTER)] = None,
    gpus: Annotated[int | None, typer.Option(help="GPUs of one task", rich_help_panel=CLUSTER)] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write \\[default: print]")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file")] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Print an sbatch script: an array over subjects, or over shards; it saves, requeues and goes on when stopped.

    What a task gets is the stage's own statement for one unit at full size. A table `slurm` in eeg2vid.toml changes
    it for all stages, a table `slurm.generate` for one: partition, account, qos, time, gpus, cpus, memory_gb,
    grace_s, requeues, pause_s (before a requeue), setup (shell lines), options (further sbatch options),
    executable (what a task calls; without it, this very eeg2vid by its path).
    """
    if stage not in STAGES:
        raise UsageError(f"There is no stage '{stage}'.{did_you_mean(stage, STAGES)}")
    declared = STAGES[stage]
    if shards > 1 and not declared.divided:
        divided = ", ".join(name for name, one in STAGES.items() if one.divided)
        raise UsageError(f"--shards: {stage} makes each unit in one piece; divided are {divided}.")
    if out is not None and out.exists() and not force:
        raise UsageError(f"{out} exists already.", "Choose another name, or give --force.")
    study = Request(ctx, workspace, recipe, models, protocol, stage=stage, variant=variant, new=new).study()
    over = {"partition": partition, "time": time, "gpus": gpus}
    table = slurm_table(study.workspace.slurm, stage, list(STAGES), over)
    labels = _array_labels(study, declared, subject, shards, variant)
    named = {"subject": None if labels else subject, "recipe": recipe, "models": models, "protocol": protocol}
    words = [
        word
        for name, value in (named | {"variant": variant}).items()
        if value
        for word in (f"--{name}", _absolute(value))
    ]
    text = render(
        Job(
            declared,
            study.root,
            _resources(study, stage, variant),
            tuple(labels),
            arguments=(*(more or []), *words, *(["--new"] if new else [])),
            units=_units(study, declared, subject, labels, variant),
            shards=shards,
            table=table,
            executable=this_executable(),
        )
    )
    if study.root.is_dir():
        (study.root / "logs").mkdir(exist_ok=True)  # sbatch makes no folders: the job would die without a word
    if out is not None:
        with writing_to(out.parent):
            write_synced(out, text.encode())
        talk().print(f"Submit it: sbatch {shlex.quote(str(out))}")
    if wants_json(ctx, json):
        emit({"stage": stage, "subjects": labels, "shards": shards, "script": text}, None, as_json=True)
    elif out is not None:
        emit_ids([out])
    else:
        sys.stdout.write(text)


def _array_labels(study: Study, stage: Stage, subject: str | None, shards: int, variant: str | None) -> list[str]:
    """Return the subjects to run an array over: none if the stage makes something for the whole study.

    Tasks of an array would all make the study's unit; one job makes it and its subjects one after another.
    """
    if shards > 1 or any(node.unit == STUDY for node in study.nodes(stage.name, [], variant=variant)):
        return []
    labels = chosen_subjects(study, subject)
    return labels if len(labels) > 1 else []


def _units(study: Study, stage: Stage, subject: str | None, labels: list[str], variant: str | None) -> int:
    """Return how many units one task makes, for its time limit."""
    subjects = labels[:1] or chosen_subjects(study, subject)
    return len(study.nodes(stage.name, subjects, variant=variant))


def _resources(study: Study, stage: str, variant: str | None) -> Resources:
    """Return what the most demanding of the units needs."""
    variants = [variant] if variant else study.variants(stage)
    kinds: tuple[Per, ...] = ("study", "subject")
    needs = [study.needs(stage, name, kind) for name in variants for kind in kinds]
    each = [asdict(one.resources) for one in needs if one.writes]
    return Resources(**{name: max(one[name] for one in each) for name in each[0]})


def _absolute(value: str) -> str:
    """Make a recipe's or profile's file independent of the folder the job starts in."""
    return str(Path(value).resolve()) if value.endswith(".toml") else value
