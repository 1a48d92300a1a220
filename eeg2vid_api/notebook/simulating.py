"""A simulated data set in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2vid.schemas.errors import UsageError

if TYPE_CHECKING:
    from eeg2vid.stages.simulation.worlds import Drift, Order


def simulate(
    out: str | Path,
    *,
    subjects: int | Sequence[str] = 1,
    sessions: int = 1,
    blocks: int = 7,
    concepts: int = 40,
    resolution: int = 256,
    preset: str | None = None,
    snr: float | None = None,
    drift: Drift = "none",
    hint_only: bool = False,
    gaze: bool = False,
    order: Order | None = None,
    outlier: str | None = None,
    observers: bool = True,
    seed: int = 0,
    dtype: str = "float32",
) -> Path:
    """Write a simulated data set in SEED-DV's layout, its truth beside it: `eeg2vid simulate` in Python.

    The same arguments give the same bytes as the command's options of these names. Read it with
    `eeg2vid ingest OUT`.

    Parameters
    ----------
    out
        A new or empty folder; it appears only when complete.
    subjects
        How many (labelled 1, 2, ...), or their labels.
    sessions
        How often each person watches everything.
    blocks, concepts
        At most 7 and 40, as in SEED-DV; a block is a film of `concepts` runs of 13 s.
    resolution
        Width of the films, px; the height is 9/16 of it.
    preset, snr
        How much of the clips is in the EEG: 'demo', 'seed-like', 'none', or a strength of your own. Neither: 'demo',
        with a drift or gaze 'none'.
    drift, hint_only, gaze, order, outlier
        Traps for careless evaluations, see `eeg2vid simulate --help`.
    observers
        Work out what can be decoded: seconds a subject.
    seed
        Of clips, order and noise.
    dtype
        Of the EEG, 'float32' or 'float64'; volts.

    Returns
    -------
    The folder.

    Raises
    ------
    UsageError
        If an argument is out of bounds, or the folder holds something.
    """
    from eeg2vid.stages.simulation.dataset import simulate_dataset
    from eeg2vid.stages.simulation.presets import choose_strength
    from eeg2vid.stages.store.disk import writing_to

    if preset is not None and snr is not None:
        raise UsageError("`preset` and `snr` both set the strength.", "Give one of them.")
    name, strength = choose_strength(preset, snr, trap=drift != "none" or gaze)
    folder = Path(out)
    with writing_to(folder):
        simulate_dataset(
            folder,
            subjects=subjects,
            blocks=blocks,
            concepts=concepts,
            resolution=resolution,
            snr=strength,
            preset=name,
            seed=seed,
            dtype=dtype,
            sessions=sessions,
            drift=drift,
            hint_only=hint_only,
            gaze=gaze,
            order=order,
            outlier=outlier,
            observers=observers,
        )
    return folder
