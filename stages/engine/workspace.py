"""The workspace folder and its optional eeg2vid.toml."""

from __future__ import annotations

import tomllib
from copy import copy
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.settings import Protocol
from eeg2vid.stages.engine.text import did_you_mean, sentence_of

CONFIG = "eeg2vid.toml"


class StudyConfig(BaseModel):
    """The `[study]` table of eeg2vid.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    data: str | None = Field(
        None, description="data set folder, relative to the workspace or absolute", examples=["../data"]
    )
    recipe: str | None = Field(None, description="a built-in recipe or a TOML file")
    models: str | None = Field(None, description="a built-in model profile or a TOML file")
    subjects: str | None = Field(None, description="default of --subject")
    protocol: Protocol | None = Field(None, description="default of --protocol")
    conditions: tuple[str, ...] | None = Field(None, description="conditions instead of the recipe's")


Config = tuple[StudyConfig, dict[str, Any], dict[str, dict[str, dict[str, Any]]]]
"""The `[study]` table, the `[slurm...]` tables and the settings of stage variants."""


class Workspace:
    """A folder of artifacts with its configuration: what its eeg2vid.toml says, or what is given instead."""

    def __init__(self, root: Path, config: Config | None = None) -> None:
        self.root = root
        self.study, self.slurm, self.tables = _load_config(root / CONFIG) if config is None else config

    def with_tables(self, tables: dict[str, dict[str, dict[str, Any]]]) -> Workspace:
        """Return the same workspace with other settings of stage variants."""
        other = copy(self)
        other.tables = tables
        return other

    def named(self, value: str | None) -> str | None:
        """Return a configured recipe or profile; a TOML file is relative to the workspace, as `data` is."""
        return value if value is None or not value.endswith(".toml") else str(self.root / value)

    @property
    def data(self) -> Path | None:
        """The configured data-set folder."""
        return None if self.study.data is None else (self.root / self.study.data).resolve()


def _load_config(path: Path) -> Config:
    """Return the `[study]` table, the `[slurm...]` tables and the settings of stage variants."""
    if not path.is_file():
        return StudyConfig(), {}, {}
    data = read_toml(path)
    study, slurm = data.pop("study", {}), data.pop("slurm", {})
    try:
        return StudyConfig.model_validate(study), slurm, data
    except ValidationError as error:
        raise UsageError(f"{path}: {sentence_of(error, StudyConfig, 'study')}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a syntax error becomes a sentence with its line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}.") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from error


def check_tables(tables: dict[str, Any], where: str, stages: list[str]) -> None:
    """Refuse `[stage.variant]` tables whose stage does not exist or whose form is wrong."""
    from eeg2vid.stages.store.layout import is_variant

    for stage, variants in tables.items():
        if stage not in stages:
            raise UsageError(f"{where}: there is no stage '{stage}'.{did_you_mean(stage, stages)}")
        if not isinstance(variants, dict) or not all(isinstance(table, dict) for table in variants.values()):
            raise UsageError(f"{where}: settings of '{stage}' belong into a table [{stage}.<variant>].")
        for variant in variants:
            if not is_variant(variant):
                raise UsageError(f"{where}: '{variant}' is no variant name; use a-z, 0-9 and '-', or SYSTEM+EYE.")
