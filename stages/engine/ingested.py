"""What a workspace says of the data set that was ingested, also where its clip index cannot be read."""

from __future__ import annotations

import contextlib
from pathlib import Path

from eeg2vid.schemas.errors import MissingInputError, UnreadableError
from eeg2vid.stages.store.layout import STUDY, Address, find_artifacts, unit_subject
from eeg2vid.stages.store.reader import load_manifest, open_artifact

CLIP_INDEX = Address("ingest", "default", STUDY, "clips")


def people_with_artifacts(workspace: Path) -> list[str]:
    """Return the subjects of whom there is any artifact, numbers first and in their order."""
    units = {unit_subject(address.unit) for address in find_artifacts(workspace)}
    labels = [label for label in units if label is not None]
    return sorted(labels, key=lambda label: (not label.isdecimal(), label.zfill(20)))


def recorded_source(workspace: Path) -> Path | None:
    """Return the data set that was ingested, if it is still there."""
    try:
        recorded = open_artifact(workspace, CLIP_INDEX).manifest.source_root
    except MissingInputError:
        return None
    except UnreadableError:
        recorded = _source_of_others(workspace)
    return Path(recorded) if recorded and Path(recorded).is_dir() else None


def _source_of_others(workspace: Path) -> str | None:
    """Return the data set by another artifact of the stage whose clip index cannot be read."""
    for address in find_artifacts(workspace):
        if address.stage == CLIP_INDEX.stage:
            with contextlib.suppress(UnreadableError):
                return load_manifest(address.folder(workspace)).source_root
    return None
