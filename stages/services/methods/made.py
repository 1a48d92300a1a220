"""What was made: the artifacts of one variant of one stage, with the settings that their manifests hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from eeg2vid.schemas.entities import Row
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.reporting.glossary import listed
from eeg2vid.stages.store.layout import unit_subject
from eeg2vid.stages.store.reader import Artifact

R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Made:
    """Artifacts of one variant that were made alike.

    Attributes
    ----------
    settings
        As the manifests hold them, in today's form; None: they cannot be read as settings of today.
    """

    stage: Stage
    variant: str
    settings: Settings | None
    artifacts: tuple[Artifact, ...]

    def of(self, role: str) -> list[Artifact]:
        """Return the artifacts of a role."""
        return [one for one in self.artifacts if one.address.role == role]

    @property
    def people(self) -> list[str]:
        """Labels of those of whom there is one, in order."""
        found = (unit_subject(one.address.unit) for one in self.artifacts)
        return sorted({label for label in found if label is not None}, key=lambda label: (len(label), label))

    @property
    def models(self) -> str:
        """The pretrained models that were used, in words; empty: none."""
        refs = dict.fromkeys(ref.name for one in self.artifacts for ref in one.manifest.models)
        return listed(list(refs))

    def rows(self, role: str, table: str, row: type[R]) -> list[R]:
        """Return the rows of a table of all artifacts of a role."""
        return [found for one in self.of(role) for found in one.table(table, row)]


def settings_of(stage: Stage, artifact: Artifact) -> Settings | None:
    """Return the settings that an artifact was made with, in today's form; None where they have none."""
    held: dict[str, Any] | None = artifact.manifest.settings
    if artifact.manifest.stage_version != stage.version:
        held = stage.upgraded_settings(dict(artifact.manifest.settings), artifact.manifest.stage_version)
    try:
        return None if held is None else stage.Settings.model_validate(held)
    except ValidationError:
        return None


def spread(values: Iterable[float], unit: str = "") -> str:
    """Return one value, or from where to where several go: "62", "1280 to 5120"."""
    found = sorted(set(values))
    if not found:
        return f"no {unit}".strip()
    low, high = (f"{int(end):,}" if end == int(end) else f"{end:g}" for end in (found[0], found[-1]))
    text = low if low == high else f"{low} to {high}"
    return f"{text} {unit}".strip()


def counted(values: Iterable[int], one: str, many: str) -> str:
    """Return numbers with what they count: "1 fold", "7 folds", "3 to 7 folds"."""
    found = set(values)
    return f"{spread(found)} {one if found == {1} else many}"
