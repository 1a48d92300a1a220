"""`eeg2vid import`: files made elsewhere become an artifact."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated

import typer

from eeg2vid.cli import log
from eeg2vid.cli.commands.stage import make_and_tell
from eeg2vid.cli.globals import INPUTS, DebugOption, JsonOption, WorkspaceOption, wants_json
from eeg2vid.cli.options import ContainerOption, RecipeOption, Request, chosen_subjects, make_execution, nested_settings
from eeg2vid.cli.output import emit, say
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.subjects import parse_subjects
from eeg2vid.stages.exchange.layouts import known_files

FILES = "What the files are"


def import_(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(help="A file, a folder of files, or a folder that `export` wrote")],
    schema: Annotated[str, typer.Option("--as", help="Schema, e.g. latents", rich_help_panel=INPUTS)],
    to: Annotated[str, typer.Option("--to", help="STAGE/VARIANT whose output it becomes", rich_help_panel=INPUTS)],
    subject: Annotated[
        str | None, typer.Option("--subject", "-s", help="Whose it is, if a subject's", rich_help_panel=INPUTS)
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", help="If the stage writes the schema twice", rich_help_panel=INPUTS)
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            "--order",
            help="presentation (block, slot, clip as shown) or concept (block, concept 1..40, clip); "
            "needed where the files carry no ids",
            rich_help_panel=FILES,
        ),
    ] = None,
    blocks: Annotated[
        str | None, typer.Option("--blocks", help="1-6, 7, 1,3: all that is in it", rich_help_panel=FILES)
    ] = None,
    session: Annotated[
        str | None, typer.Option("--session", help="Only this session is in it", rich_help_panel=FILES)
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option("--layout", help="What the axes are, where the shape leaves it open", rich_help_panel=FILES),
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="Which array of an npz or pt", rich_help_panel=FILES)] = None,
    array: Annotated[
        str | None, typer.Option("--array", help="Which array of the schema PATH is", rich_help_panel=FILES)
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--also", help="[NAME=]PATH: another array, e.g. psd beside de", rich_help_panel=FILES),
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option("--scale", help="Factor, e.g. 0.18215 for latents that lack it", rich_help_panel=FILES),
    ] = None,
    resample: Annotated[
        bool,
        typer.Option("--resample", help="Take pictures by time from videos of another length", rich_help_panel=FILES),
    ] = False,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE: an attribute, e.g. fps=3 or method=corrected", rich_help_panel=FILES),
    ] = None,
    workspace: WorkspaceOption = None,
    recipe: RecipeOption = None,
    container: ContainerOption = "zarr",
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Validate files made elsewhere into an artifact; what reads it then reads yours.

    npy, npz, pt (never unpickled), folders of gif or mp4, jsonl, csv, txt captions, exported folders.
    Without EEG, in an empty folder: true films --to split-videos/default, then decoded ones --to generate/NAME.
    --set states attributes (fps, scaling_factor, bands). The files of the published EEG2Video code are known by
    their shape; numbers of blocks, slots and clips are this study's:
    """
    from eeg2vid.stages.engine.runner import Runner
    from eeg2vid.stages.exchange.items import Options
    from eeg2vid.stages.services.clips_alone import controls_of, people_of
    from eeg2vid.stages.services.importing import import_files, target_of

    study = Request(ctx, workspace, recipe).study()
    execution = make_execution(container=container)
    target = target_of(study, schema, to, _one_subject(study, subject), role)
    options = Options(order, blocks, session, layout, key, array, tuple(also or ()), scale, resample)
    adopted, remarks = import_files(
        study, target, path, options, nested_settings(assignments or []), container=execution.container
    )
    log.begin(study.root, execution)
    manifest = adopted.manifest
    for remark in remarks:
        say(remark)
    if controls := controls_of(study.again(), target):
        with reporting() as reporter, stopping.listening():
            runner = Runner(study.again(), people_of(controls), execution, reporter)
            make_and_tell(runner, controls)
    state = "imported" if adopted.written else "already imported"
    row = {
        "artifact": str(adopted.address),
        "state": state,
        "digest": manifest.digest,
        "replaced": adopted.replaced.digest if adopted.replaced else None,
        "attributes": manifest.attributes,
    }
    shapes = [f"{name} {' x '.join(map(str, entry.shape))}" for name, entry in manifest.arrays.items()]
    shapes += [f"{name} {counted(entry.rows, 'row')}" for name, entry in manifest.tables.items()]
    emit(row, f"{adopted.address}: {state} ({', '.join(shapes)})", as_json=wants_json(ctx, json), ids=[adopted.address])


import_.__doc__ = f"{inspect.cleandoc(import_.__doc__ or '')}\n\n{known_files()}"


def _one_subject(study: Study, text: str | None) -> str | None:
    if text is None:
        return None
    labels = parse_subjects(text, [text.removeprefix("sub-")]) if study.alone else chosen_subjects(study, text)
    if len(labels) != 1:
        raise UsageError(f"--subject {text}: files are of one subject; import them one by one.")
    return labels[0]
