"""What a study's clips do to a person's EEG, block by block: the join of plan, films, world and brain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import CLIPS_PER_RUN, ELECTRODES, SFREQ
from eeg2vid.stages.simulation.brain import simulate_block
from eeg2vid.stages.simulation.films import describe, rightward_flow
from eeg2vid.stages.simulation.plan import StudyPlan, motion_of
from eeg2vid.stages.simulation.subjects import SubjectBrain
from eeg2vid.stages.simulation.worlds import World, block_drift, expectation

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Drivers:
    """What drives the EEG in one block.

    Attributes
    ----------
    phi, course
        Of every clip, from `films.describe`; no course where nothing of a clip is seen.
    motion
        Motion energy over each clip relative to its mean, `(clip, time)`, or None.
    gaze
        Flow to the right that the eyes follow, `(clip, time)`, or None.
    """

    phi: Floats
    course: Floats | None
    motion: Floats | None
    gaze: Floats | None


def drivers(plan: StudyPlan, world: World) -> list[Drivers]:
    """Return what drives the EEG, block by block."""
    found = []
    for specs in plan.clips:
        phi, course = describe(specs)
        gaze = np.stack([rightward_flow(spec) for spec in specs]) if world.gaze else None
        if world.hint_only:
            found.append(Drivers(expectation(phi), None, None, gaze))
        else:
            found.append(Drivers(phi, course, motion_of(specs), gaze))
    return found


def record_block(
    plan: StudyPlan, driven: Drivers, person: SubjectBrain, world: World, seed: int, block: int
) -> NDArray[np.float32]:
    """Simulate one block of one session of a person, `(electrode, sample)`, V.

    Parameters
    ----------
    driven
        Of this block.
    seed
        Of the study's noise; with person, session and block it gives the block's own.
    """
    own = [person.seed] if person.session == 1 else [person.seed, person.session]
    return simulate_block(
        driven.phi,
        plan.onsets,
        n_samples=plan.n_samples,
        sfreq=SFREQ,
        subject=person,
        snr=world.snr,
        rng=np.random.default_rng([seed, 2, *own, block]),
        hints_samples=plan.hints,
        motion=driven.motion,
        course=driven.course,
        expected=driven.phi[::CLIPS_PER_RUN] if world.hint_only else None,
        drift=block_drift(world.drift, plan.order.shape[1], [seed, 5, *own], block),
        gaze=driven.gaze,
    )


def write_recording(
    path: Path, plan: StudyPlan, driven: Sequence[Drivers], person: SubjectBrain, world: World, seed: int, dtype: str,
    starting: Callable[[int], None],
) -> None:  # fmt: skip
    """Write one session of a person, `(block, electrode, sample)`, V; `starting` is told which block it is at."""
    shape = (len(driven), len(ELECTRODES), plan.n_samples)
    with path.open("wb") as file:  # block after block: a mapped file would end the process on a full disk
        described = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, described)
        for block in range(len(driven)):
            starting(block)
            eeg = record_block(plan, driven[block], person, world, seed, block)
            file.write(np.ascontiguousarray(eeg, dtype).data)
