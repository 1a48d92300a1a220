"""What lies where in a BIDS folder: recordings, the table of events that holds for each, and people without either."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.source import natural_order
from eeg2vid.stages.datasets.tables import read_table

FORMATS = (".vhdr", ".edf", ".bdf", ".set")  # that BIDS allows for EEG
_EVENTS = "_events.tsv"
_CHANNELS = "_channels.tsv"
_EXPECTED = "events that show clips"


def recordings(root: Path) -> list[str]:
    """Return the EEG recordings of a folder, relative to it."""
    found = [p for glob in ("sub-*/eeg/*", "sub-*/ses-*/eeg/*") for p in root.glob(glob)]
    kept = {p for p in found if p.suffix in FORMATS and p.stem.endswith("_eeg") and not p.name.startswith(".")}
    return list(natural_order(p.relative_to(root).as_posix() for p in kept))


def entities(file: str) -> dict[str, str]:
    """Return what a name tells: `{"sub": "01", "task": "watch"}`."""
    pieces = Path(file).name.split("_")[:-1]
    return dict(piece.split("-", 1) for piece in pieces if "-" in piece)  # type: ignore[misc]


def events_beside(path: Path) -> Path:
    """Return where a recording's own table of events would lie."""
    return _beside(path, _EVENTS)


def events_of(root: Path, file: str) -> Path | None:
    """Return the table of events that holds for a recording, None if there is none.

    The one beside it, else one that it inherits (BIDS, inheritance principle): the nearest above whose name says
    nothing that the recording's does not say too. `task-watch_events.tsv` in the data folder holds for everybody.

    Raises
    ------
    BadDataError
        If two tables of one folder hold for it alike.
    """
    return _table_of(root, file, _EVENTS)


def channels_of(root: Path, file: str) -> dict[str, tuple[str | None, str | None]]:
    """Return what the table of channels that holds for a recording says of each by name: its type and its unit.

    Raises
    ------
    BadDataError
        If two tables of one folder hold for it alike, or it is malformed.
    """
    path = _table_of(root, file, _CHANNELS)
    if path is None:
        return {}
    table = read_table(path, required=("name",), known=("name", "type", "units", "status"))
    return {row.values["name"]: (row.text("type"), row.text("units")) for row in table.rows}


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name.removesuffix(path.suffix).removesuffix("_eeg") + ending)


def _table_of(root: Path, file: str, ending: str) -> Path | None:
    path = root / file
    if (beside := _beside(path, ending)).is_file():
        return beside
    own = entities(file).items()
    for folder in (p for p in path.parents if p.is_relative_to(root)):
        fitting = [p for p in sorted(folder.glob(f"[!.]*{ending}")) if p.is_file() and entities(p.name).items() <= own]
        most = max((len(entities(p.name)) for p in fitting), default=0)
        nearest = [p for p in fitting if len(entities(p.name)) == most]
        if len(nearest) > 1:
            raise BadDataError(
                f"{folder}: {nearest[0].name} and {nearest[1].name} both hold for {file}; expected one of them.",
                f"Keep one of them, or put one beside the recording: {beside.name}.",
            )
        if nearest:
            return nearest[0]
    return None


def nobodys(root: Path, known: Iterable[str]) -> list[Check]:
    """Return a warning row for everybody who has a folder, or a row in participants.tsv, but no recording.

    Parameters
    ----------
    root
        The data folder.
    known
        Subjects of whom there is a recording.
    """
    folders = {path.name.removeprefix("sub-") for path in root.glob("sub-*") if path.is_dir()}
    empty = {subject: f"no EEG recording ({', '.join(FORMATS)}) in sub-{subject}/" for subject in folders}
    checks: list[Check] = []
    table = root / "participants.tsv"
    if table.is_file():
        try:
            rows = read_table(table, required=("participant_id",), known=("participant_id",)).rows
        except BadDataError as error:  # nothing else is read from it
            rows = ()
            checks.append(Check(item=table.name, found=str(error), expected="a table of people", verdict="warning"))
        for row in rows:
            listed = (row.text("participant_id") or "").removeprefix("sub-")
            if listed and listed not in folders:
                empty[listed] = f"{row.place} of {table.name}, but no folder sub-{listed}/"
    missing = natural_order(empty.keys() - set(known))
    return [*checks, *(left_out(subject, empty[subject]) for subject in missing)]


def left_out(subject: str, why: str) -> Check:
    """Return a warning row: somebody of whom nothing is read, and why."""
    return Check(item=f"subject {subject} left out", found=why, expected=_EXPECTED, verdict="warning")
