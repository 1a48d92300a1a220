"""The truth beside a simulated data set: what drove the EEG, and what observers who know it can decode.

`truth/`: `clips.npz` (phi, concepts, blocks, labels), `sources.npz` (electrodes, patches), `sub<label>.npz` (a person's
patterns, courses, rhythms, noise), `truth.json` (settings, names, units) and `observers.json`. Plain formats only.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.datasets.protocol import CLIPS_PER_RUN, ELECTRODES, SFREQ
from eeg2vid.stages.simulation.films import FEATURE_NAMES, optical_flow
from eeg2vid.stages.simulation.forward import PATCH_NAMES, PATCHES, REFERENCES, forward_model
from eeg2vid.stages.simulation.matched import match
from eeg2vid.stages.simulation.noise import ALPHA, ALPHA_WIDTH, EXPONENT, GAMMA, KNEE
from eeg2vid.stages.simulation.observers import observe
from eeg2vid.stages.simulation.plan import StudyPlan, motion_of
from eeg2vid.stages.simulation.population import TASKS, Population, clip_population
from eeg2vid.stages.simulation.subjects import SubjectBrain, make_subject
from eeg2vid.stages.simulation.worlds import World

TRUTH = "truth"
UNITS = {
    "leadfield": "V/(A m), electrode x patch",
    "evoked": "V per unit phi at snr 1, feature x electrode",
    "alpha": "change of ln amplitude per unit phi at snr 1, feature x patch",
    "gamma": "change of ln amplitude per unit phi at snr 1, feature x patch",
    "latency": "s, feature",
    "width": "s (standard deviation), feature",
    "wave": "Hz, feature",
    "sustained": "share of the peak, feature",
    "common": "V, component x electrode",
    "common_course": "latency s, width s, wave Hz, component x 3",
    "common_alpha": "change of ln amplitude, patch",
    "common_gamma": "change of ln amplitude, patch",
    "hint": "V, component x electrode",
    "hint_course": "latency s, width s, wave Hz, component x 3",
    "background": "factor B of the covariance B B^T, V, electrode x electrode",
    "alpha_moment": "A m rms, patch",
    "gamma_moment": "A m rms, patch",
    "alpha_peak": "Hz",
    "line": "V rms, electrode",
    "sensor": "V rms",
    "latency_jitter": "s (standard deviation)",
    "gain_jitter": "share (standard deviation)",
}


def person_seed(label: str) -> int:
    """Return the seed of the person with a label: brains depend on the label alone."""
    return zlib.crc32(label.encode())


def make_person(label: str, world: World) -> SubjectBrain:
    """Return the person with a label in a world."""
    return make_subject(person_seed(label), outlier=label == world.outlier)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    np.savez(path, allow_pickle=False, **{name: np.asarray(values) for name, values in arrays.items()})


def write_truth(
    root: Path,
    plan: StudyPlan,
    phi: NDArray[np.floating],
    labels: Sequence[str],
    world: World,
    settings: dict[str, Any],
) -> None:
    """Write everything but the observers into `root`.

    Parameters
    ----------
    root
        Folder, made here.
    phi
        `(clip, feature)` of all clips in order of presentation, as they drove the EEG.
    """
    root.mkdir()
    blocks, slots = plan.order.shape
    specs = tuple(spec for clips in plan.clips for spec in clips)
    columns: dict[str, NDArray[Any]] = {
        name: np.array([getattr(spec, name) for spec in specs])
        for name in ("concept", "human", "face", "number", "color")
    }
    columns |= {
        "phi": phi,
        "seed": np.array([spec.seed for spec in specs]),
        "block": np.repeat(np.arange(1, blocks + 1), slots * CLIPS_PER_RUN),
        "onset_samples": np.tile(plan.onsets, blocks),
        "optical_flow": optical_flow(specs),
        "motion": motion_of(specs),
    }
    _write_arrays(root / "clips.npz", columns)
    forward = forward_model()
    _write_arrays(root / "sources.npz", {name: getattr(forward, name) for name in ("sites", "dipoles", "moments")})
    people = []
    for label in labels:
        person = make_person(label, world)
        _write_arrays(root / f"sub{label}.npz", {name: getattr(person, name) for name in UNITS})
        people.append(
            {
                "subject": label,
                "seed": person.seed,
                "outlier": person.outlier,
                "reference": person.reference,
                "artefacts": {
                    key: value.tolist() if isinstance(value, np.ndarray) else float(value)
                    for key, value in dataclasses.asdict(person.artefacts).items()
                },
            }
        )
    _write_json(
        root / "truth.json",
        {
            "settings": settings,
            "model": "x = background + sensors + line + artefacts + g [common(t-d) + snr sum_f phi_f A_f h_f(t-d)]"
            " + L rhythm exp(common env + snr g sum_f phi_f P_f env + drift)",
            "sfreq": SFREQ,
            "features": FEATURE_NAMES,
            "electrodes": ELECTRODES,
            "references": REFERENCES,
            "patches": PATCH_NAMES,
            "regions": [patch.region for patch in PATCHES],
            "noise": {
                "background_amplitude": f"max(f, {KNEE} Hz)^-{EXPONENT}",
                "alpha_hz": ALPHA,
                "alpha_width_hz": ALPHA_WIDTH,
                "gamma_hz": GAMMA,
            },
            "units": UNITS,
            "subjects": people,
        },
    )


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
        rows += [
            {
                "subject": label,
                "task": task,
                "observer": "ideal" if one.train_clips is None else "n-limited",
                "train_clips": one.train_clips,
                "classes": one.classes,
                "chance": round(one.chance, 6),
                "balanced_accuracy": round(one.accuracy, 6),
                "standard_error": round(one.error, 6),
            }
            for one in found
        ]
    return rows


def write_observers(root: Path, rows: list[dict[str, Any]]) -> None:
    """Write the table of observers into `root`."""
    about = (
        "Balanced accuracy for single clips, by Monte Carlo. ideal: knows leadfield, subject, noise spectra and"
        " p(phi | label). n-limited: the same, class means from the training blocks of a leave-one-block-out split."
        " Both: no artefacts, no drift."
    )
    _write_json(root / "observers.json", {"about": about, "rows": rows})


def study_population(plan: StudyPlan, world: World) -> Population:
    """Return what clips of a study's concepts are like."""
    return clip_population(np.unique(plan.order).tolist(), hint_only=world.hint_only)
