"""What can be decoded from a simulated study: a row of `truth/observers.json` per person, task and observer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.protocol import CLIPS_PER_RUN
from eeg2vid.stages.simulation.attainable import attain, outputs_of
from eeg2vid.stages.simulation.films import optical_flow
from eeg2vid.stages.simulation.matched import match
from eeg2vid.stages.simulation.observers import Observation, observe
from eeg2vid.stages.simulation.plan import StudyPlan
from eeg2vid.stages.simulation.population import ATTRIBUTES, TASKS, Population, clip_population, label_table
from eeg2vid.stages.simulation.recording import Drivers
from eeg2vid.stages.simulation.subjects import SubjectBrain
from eeg2vid.stages.simulation.temporal_order import attain_order
from eeg2vid.stages.simulation.truth import write_json
from eeg2vid.stages.simulation.worlds import World

ABOUT = (
    "Balanced accuracy for single clips. ideal: by Monte Carlo, knows leadfield, subject, noise spectra and"
    " p(phi | label). n-limited: the same, class means from the training blocks of a leave-one-block-out split. Both"
    " see a clip alone, no artefacts, no drift, no changes within it. attainable: a linear discriminant on the outputs"
    " of the true filters, learned from all other blocks, on the simulated blocks themselves, artefacts and neighbours"
    " included; not worked out where a drift or the eyes tell what no response tells. temporal-order: forward or"
    " backward, for one who knows person and clip."
)


def _row(person: SubjectBrain, label: str, observer: str, one: Observation) -> dict[str, Any]:
    return {
        "subject": label,
        "session": person.session,
        "task": one.task,
        "observer": observer,
        "train_clips": one.train_clips,
        "classes": one.classes,
        "chance": round(one.chance, 6),
        "balanced_accuracy": round(one.accuracy, 6),
        "standard_error": round(one.error, 6),
    }


def training_clips(plan: StudyPlan) -> int:
    """Return how many clips train when one block is left out."""
    blocks, slots = plan.order.shape
    return (blocks - 1) * slots * CLIPS_PER_RUN


def observer_rows(
    person: SubjectBrain, label: str, population: Population, world: World, train_clips: int, seed: int
) -> list[dict[str, Any]]:
    """Return what the ideal and the n-limited observer achieve for one person, a row per task and observer."""
    rows: list[dict[str, Any]] = []
    matched = match(person)
    for k, task in enumerate(TASKS):
        rng = np.random.default_rng([seed, 7, person.seed, k])
        counts: list[int | None] = [None] + ([train_clips] if train_clips else [])
        try:
            found = observe(matched, population, task, snr=world.snr, rng=rng, train_clips=counts)
        except UsageError:  # all clips of these concepts are alike in this
            continue
        rows += [_row(person, label, "ideal" if one.train_clips is None else "n-limited", one) for one in found]
    return rows


def protocol_rows(
    person: SubjectBrain,
    label: str,
    blocks: Sequence[NDArray[np.floating]],
    plan: StudyPlan,
    driven: Sequence[Drivers],
    world: World,
) -> list[dict[str, Any]]:
    """Return what is attainable in the protocol, a row per task; none where a trap tells what no response tells.

    Parameters
    ----------
    blocks
        The person's EEG, `(electrode, sample)` V each.
    driven
        What drove it, block by block.
    """
    if world.drift != "none" or world.gaze:
        return []
    specs = [spec for clips in plan.clips for spec in clips]
    labels = label_table({name: np.array([getattr(spec, name) for spec in specs]) for name in ATTRIBUTES})
    labels["fast"] = np.zeros(len(specs), np.int64)
    outputs = outputs_of(person, blocks, plan.onsets)
    found = [attain(outputs, task, labels[task], optical_flow(specs) if task == "fast" else None) for task in TASKS]
    courses = [one.course for one in driven if one.course is not None]
    if courses:
        found.append(attain_order(person, blocks, plan.onsets, [one.phi for one in driven], courses, world.snr))
    return [_row(person, label, "attainable", one) for one in found if one is not None]


def write_observers(root: Path, rows: list[dict[str, Any]]) -> None:
    """Write the table of observers into `root`."""
    write_json(root / "observers.json", {"about": ABOUT, "rows": rows})


def study_population(plan: StudyPlan, world: World) -> Population:
    """Return what clips of a study's concepts are like."""
    return clip_population(np.unique(plan.order).tolist(), hint_only=world.hint_only)
