"""`eeg2vid simulate`: a data set in SEED-DV's own layout whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2vid.cli.options import DebugOption
from eeg2vid.cli.output import talk
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import UsageError


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
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    dtype: Annotated[str, typer.Option("--dtype", help="float32 or float64")] = "float32",
    debug: DebugOption = False,
) -> None:
    """Write a simulated data set: procedural films, and EEG that carries their features.

    The folder has SEED-DV's layout and file names. It is not SEED-DV: a marker file makes every
    artifact that descends from it carry the stamp "simulated".
    """
    if dtype not in ("float32", "float64"):
        raise UsageError(f"--dtype is float32 or float64, not '{dtype}'.")
    write_dataset(
        out,
        subjects=subjects,
        blocks=blocks,
        concepts=concepts,
        resolution=resolution,
        snr=snr,
        seed=seed,
        dtype=dtype,
    )


def write_dataset(out: Path, *, subjects: int, blocks: int, concepts: int, **how: Any) -> None:
    """Simulate with progress on stderr."""
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
