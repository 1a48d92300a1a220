"""Epochs for MNE-Python."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from eeg2vid.notebook.optional import need
from eeg2vid.schemas.entities import Clip, Electrode, EpochKey, Event, Recording
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UsageError
from eeg2vid.stages.engine.ingested import CLIP_INDEX
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import Artifact, open_artifact

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from eeg2vid.notebook.artifact import StudyArtifact

_VOLT = 1e-6  # of a µV
_OF_CLIPS = ("concept", "concept_name", "group", "color", "face", "human", "number", "optical_flow")


def epochs_array(artifact: StudyArtifact, *, rejected: bool) -> Any:
    """Return an `mne.EpochsArray`; see `Epochs.to_mne`."""
    import mne
    import numpy as np

    facts: Any = artifact.attributes
    keys: Sequence[EpochKey] = artifact.table("events")  # type: ignore[assignment]
    electrodes: Sequence[Electrode] = artifact.table("electrodes")  # type: ignore[assignment]
    values = np.asarray(artifact.array("epochs"), dtype=np.float64) * _VOLT
    info = mne.create_info([one.electrode for one in electrodes], facts.sfreq, [one.kind for one in electrodes])
    places = {one.electrode: (one.x, one.y, one.z) for one in electrodes if None not in (one.x, one.y, one.z)}
    if places:
        info.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"), on_missing="ignore")
    metadata, codes, names = _known(artifact, keys)
    samples = _samples(artifact, keys, facts.sfreq, values.shape[2])
    events = np.stack([samples, np.zeros_like(samples), codes], axis=1)
    if find_spec("pandas") is not None:
        metadata = need("pandas", "metadata").DataFrame(metadata)
    found = mne.EpochsArray(
        values, info, events, tmin=facts.tmin_s, event_id=names, metadata=metadata, proj=False, verbose="error"
    )
    unwanted = ("outside", *(() if rejected else ("rejected",)))
    if not any(key.state not in unwanted for key in keys):
        counts = ", ".join(f"{sum(key.state == state for key in keys)} {state}" for state in unwanted)
        raise UsageError(
            f"{artifact.address}: none of {len(keys)} epochs is left ({counts}).",
            None if rejected else "Keep those that are not trained on: to_mne(rejected=True)",
        )
    for state in unwanted:
        there = [keys[k].state for k in found.selection]
        found.drop([k for k, one in enumerate(there) if one == state], reason=state, verbose="error")
    return found


def _known(artifact: StudyArtifact, keys: Sequence[EpochKey]) -> tuple[Any, np.ndarray, dict[str, int]]:
    """Return a row of metadata and a code for each event, and the codes' names."""
    import numpy as np

    events = _events(artifact)
    try:
        clips = {row.clip: row for row in open_artifact(artifact.root, CLIP_INDEX).table("clips", Clip)}
    except (MissingInputError, BadDataError):
        clips = {}
    rows = []
    for key in keys:
        row = {**key.model_dump(), **(events[key.event].model_dump() if key.event in events else {})}
        clip = clips.get(key.clip)
        row |= {} if clip is None else {name: getattr(clip, name) for name in _OF_CLIPS}
        rows.append(row)
    concepts = [row.get("concept") for row in rows]
    if None in concepts:
        return rows, np.ones(len(keys), dtype=np.int64), {"clip": 1}
    names = {row["concept"]: row["concept_name"] or f"concept {row['concept']}" for row in rows}
    distinct = len(set(names.values())) == len(names)
    called = {(name if distinct else f"{name} ({code})"): code for code, name in names.items()}
    return rows, np.array(concepts, dtype=np.int64), called


def _samples(artifact: StudyArtifact, keys: Sequence[EpochKey], sfreq: float, length: int) -> np.ndarray:
    """Return the sample at which each clip began, at the epochs' rate; epoch after epoch where nobody knows."""
    import numpy as np

    recordings, events = _source(artifact, "recordings"), _events(artifact)
    one_by_one = np.arange(len(keys), dtype=np.int64) * length
    if recordings is None or any(key.event not in events for key in keys):
        return one_by_one
    starts = {row.recording: row.start for row in recordings.table("recordings", Recording)}
    rate = sfreq / recordings.attributes().sfreq
    shown = [events[key.event] for key in keys]
    if any(event.recording not in starts for event in shown):
        return one_by_one
    found = np.array([round((starts[one.recording] + one.onset_sample) * rate) for one in shown], dtype=np.int64)
    return found if len(np.unique(found)) == len(found) else one_by_one


def _events(artifact: StudyArtifact) -> dict[str, Event]:
    events = _source(artifact, "events")
    return {} if events is None else {row.event: row for row in events.table("events", Event)}


def _source(artifact: StudyArtifact, role: str) -> Artifact | None:
    """Return an artifact that the epochs were made of, None where it is not there or is another by now."""
    for ref in artifact.inputs:
        if ref.role == role:
            try:
                found = open_artifact(artifact.root, Address(ref.stage, ref.variant, ref.unit, ref.role))
            except (MissingInputError, BadDataError):
                return None
            return found if found.digest == ref.digest else None
    return None
