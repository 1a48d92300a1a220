"""`study.toml`: where a folder's events come from, whose each recording is, and what its channels are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.datasets.channels import ElectrodeWishes
from eeg2vid.stages.datasets.fif_parts import is_later_part
from eeg2vid.stages.datasets.reading import DataFormat
from eeg2vid.stages.datasets.recordings import ARRAY_ENDINGS, ENDINGS
from eeg2vid.stages.datasets.tables import find_table
from eeg2vid.stages.datasets.toml_file import read_toml

NAME = "study.toml"
_FIELD = re.compile(r"\{(\w*)\}")


class EventSource(BaseModel):
    """`[events]` of study.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    source: Literal["annotations", "stim", "table"] | None = Field(
        None, alias="from", description="'annotations', 'stim' (a trigger channel) or 'table' (events.tsv)"
    )
    stim: str | None = Field(None, description="name of the trigger channel")
    stim_mask: int | None = Field(None, gt=0, description="bits of the trigger channel that hold the code, such as 255")
    min_duration_s: float | None = Field(
        None,
        ge=0,
        le=10,
        description="codes held for less are steps of others or glitches, s; none: steps of one sample or 2 ms, and no "
        "glitches; 0: every change counts",
    )
    markers: tuple[str, ...] = Field((), description="annotations or codes that count, * for anything; else all")
    files: tuple[str, ...] = Field((), description="the recordings, relative to the folder, * for anything")
    path: str | None = Field(None, description="how {subject}, {session} and {block} stand in a recording's path")
    onset_shift_s: float = Field(0.0, ge=-60, le=60, strict=True, description="from the marker to the clip, s")

    @field_validator("files")
    @classmethod
    def _inside(cls, globs: tuple[str, ...]) -> tuple[str, ...]:
        for glob in globs:
            if not glob or Path(glob).is_absolute() or ".." in Path(glob).parts:
                raise ValueError(f"{glob!r} is not inside the data folder")
        return globs

    @field_validator("path")
    @classmethod
    def _pattern(cls, path: str | None) -> str | None:
        if path is not None:
            fields = _FIELD.findall(path)
            strange = [name for name in fields if name not in ("subject", "session", "block")]
            if strange or len(set(fields)) != len(fields) or not fields:
                raise ValueError(f"expected {{subject}}, {{session}} or {{block}}, each at most once, found {path!r}")
            if Path(path).is_absolute() or ".." in Path(path).parts:
                raise ValueError(f"{path!r} is not inside the data folder")
        return path

    @model_validator(mode="after")
    def _stim_of_stim(self) -> EventSource:
        if self.source != "stim" and any(x is not None for x in (self.stim, self.stim_mask, self.min_duration_s)):
            raise ValueError("stim, stim_mask and min_duration_s mean something only with from = 'stim'")
        if self.source not in ("annotations", "stim") and self.markers:
            raise ValueError("markers means something only with from = 'annotations' or 'stim'")
        return self

    def counts(self, marker: str) -> bool:
        """Return whether a marker is among those that count."""
        return not self.markers or any(fnmatchcase(marker, wanted) for wanted in self.markers)


class Recordings(BaseModel):
    """`[recordings]` of study.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_format: DataFormat = Field(
        "auto", description="'int16' or 'int32': a sample of Neuroscan .cnt; else its header's"
    )


class StudyFile(BaseModel):
    """The content of study.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: EventSource = Field(EventSource(), description="where events come from")
    recordings: Recordings = Field(Recordings(), description="how files are read that do not tell it")
    electrodes: ElectrodeWishes = Field(ElectrodeWishes(), description="what the channels are called")


def read_study_file(root: Path) -> tuple[StudyFile, Path | None]:
    """Return what study.toml says, and its path; defaults and None without one.

    Raises
    ------
    BadDataError
        If it is malformed.
    """
    path = root / NAME
    return (read_toml(path, StudyFile), path) if path.is_file() else (StudyFile(), None)


class Whose:
    """Tells subject, session and block of a recording from its path.

    Parameters
    ----------
    pattern
        Such as `raw/sub{subject}_s{session}_b{block}.vhdr`; `*` stands for anything but a slash. Without it,
        `sub-XX` and `ses-XX` in the path are looked for.
    """

    def __init__(self, pattern: str | None) -> None:
        self.pattern = pattern
        if pattern is not None:
            parts = _FIELD.split(pattern)  # text, field, text, field, ..., text
            pieces = [re.escape(text).replace(r"\*", "[^/]*") for text in parts]
            pieces[1::2] = [f"(?P<{name}>[A-Za-z0-9]+)" for name in parts[1::2]]
            self._pattern = re.compile("".join(pieces))

    def tell(self, file: str) -> Mapping[str, str]:
        """Return what the path tells: some of `subject`, `session`, `block`.

        Raises
        ------
        BadDataError
            If there is a pattern that the path does not fit.
        """
        if self.pattern is None:
            found = {name: _entity(file, name[:3]) for name in ("subject", "session")}
            return {name: value for name, value in found.items() if value is not None}
        match = self._pattern.fullmatch(file)
        if match is None:
            raise BadDataError(
                f"{file} does not fit path = {self.pattern!r} of {NAME}.",
                "{subject}, {session} and {block} stand for letters and digits, * for anything but a slash.",
            )
        return match.groupdict()


def find_recordings(root: Path, said: EventSource) -> list[str]:
    """Return the recordings of a folder, relative to it: by `files`, else by `path`, else by their endings.

    Raises
    ------
    BadDataError
        If there is none, or a pattern of `files` finds nothing.
    """
    globs = said.files or ((_FIELD.sub("*", said.path),) if said.path else ())
    found: set[Path] = set()
    for glob in globs:
        here = {path for path in root.glob(glob) if not is_foreign(path.name) and not is_later_part(path)}
        if not here:
            raise BadDataError(f"{root / NAME}: no file fits {glob!r}.")
        found |= here
    if not globs:
        found = {path for path in root.rglob("*") if is_recording(path)}
    if not found:
        raise BadDataError(f"{root} holds no recording ({', '.join((*ENDINGS, *ARRAY_ENDINGS))}).")
    return sorted(path.relative_to(root).as_posix() for path in found)


def is_recording(path: Path) -> bool:
    """Return whether a path looks like a recording: an ending MNE reads, or an array with a TOML beside it."""
    name = path.name.casefold()
    if any(part.endswith((".mff", ".zarr")) for part in (p.name for p in path.parents)) or name.startswith("."):
        return False
    if name.endswith(ARRAY_ENDINGS):
        return path.with_suffix(".toml").is_file()
    return name.endswith(ENDINGS) and not is_later_part(path)


def events_table_of(root: Path, said: EventSource) -> Path | None:
    """Return the events table if events come from one, None if they come from markers or a BIDS folder.

    Raises
    ------
    BadDataError
        If study.toml and the folder's files disagree.
    """
    table = find_table(root, "events")
    if said.source == "table" and table is None:
        raise BadDataError(f"{root / NAME}: events come from a table, but {root} has no events.tsv.")
    if said.source in ("annotations", "stim") and table is not None:
        raise BadDataError(
            f"{root / NAME}: events come from {said.source}, but {table.name} is there too.", "Keep one of them."
        )
    return table


def _entity(file: str, entity: str) -> str | None:
    """Return the value of a `sub-XX` or `ses-XX` in a path."""
    match = re.search(rf"(?:^|[/_]){entity}-([A-Za-z0-9]+)", file)
    return match[1] if match else None
