"""sbatch scripts, rendered from what a stage declares it needs. Pure text: nothing is submitted here."""

from __future__ import annotations

import math
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.stage import Resources, Stage
from eeg2vid.stages.engine.text import did_you_mean, sentence_of
from eeg2vid.stages.engine.workspace import CONFIG

_LARGEST_TASK = 1000  # SLURM's own default of MaxArraySize is 1001
_TIME = r"^(\d+-\d{1,2}(:\d{1,2}){0,2}|\d+(:\d{1,2}){0,2})$"
_NAME = r"^[A-Za-z0-9_.,:+-]+$"

Line = Annotated[str, StringConstraints(pattern=r"^[^\r\n]+$")]
Option = Annotated[str, StringConstraints(pattern=r"^--?[^\r\n]+$")]


class SlurmTable(BaseModel):
    """A `[slurm]` table of eeg2vid.toml (for every stage) or `[slurm.<stage>]` (for one)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    partition: str | None = Field(
        None, pattern=_NAME, description="partition, or several with commas", examples=["gpu"]
    )
    account: str | None = Field(None, pattern=_NAME, description="account that is charged", examples=["lab"])
    qos: str | None = Field(None, pattern=_NAME, description="quality of service", examples=["normal"])
    time: str | None = Field(
        None, pattern=_TIME, description="time limit of one task, HH:MM:SS or D-HH:MM:SS", examples=["04:00:00"]
    )
    gpus: int | None = Field(None, ge=0, le=64, description="GPUs per task", examples=[1])
    cpus: int | None = Field(None, ge=1, le=1024, description="CPUs per task", examples=[4])
    memory_gb: int | None = Field(None, ge=1, le=65536, description="memory per task, GB", examples=[16])
    grace_s: int = Field(60, ge=5, le=65535, description="how long before the time limit to ask for a stop, s")
    requeues: int = Field(20, ge=0, le=1000, description="how often a stopped task goes on at most")
    pause_s: int = Field(10, ge=0, le=3600, description="how long a stopped task waits before it is requeued, s")
    setup: tuple[Line, ...] = Field((), description="shell lines before the command: modules, environments")
    options: tuple[Option, ...] = Field((), description="further sbatch options, e.g. '--constraint=a100'")
    executable: Line | None = Field(
        None,
        description="what a task calls; none: the eeg2vid that writes the script, by its path",
        examples=["apptainer exec eeg2vid.sif eeg2vid"],
    )


@dataclass(frozen=True)
class Job:
    """What a script makes.

    Attributes
    ----------
    stage
        The declaration.
    workspace
        Absolute path.
    subjects
        Labels that the array runs over; empty: no array over subjects.
    arguments
        Words after the stage's name, unquoted.
    resources
        What one unit needs under its settings; None: what the stage declares.
    units
        How many units one task makes.
    shards
        Into how many tasks each unit is divided.
    executable
        Words that call eeg2vid where the table names none; a task needs no environment for an absolute path.
    """

    stage: Stage
    workspace: Path
    resources: Resources | None = None
    subjects: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    units: int = 1
    shards: int = 1
    table: SlurmTable = field(default_factory=SlurmTable)
    executable: tuple[str, ...] = ("eeg2vid",)


def this_executable() -> tuple[str, ...]:
    """Return the words that call the eeg2vid that is running, from any folder and environment."""
    script = Path(sys.executable).with_name("eeg2vid")
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-m", "eeg2vid")


def slurm_table(tables: Any, stage: str, stages: Sequence[str], given: Mapping[str, Any]) -> SlurmTable:
    """Merge `[slurm]`, `[slurm.<stage>]` and the command line, later ones winning.

    Raises
    ------
    UsageError
        If a table names an unknown stage or key, or a value is out of bounds.
    """
    if not isinstance(tables, dict):
        raise UsageError(f"{CONFIG}: 'slurm' is a table: [slurm] or [slurm.<stage>].")
    of_stages = {name: table for name, table in tables.items() if isinstance(table, dict)}
    for name in of_stages:
        if name not in stages:
            raise UsageError(f"{CONFIG}: [slurm.{name}]: there is no stage '{name}'.{did_you_mean(name, stages)}")
    common = {name: value for name, value in tables.items() if name not in of_stages}
    chosen = {name: value for name, value in given.items() if value is not None}
    for where, values in (("[slurm]", common), (f"[slurm.{stage}]", of_stages.get(stage, {})), ("", chosen)):
        try:
            SlurmTable.model_validate(values)
        except ValidationError as error:
            raise UsageError(
                f"{f'{CONFIG}: {where}: ' if where else ''}{sentence_of(error, SlurmTable, 'slurm')}",
                'The time limit is written as in SLURM: "HH:MM:SS" or "D-HH:MM:SS".' if "time" in values else None,
            ) from error
    return SlurmTable.model_validate({**common, **of_stages.get(stage, {}), **chosen})


def render(job: Job) -> str:
    """Return the sbatch script of a job."""
    array, choice, preparation = _array(job)
    words = [job.stage.name, "--workspace", str(job.workspace), *job.arguments]
    command = " ".join(["srun", job.table.executable or shlex.join(job.executable), shlex.join(words), *choice])
    task = "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}" if array else "$SLURM_JOB_ID"
    body = [
        "set -u",
        'export SRUN_CPUS_PER_TASK="${SLURM_CPUS_PER_TASK:-1}"  # srun does not inherit it since SLURM 22.05',
        *job.table.setup,
        *preparation,
        "",
        command,
        "rc=$?",
        "",
        "# 75: asked to stop, finished parts are saved. 143: asked before it could listen. Both go on when requeued.",
        'if { [ "$rc" -eq 75 ] || [ "$rc" -eq 143 ]; }'
        f' && [ "${{SLURM_RESTART_COUNT:-0}}" -lt {job.table.requeues} ]; then',
        f"    sleep {job.table.pause_s}  # SLURM fails a task for good that is requeued as soon as it has started",
        f'    scontrol requeue "{task}"',
        "fi",
        'exit "$rc"',
    ]
    head = [
        "#!/bin/bash",
        f"# eeg2vid {job.stage.name}: {job.stage.summary()}",
        "# Submit with sbatch. Under [slurm], `setup` has lines to run before, `executable` what to call instead.",
        *(f"#SBATCH {option}" for option in _options(job, array)),
    ]
    return "\n".join([*head, "", *body]) + "\n"


def _options(job: Job, array: str) -> list[str]:
    """Return the #SBATCH options: the table's, else what the stage declares for one unit."""
    table, needs = job.table, job.resources or job.stage.resources
    gpus = needs.gpus if table.gpus is None else table.gpus
    log = job.workspace / "logs" / f"{job.stage.name}-{'%A_%a' if array else '%j'}.log"
    named = {"partition": table.partition, "account": table.account, "qos": table.qos}
    return [
        f"--job-name=eeg2vid-{job.stage.name}",
        *([f"--array={array}"] if array else []),
        *(f"--{name}={value}" for name, value in named.items() if value is not None),
        f"--time={table.time or _clock(needs.minutes * job.units, job.shards)}",
        *([f"--gres=gpu:{gpus}"] if gpus else []),
        f"--cpus-per-task={table.cpus or needs.cpus}",
        f"--mem={table.memory_gb or needs.memory_gb}G",
        f"--output={_log_path(log)}",
        "--requeue --open-mode=append",
        f"--signal=TERM@{table.grace_s}",
        *table.options,
    ]


def _array(job: Job) -> tuple[str, list[str], list[str]]:
    """Return the value of --array ('' for none), the words that choose, and the lines before the command."""
    if job.shards > 1:
        return f"1-{job.shards}", ["--shard", f'"$SLURM_ARRAY_TASK_ID/{job.shards}"'], []
    if not job.subjects:
        return "", [], []
    numbers = [int(label) for label in job.subjects if re.fullmatch(r"0|[1-9]\d*", label)]
    if len(numbers) == len(job.subjects) and max(numbers) <= _LARGEST_TASK:
        return _ranges(sorted(numbers)), ["--subject", "@array"], []
    chosen = ["--subject", '"${subjects[$SLURM_ARRAY_TASK_ID]}"']
    return f"0-{len(job.subjects) - 1}", chosen, [f"subjects=({shlex.join(job.subjects)})"]


def _ranges(numbers: Sequence[int]) -> str:
    """Write sorted numbers as SLURM does: [1, 2, 3, 5] as '1-3,5'."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)


def _clock(minutes: int, shards: int) -> str:
    """Return a time limit; a shard also starts Python and reads its inputs, so ten minutes at least."""
    each = max(10, math.ceil(minutes / shards))
    return f"{each // 60:02d}:{each % 60:02d}:00"


def _log_path(path: Path) -> str:
    """Quote a log path for an #SBATCH line: there, %% is a percent sign and quotes are read."""
    text = str(path.parent).replace("%", "%%") + f"/{path.name}"
    if re.fullmatch(r"[\w./%@+,=:~-]+", text):
        return text
    if '"' in text or "\\" in text or "\n" in text:
        raise UsageError(f"{path.parent}: sbatch cannot write logs to a path with quotes, backslashes or line ends.")
    return f'"{text}"'
