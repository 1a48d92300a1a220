"""Commands that failed, as their logs tell: `logs/<UTC>-<command>-<pid>.log`, the command first, `exit N` last."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(\d{8}T\d{6}Z)-[a-z0-9-]+?\.log")
_COMMAND = re.compile(r"\S+  \$ (.*)")
_EXIT = re.compile(r"\S+  exit (\d+)")
_FINE = (0, 75)  # done; stopped with its state saved
_REFUSED = (2, 3, 130)  # a slip in the command, something to be run first, Ctrl-C: nothing failed
_END_BYTES = 4096


@dataclass(frozen=True)
class FailedRun:
    """One command that ended badly and was not repeated with success since."""

    log: Path
    command: str
    code: int
    began: datetime.datetime


def failed_runs(root: Path) -> list[FailedRun]:
    """Return the failed commands of a workspace, the newest first; logs without an end are passed over."""
    found: list[FailedRun] = []
    later_done: set[str] = set()
    for path in sorted((root / "logs").glob("*.log"), reverse=True):
        run = _read(path)
        if run is None:
            continue
        if run.code in _FINE:
            later_done.add(run.command)
        elif run.code not in _REFUSED and run.command not in later_done:
            later_done.add(run.command)  # said once
            found.append(run)
    return found


def _read(path: Path) -> FailedRun | None:
    name = _NAME.fullmatch(path.name)
    try:
        with path.open("rb") as file:
            first = file.readline().decode("utf-8", "replace").rstrip("\n")
            file.seek(max(0, path.stat().st_size - _END_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    command, end = _COMMAND.fullmatch(first), _EXIT.fullmatch(lines[-1]) if lines else None
    if not (name and command and end):
        return None
    began = datetime.datetime.strptime(name[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    return FailedRun(path, command[1], int(end[1]), began)
