"""Choices of packages that are not installed: what artifacts of a workspace tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from eeg2vid.schemas.absent import stand_in
from eeg2vid.schemas.choice import Choice, is_brought
from eeg2vid.schemas.errors import MissingInputError, UnreadableError
from eeg2vid.schemas.manifest import PluginRef
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.store.layout import MANIFEST
from eeg2vid.stages.store.reader import load_manifest


def stand_in_for(root: Path, stage: Stage, field: str, name: str) -> type[Choice] | None:
    """Return what stands for a choice that nobody brings, if an artifact was made by it.

    Parameters
    ----------
    root
        The workspace.
    stage, field, name
        Whose setting it is, and the name that it gives.
    """
    info = stage.Settings.model_fields[field]
    if is_brought(info, name):  # here, and of no use for this stage: that is for others to say
        return None
    base = info.annotation
    for ref in _recorded(root, f"{field} {name}"):
        if isinstance(base, type) and issubclass(base, Choice):
            return stand_in(base, field, name, ref)
    return None


def _recorded(root: Path, place: str) -> Iterator[PluginRef]:
    """Yield what the manifests of a workspace say of a choice, the newest first."""
    found = root.glob(f"artifacts/*/*/*/*/{MANIFEST}")
    for path in sorted(found, key=lambda one: (-one.stat().st_mtime_ns, one)):
        try:
            manifest = load_manifest(path.parent)
        except (MissingInputError, UnreadableError):
            continue
        if place in manifest.plugins:
            yield manifest.plugins[place]
