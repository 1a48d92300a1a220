"""`eeg2vid simulate`: a data set in SEED-DV's own layout whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2vid.cli.options import DebugOption
from eeg2vid.cli.output import talk
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import UsageError

DRAWN = "With --world drawn"


def simulate(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="New folder for the data set")],
    subjects: Annotated[int, typer.Option("--subjects", min=1, max=999)] = 20,
    blocks: Annotated[int, typer.Option("--blocks", min=1, max=7)] = 7,
    concepts: Annotated[int, typer.Option("--concepts", min=2, max=40)] = 40,
    resolution: Annotated[
        int, typer.Option("--resolution", min=32, max=1920, help="Film width, px; height is 9/16")
    ] = 256,
    snr: Annotated[float, typer.Option("--snr", min=0, help="Strength of what depends on the clips; 0: nothing")] = 1.0,
    world: Annotated[
        str,
        typer.Option(
            "--world",
            help="plain: flat shapes, which the tiny models know; drawn: scenes, figures and a head model, which they "
            "do not know yet",
        ),
    ] = "plain",
    drift: Annotated[
        str,
        typer.Option(
            "--drift",
            help="none, free (new in every block), locked (tied to block time)",
            rich_help_panel=DRAWN,
        ),
    ] = "none",
    hint_only: Annotated[
        bool,
        typer.Option(
            "--hint-only", help="Only what the concept makes one expect, nothing of the clips", rich_help_panel=DRAWN
        ),
    ] = False,
    order: Annotated[
        str | None,
        typer.Option("--order", help="Of concepts: published, random, same (in every block)", rich_help_panel=DRAWN),
    ] = None,
    outlier: Annotated[
        str | None, typer.Option("--outlier", help="Subject whose data hardly help", rich_help_panel=DRAWN)
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    dtype: Annotated[str, typer.Option("--dtype", help="float32 or float64")] = "float32",
    debug: DebugOption = False,
) -> None:
    """Write a simulated data set: procedural films, and EEG that carries their features.

    The folder has SEED-DV's layout and file names. It is not SEED-DV: a marker file makes every
    artifact that descends from it carry the stamp "simulated". The drawn world has its truth beside it, in
    `truth/`: what drove the EEG, and what an ideal and a training-limited observer can decode.
    """
    if dtype not in ("float32", "float64"):
        raise UsageError(f"--dtype is float32 or float64, not '{dtype}'.")
    sizes: dict[str, Any] = {
        "subjects": subjects,
        "blocks": blocks,
        "concepts": concepts,
        "resolution": resolution,
        "seed": seed,
        "dtype": dtype,
    }
    drawn: dict[str, Any] = {"drift": drift, "hint_only": hint_only, "order": order, "outlier": outlier}
    if world == "plain":
        given = next((name for name, value in drawn.items() if value not in (None, False, "none")), None)
        if given:
            raise UsageError(f"--{given.replace('_', '-')} is of the drawn world.", "Add --world drawn.")
        write_dataset(out, **sizes, snr=snr)
    elif world == "drawn":
        write_dataset(out, **sizes, world=world, snr=snr, **drawn)
    else:
        raise UsageError(f"--world is plain or drawn, not '{world}'.")


def write_dataset(out: Path, *, subjects: int, blocks: int, concepts: int, world: str = "plain", **how: Any) -> None:
    """Simulate with progress on stderr."""
    simulate_dataset: Callable[..., Any]
    if world == "drawn":
        from eeg2vid.stages.world.dataset import simulate_dataset
    else:
        from eeg2vid.stages.simulation.dataset import simulate_dataset

    with reporting() as reporter:
        current = ""

        def progress(what: str, done: int, total: int) -> None:
            nonlocal current
            if what != current:
                current = what
                reporter.start(what, total)
            if done:
                reporter.advance()

        simulate_dataset(out, subjects=subjects, blocks=blocks, concepts=concepts, progress=progress, **how)
        reporter.clear()
    talk().print(f"Simulated {subjects} subjects, {blocks} blocks of {concepts} concepts in {out}", markup=False)
