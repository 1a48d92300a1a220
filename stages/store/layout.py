"""Where things are: artifacts/<stage>/<variant>/<unit>/<role>/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

STUDY = "study"
MANIFEST = "manifest.json"
CONDITION_MARK = "~"
EYE_MARK = "+"
_VARIANT = re.compile(r"^[a-z0-9-]+(\+[a-z0-9-]+)?(~[a-z0-9-]+)?$")


def subject_unit(label: str) -> str:
    """Return the unit of a subject: 'sub-17'."""
    return f"sub-{label}"


def unit_subject(unit: str) -> str | None:
    """Return the subject label of a unit, None for the study."""
    return unit.removeprefix("sub-") if unit.startswith("sub-") else None


def is_variant(name: str) -> bool:
    """Tell whether a name is a legal variant: SYSTEM, SYSTEM+EYE, each with or without ~CONDITION."""
    return _VARIANT.fullmatch(name) is not None


def split_variant(variant: str) -> tuple[str, str]:
    """Return base variant and condition ('full' where none is named)."""
    base, _, condition = variant.partition(CONDITION_MARK)
    return base, condition or "full"


def split_eye(base: str) -> tuple[str, str]:
    """Return the system and the eye that a variant without condition is called after; '' where none is named."""
    system, _, eye = base.partition(EYE_MARK)
    return system, eye


def join_eye(system: str, eye: str) -> str:
    """Return the variant in which an eye looks at what a system made."""
    return f"{system}{EYE_MARK}{eye}"


def join_variant(base: str, condition: str) -> str:
    """Return the variant of a base under a condition."""
    return base if condition == "full" else f"{base}{CONDITION_MARK}{condition}"


@dataclass(frozen=True, order=True)
class Address:
    """The place of one artifact."""

    stage: str
    variant: str
    unit: str
    role: str

    def __str__(self) -> str:
        return f"{self.stage}/{self.variant}/{self.unit}/{self.role}"

    def folder(self, workspace: Path) -> Path:
        """Return the artifact's folder."""
        return Path(workspace, "artifacts", self.stage, self.variant, self.unit, self.role)


def find_artifacts(workspace: Path) -> list[Address]:
    """List every committed artifact of a workspace, in path order."""
    root = workspace / "artifacts"
    found = (path.parent.relative_to(root).parts for path in sorted(root.glob(f"*/*/*/*/{MANIFEST}")))
    return [Address(*parts) for parts in found if "." not in parts[3]]
