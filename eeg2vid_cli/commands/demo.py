"""`eeg2vid demo`: a simulated study, decoded, with a report to look at."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli.commands.run import make_all
from eeg2vid.cli.commands.simulate import write_dataset
from eeg2vid.cli.commands.stage import pages
from eeg2vid.cli.globals import DebugOption
from eeg2vid.cli.options import Request, ThreadsOption, chosen_subjects, make_execution
from eeg2vid.cli.output import emit_ids, talk
from eeg2vid.stages.engine.recipe import recipe_path
from eeg2vid.stages.engine.workspace import CONFIG
from eeg2vid.stages.store.files import write_synced

_CONFIG = """\
# A simulated study: see `eeg2vid status`, change a setting, `eeg2vid run`.
[study]
data = "../simulated"
recipe = {recipe}
models = "tiny"
"""
_OTHERS = ("ridge", "evoked-rhythms")  # what is quickly tried beside the first


def demo(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="Folder of the demo; what is done already is kept")] = Path("demo"),
    subjects: Annotated[int, typer.Option("--subjects", min=1, max=99)] = 1,
    concepts: Annotated[int, typer.Option("--concepts", min=2, max=40)] = 10,
    snr: Annotated[float, typer.Option("--snr", min=0, help="0: the EEG knows nothing of the clips")] = 2.0,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    recipe: Annotated[
        str, typer.Option("--recipe", help="Built-in recipe or TOML file that decodes it")
    ] = "evoked-rhythms",
    threads: ThreadsOption = 1,
    debug: DebugOption = False,
) -> None:
    """Simulate a small study, decode its videos, score them and write the report."""
    named = str(recipe_path(recipe).resolve()) if recipe.endswith(".toml") else recipe
    data, workspace = out / "simulated", out / "workspace"
    if not data.exists():
        write_dataset(
            data, subjects=subjects, blocks=7, concepts=concepts, resolution=112, snr=snr, seed=seed, dtype="float32"
        )
    workspace.mkdir(parents=True, exist_ok=True)
    if not (workspace / CONFIG).exists():
        write_synced(workspace / CONFIG, _CONFIG.format(recipe=json.dumps(named)).encode())
    study = Request(ctx, workspace).study()
    people = chosen_subjects(study, None)
    make_all(study, people, make_execution(device="cpu", threads=threads))
    emit_ids(pages(study, study.plan(people)))
    _tell_what_next(workspace, recipe)


def _tell_what_next(workspace: Path, recipe: str) -> None:
    """Name three commands that work when pasted: look, decode otherwise beside it, hold the two against each other."""
    where = f"-w {shlex.quote(str(workspace))}"
    other = next(name for name in _OTHERS if name != recipe)
    console = talk()
    console.print(f"Everything is in {workspace}. Next:", style="bold")
    console.print(f"  eeg2vid status {where}  # what was made")
    console.print(f"  eeg2vid run {where} --recipe {other}  # another decoder, as a variant beside it")
    console.print(f"  eeg2vid compare {where}  # every score of both")
