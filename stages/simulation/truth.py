"""The truth beside a simulated data set: what drove the EEG, and what observers who know it can decode.

`truth/`: `clips.npz` (phi, its course, concepts, blocks, labels), `sources.npz` (electrodes, patches),
`sub<label>.npz` (a person's patterns, courses, rhythms, noise; `sub<label>_session2.npz` those of a later session),
`truth.json` (settings, names, units) and `observers.json` (`decodable`). Plain formats only.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import CLIPS_PER_RUN, ELECTRODES, SFREQ
from eeg2vid.stages.simulation.brain import CHANGE_GAIN
from eeg2vid.stages.simulation.films import COURSE_RATE_HZ, FEATURE_NAMES, optical_flow, rightward_flow
from eeg2vid.stages.simulation.forward import PATCH_NAMES, PATCHES, REFERENCES, forward_model
from eeg2vid.stages.simulation.noise import ALPHA_WIDTH, EXPONENT, GAMMA_PEAK, GAMMA_SPREAD, KNEE
from eeg2vid.stages.simulation.plan import StudyPlan, motion_of
from eeg2vid.stages.simulation.recording import Drivers
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


def make_person(label: str, world: World, session: int = 1) -> SubjectBrain:
    """Return the person with a label in a world, as in a session (1-based)."""
    return make_subject(person_seed(label), outlier=label == world.outlier, session=session)


def recording_name(label: str, session: int) -> str:
    """Return how files of a person's session are called, without ending: as in SEED-DV."""
    return f"sub{label}" if session == 1 else f"sub{label}_session{session}"


def write_json(path: Path, content: object) -> None:
    """Write a JSON file that a person can read, too."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    np.savez(path, allow_pickle=False, **{name: np.asarray(values) for name, values in arrays.items()})


def write_truth(
    root: Path,
    plan: StudyPlan,
    driven: Sequence[Drivers],
    labels: Sequence[str],
    world: World,
    settings: dict[str, Any],
) -> None:
    """Write everything but the observers into `root`.

    Parameters
    ----------
    root
        Folder, made here.
    driven
        What drove the EEG, block by block.
    """
    root.mkdir()
    blocks, slots = plan.order.shape
    specs = tuple(spec for clips in plan.clips for spec in clips)
    columns: dict[str, NDArray[Any]] = {
        name: np.array([getattr(spec, name) for spec in specs])
        for name in ("concept", "human", "face", "number", "color")
    }
    columns |= {
        "phi": np.concatenate([one.phi for one in driven]),
        "seed": np.array([spec.seed for spec in specs]),
        "block": np.repeat(np.arange(1, blocks + 1), slots * CLIPS_PER_RUN),
        "onset_samples": np.tile(plan.onsets, blocks),
        "optical_flow": optical_flow(specs),
        "motion": motion_of(specs),
        "rightward_flow": np.stack([rightward_flow(spec) for spec in specs]),
    }
    seen = [one.course for one in driven if one.course is not None]
    if seen:
        columns["course"] = np.concatenate(seen)
    _write_arrays(root / "clips.npz", columns)
    forward = forward_model()
    _write_arrays(root / "sources.npz", {name: getattr(forward, name) for name in ("sites", "dipoles", "moments")})
    people = []
    for label, session in itertools.product(labels, range(1, world.sessions + 1)):
        person = make_person(label, world, session)
        _write_arrays(root / f"{recording_name(label, session)}.npz", {name: getattr(person, name) for name in UNITS})
        people.append(
            {
                "subject": label,
                "session": session,
                "seed": person.seed,
                "outlier": person.outlier,
                "reference": person.reference,
                "artefacts": {
                    key: value.tolist() if isinstance(value, np.ndarray) else float(value)
                    for key, value in dataclasses.asdict(person.artefacts).items()
                },
            }
        )
    write_json(
        root / "truth.json",
        {
            "settings": settings,
            "model": "x = background + sensors + line + artefacts + g [common(t-d) + snr sum_f A_f (phi_f h_f(t-d)"
            " + change_gain sum_k course_kf h_kf(t-d))]"
            " + L rhythm exp(common env + snr g sum_f phi_f P_f env + drift)",
            "sfreq": SFREQ,
            "change_gain": CHANGE_GAIN,
            "course_hz": COURSE_RATE_HZ,
            "features": FEATURE_NAMES,
            "electrodes": ELECTRODES,
            "references": REFERENCES,
            "patches": PATCH_NAMES,
            "regions": [patch.region for patch in PATCHES],
            "noise": {
                "background_amplitude": f"max(f, {KNEE} Hz)^-{EXPONENT}",
                "alpha_amplitude": f"exp(-(f - alpha_peak)^2 / (2 ({ALPHA_WIDTH} Hz)^2))",
                "gamma_amplitude": f"exp(-ln(f / {GAMMA_PEAK} Hz)^2 / (2 {GAMMA_SPREAD}^2))",
            },
            "units": UNITS,
            "subjects": people,
        },
    )
