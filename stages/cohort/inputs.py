"""What networks read, of everybody at once: each person's artifact is read once into one array.

Stored chunks are compressed, so nothing can be mapped; networks take rows of the array by index.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import Electrode
from eeg2vid.schemas.errors import BadDataError, MissingInputError
from eeg2vid.schemas.rates import rates_agree, told_apart
from eeg2vid.stages.cohort.people import Cohort, require_same_events
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.files import reserve
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.training.inputs import Inputs

ROLES = {"epochs": "epochs", "de": "features", "psd": "features"}
"""The role that holds each input."""
_SLAB_BYTES = 2**26


def roles_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return the roles that hold some inputs."""
    return tuple(dict.fromkeys(ROLES[name] for name in names))


def sources_of(ctx: Context, names: Sequence[str], subject: str) -> list[Artifact]:
    """Return a person's artifacts that hold some inputs, each once."""
    return [ctx.read_each(role)[subject] for role in roles_of(names)]


def load_inputs(ctx: Context, names: Sequence[str], cohort: Cohort) -> Inputs:
    """Return the named inputs of all events: `epochs` in µV, `de`, `psd`; float32 `(event, ...)`.

    Above `--memory-gb` an array lies in a scratch file.

    Raises
    ------
    MissingInputError
        If an artifact lacks one: imported features may hold only DE or only PSD.
    BadDataError
        If people differ in electrodes, lengths or bands.
    """
    from eeg2vid.stages.training.inputs import Inputs

    found = {name: {s: ctx.read_each(ROLES[name])[s] for s in cohort.subjects} for name in names}
    for name, artifacts in found.items():
        for subject, artifact in artifacts.items():
            _require(artifact, name, cohort, subject)
        _require_alike(name, artifacts)
    sizes = {name: _bytes(name, artifacts) for name, artifacts in found.items()}
    in_memory = sum(sizes.values()) <= ctx.memory_gb * 1e9
    arrays = {name: _read_all(ctx, name, artifacts, cohort, in_memory) for name, artifacts in found.items()}
    return Inputs(arrays, person=cohort.person, subjects=cohort.subjects)


def _require(artifact: Artifact, name: str, cohort: Cohort, subject: str) -> None:
    require_same_events(artifact, cohort.events_of(subject))
    if not artifact.has(name):
        raise MissingInputError(
            f"{artifact.address} holds no '{name}', only {', '.join(artifact.entries)}.",
            f"Name other `inputs`, or import both: eeg2vid import PATH --as {artifact.schema.name} --also PATH",
        )


def _require_alike(name: str, artifacts: Mapping[str, Artifact]) -> None:
    """Refuse people whose arrays cannot stand in one: other electrodes, another length or rate, other bands."""
    first = next(iter(artifacts.values()))
    wanted = (first.entries[name].shape[1:], _electrodes(first))
    for artifact in artifacts.values():
        found = (artifact.entries[name].shape[1:], _electrodes(artifact))
        if found != wanted:
            what = "electrodes" if found[0] == wanted[0] else f"'{name}' of shape {found[0]} per event"
            raise BadDataError(
                f"{artifact.address} has other {what} than {first.address}"
                + ("." if found[0] == wanted[0] else f" ({wanted[0]})."),
                "People are trained on together with the same electrodes and windows: preprocess them alike, "
                "e.g. with --electrodes.",
            )
        if name == "epochs" and not rates_agree(artifact.attributes().sfreq, first.attributes().sfreq):
            here, there = told_apart(artifact.attributes().sfreq, first.attributes().sfreq)
            raise BadDataError(
                f"{artifact.address} is sampled at {here} Hz, but {first.address} at {there} Hz.",
                "People are trained on together at one rate: preprocess them with --resample.",
            )


def _electrodes(artifact: Artifact) -> list[str]:
    return [row.electrode for row in artifact.table("electrodes", Electrode)]


def _bytes(name: str, artifacts: Mapping[str, Artifact]) -> int:
    import math

    return sum(4 * math.prod(artifact.entries[name].shape) for artifact in artifacts.values())


def _read_all(
    ctx: Context, name: str, artifacts: Mapping[str, Artifact], cohort: Cohort, in_memory: bool
) -> np.ndarray:
    """Read every person once, slab by slab, into one array."""
    import numpy as np

    first = next(iter(artifacts.values())).entries[name].shape[1:]
    shape = (len(cohort.events), *first)
    out: np.ndarray
    if in_memory:
        out = np.empty(shape, dtype=np.float32)
    else:
        path = ctx.scratch(f"{name}.raw")
        reserve(path, math.prod(shape) * np.dtype(np.float32).itemsize)
        out = np.memmap(path, dtype=np.float32, mode="r+", shape=shape)
    for subject, artifact in artifacts.items():
        mine, stored = out[cohort.rows_of(subject)], artifact.arrays[name]
        step = (stored.chunks or (len(mine),))[0]
        rows = max(step, step * (_SLAB_BYTES // max(1, step * 4 * int(np.prod(first)))))
        for start in range(0, len(mine), rows):
            mine[start : start + rows] = stored[start : start + rows]
    return out
