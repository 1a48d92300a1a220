"""EEG that one person shares with another: found where everybody's events lie side by side, once they are ingested."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.schemas.recordings import EVENTS
from eeg2vid.stages.store.layout import Address, find_artifacts, unit_subject
from eeg2vid.stages.store.reader import open_artifact


def copied_eeg(workspace: Path, made: Sequence[Address]) -> list[str]:
    """Return a sentence that names the recordings of different people that hold the same EEG.

    Parameters
    ----------
    workspace
        Where the artifacts are: everybody's events of the same variant are compared.
    made
        Events that were made just now; of others was told when they were.
    """
    from eeg2vid.stages.datasets.twins import eeg_twins

    if not made:
        return []
    same = {(one.stage, one.variant, one.role) for one in made}
    found: dict[tuple[str, str], Event] = {}
    for address in find_artifacts(workspace):
        if (address.stage, address.variant, address.role) in same and unit_subject(address.unit) is not None:
            for event in _events(workspace, address):
                found.setdefault((event.subject, event.eeg_sha or event.event), event)
    checks = eeg_twins(list(found.values()), "in different people")
    return [f"Warning: {check.item}: found {check.found}, expected {check.expected}" for check in checks]


def _events(workspace: Path, address: Address) -> list[Event]:
    """Return the events of one person, none where they cannot be read: whoever reads them says so."""
    try:
        artifact = open_artifact(workspace, address)
        return artifact.table("events", Event) if artifact.schema is EVENTS else []
    except Eeg2VidError:
        return []
