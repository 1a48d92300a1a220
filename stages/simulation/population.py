"""p(phi | label): what clips of each concept are like, as a sample that comes with the package.

Measuring phi means rendering; the sample of all 40 concepts is therefore kept in `population.npz`, written by
`examples/simulation/sample_population.py`. A test renders some of its clips again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.datasets.protocol import GROUPS, group_of
from eeg2vid.stages.simulation.films import FEATURE_NAMES, TRAINING_SEEDS, feature_vector, make_spec, optical_flow
from eeg2vid.stages.simulation.worlds import expectation

Floats = NDArray[np.floating]
Labels = NDArray[np.int64]

TASKS = ("concept", "group", "fast", "human", "face", "number", "color")
NOT_ASKED = -1
PER_CONCEPT = 60
STORED = "population.npz"
ATTRIBUTES = ("concept", "human", "face", "number", "color")


@dataclass(frozen=True)
class Population:
    """A sample of clips: phi `(clip, feature)`, concept `(clip,)` and labels `(clip,)` by task; -1: not asked."""

    phi: Floats
    concept: Labels
    labels: dict[str, Labels]


def measure_clips(concepts: Sequence[int], per_concept: int) -> dict[str, NDArray[np.generic]]:
    """Render clips and measure them: phi, attributes, optical flow; some 50 ms a clip.

    The k-th clip of a concept is the same whatever else is asked for. No study shows it: its seed is of the training
    range.
    """
    specs = [make_spec(concept, TRAINING_SEEDS.start + k) for concept in concepts for k in range(per_concept)]
    table: dict[str, NDArray[np.generic]] = {
        name: np.array([getattr(spec, name) for spec in specs], np.int64) for name in ATTRIBUTES
    }
    table["phi"] = feature_vector(specs).astype(np.float32)
    table["optical_flow"] = np.asarray(optical_flow(specs), np.float32)
    return table | {"features": np.array(FEATURE_NAMES)}


def label_table(columns: Mapping[str, NDArray[np.integer]]) -> dict[str, Labels]:
    """Return the labels of clips by task, from their `concept` and attributes; all but `fast`, which needs a threshold.

    As in SEED-DV's tasks: colours of the coloured clips, faces of those that show a human.
    """
    known = {name: np.asarray(columns[name], np.int64) for name in ATTRIBUTES}
    groups = list(GROUPS)
    return known | {
        "group": np.array([groups.index(str(group_of(int(concept)))) for concept in known["concept"]], np.int64),
        "color": np.where(known["color"] == 0, NOT_ASKED, known["color"]),
        "face": np.where(known["human"] == 0, NOT_ASKED, known["face"]),
    }


@lru_cache(maxsize=1)
def _stored() -> dict[str, NDArray[np.generic]] | None:
    """Return the sample that comes with the package, None if it is not of today's phi."""
    source = files("eeg2vid.stages") / "simulation" / STORED
    if not source.is_file():
        return None
    with as_file(source) as path, np.load(path, allow_pickle=False) as table:
        found: dict[str, NDArray[np.generic]] = {name: table[name] for name in table.files}
    return found if tuple(found["features"].tolist()) == FEATURE_NAMES else None


def clip_population(concepts: Sequence[int], *, per_concept: int = PER_CONCEPT, hint_only: bool = False) -> Population:
    """Return what clips of these concepts are like; the same arguments, the same sample.

    Parameters
    ----------
    concepts
        1-based ids.
    per_concept
        Clips; more than `PER_CONCEPT` are rendered, which takes time.
    hint_only
        Whether nothing but the concept's own numbers drives the brain.
    """
    wanted = sorted(set(concepts))
    table = _stored() if per_concept <= PER_CONCEPT else None
    if table is None:
        table = measure_clips(wanted, per_concept)
    rows = np.concatenate([np.flatnonzero(table["concept"] == concept)[:per_concept] for concept in wanted])
    flow = table["optical_flow"][rows].astype(np.float64)
    labels = label_table({name: table[name][rows].astype(np.int64) for name in ATTRIBUTES})
    labels["fast"] = (flow >= np.median(flow)).astype(np.int64)
    phi = table["phi"][rows].astype(np.float64)
    return Population(expectation(phi) if hint_only else phi, labels["concept"], labels)
