"""`eeg2vid simulate`: a data set in SEED-DV's own layout whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2vid.cli.globals import DebugOption
from eeg2vid.cli.output import emit_ids, talk
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.store.disk import writing_to

STRENGTH = "How much of the clips is in the EEG"
TRAPS = "Traps for careless evaluations"


def simulate(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="New folder for the data set")],
    subjects: Annotated[int, typer.Option("--subjects", min=1, max=999)] = 20,
    sessions: Annotated[
        int,
        typer.Option("--sessions", min=1, max=9, help="How often each person watches, with the cap put on anew"),
    ] = 1,
    blocks: Annotated[int, typer.Option("--blocks", min=1, max=7)] = 7,
    concepts: Annotated[int, typer.Option("--concepts", min=2, max=40)] = 40,
    resolution: Annotated[
        int, typer.Option("--resolution", min=32, max=1920, help="Film width, px; height is 9/16")
    ] = 256,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            help="demo (decodes clearly), seed-like (as hard as SEED-DV) or none. Default: demo; none in a trap",
            rich_help_panel=STRENGTH,
        ),
    ] = None,
    snr: Annotated[
        float | None,
        typer.Option("--snr", min=0, help="A strength of your own instead; 0: nothing", rich_help_panel=STRENGTH),
    ] = None,
    drift: Annotated[
        str,
        typer.Option(
            "--drift",
            help="none, free (new in every block), locked (tied to block time, orders are the same)",
            rich_help_panel=TRAPS,
        ),
    ] = "none",
    hint_only: Annotated[
        bool,
        typer.Option(
            "--hint-only", help="Only what the concept makes one expect, nothing of the clips", rich_help_panel=TRAPS
        ),
    ] = False,
    gaze: Annotated[
        bool,
        typer.Option("--gaze", help="The eyes follow the motion, and electrodes see the eyes", rich_help_panel=TRAPS),
    ] = False,
    order: Annotated[
        str | None,
        typer.Option(
            "--order", help="Of concepts: published, random (per block), same (in every block)", rich_help_panel=TRAPS
        ),
    ] = None,
    outlier: Annotated[
        str | None, typer.Option("--outlier", help="Subject whose data hardly help", rich_help_panel=TRAPS)
    ] = None,
    observers: Annotated[
        bool, typer.Option("--observers/--no-observers", help="Work out what can be decoded: seconds a subject")
    ] = True,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    dtype: Annotated[str, typer.Option("--dtype", help="float32 or float64")] = "float32",
    debug: DebugOption = False,
) -> None:
    """Write a simulated data set: drawn films, and EEG that carries their features.

    The folder has SEED-DV's layout and file names. It is not SEED-DV: a marker file makes every
    artifact that descends from it carry the stamp "simulated". The truth is beside it, in `truth/`: what
    drove the EEG, and what observers who know the brain can decode, in principle and in this very protocol.
    """
    from eeg2vid.stages.simulation.presets import choose_strength

    if dtype not in ("float32", "float64"):
        raise UsageError(f"--dtype is float32 or float64, not '{dtype}'.")
    if preset is not None and snr is not None:
        raise UsageError("--preset and --snr both set the strength.", "Give one of them.")
    name, strength = choose_strength(preset, snr, trap=drift != "none" or gaze)
    write_dataset(
        out,
        subjects=subjects,
        blocks=blocks,
        concepts=concepts,
        resolution=resolution,
        preset=name,
        snr=strength,
        sessions=sessions,
        drift=drift,
        hint_only=hint_only,
        gaze=gaze,
        order=order,
        outlier=outlier,
        observers=observers,
        seed=seed,
        dtype=dtype,
    )
    emit_ids([out])


def write_dataset(out: Path, *, subjects: int, blocks: int, concepts: int, **how: Any) -> None:
    """Simulate with progress on stderr, and tell what it took."""
    from eeg2vid.stages.simulation.dataset import simulate_dataset

    with reporting() as reporter, writing_to(out):
        current = ""

        def progress(what: str, done: int, total: int) -> None:
            nonlocal current
            if what != current:
                current = what
                reporter.start(what, total)
            if done:
                reporter.advance()

        cost = simulate_dataset(out, subjects=subjects, blocks=blocks, concepts=concepts, progress=progress, **how)
        reporter.clear()
    people = counted(subjects, "subject")
    talk().print(
        f"Simulated {people}, {counted(blocks, 'block')} of {counted(concepts, 'concept')} in {out}: "
        f"films {cost.films_s:.1f} s, "
        f"EEG {cost.eeg_s / subjects:.1f} s and observers {cost.observers_s / subjects:.1f} s a subject, "
        f"peak memory {cost.peak_mib:.0f} MiB"
    )
