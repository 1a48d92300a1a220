"""What `doctor` finds in a workspace: room, work that is left over, commands that failed."""

from __future__ import annotations

import datetime
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.services.failed_runs import failed_runs
from eeg2vid.stages.services.leftovers import clean as remove_dead
from eeg2vid.stages.services.leftovers import leftovers
from eeg2vid.stages.services.room import room_for
from eeg2vid.stages.store.layout import find_artifacts

_SHOWN_RUNS = 5

Row = dict[str, str]


def line(check: str, found: object, verdict: str = "ok") -> Row:
    """Return what a check found."""
    return {"check": check, "found": str(found), "verdict": verdict}


def room(root: Path, here: Path, open_study: Callable[[], Study]) -> list[Row]:
    """Compare what is planned with what is free."""
    if not find_artifacts(root):
        return []
    try:
        judged = room_for(open_study())
    except Eeg2VidError as error:
        return [line("room", f"cannot be judged: {error.message}", "warning")]
    free = shutil.disk_usage(here).free
    need = "unit needs" if judged.judged == 1 else "units need"
    units = f"{judged.judged} planned {need} about {judged.needed / 1e9:.2f} GB"
    found = [f"artifacts take {judged.used / 1e9:.2f} GB", units if judged.judged else "nothing planned is missing"]
    if judged.unjudged:
        found[1:] = [units] if judged.judged else []
        found.append(f"of {judged.unjudged} more nothing is known yet")
    return [line("room", "; ".join(found), "ok" if judged.needed < free else "warning")]


def left_over(root: Path, open_study: Callable[[], Study], *, clean: bool = False) -> list[Row]:
    """List work that is being done, can be gone on with, or is dead; remove what is dead if asked to.

    Returns
    -------
    Rows that also have 'place', 'state', 'folder', 'bytes', and the 'command' that goes on from it or clears it away.
    """
    rows = []
    for one in leftovers(root, open_study):
        found = f"{one.place}, {one.state}: {one.what}, {one.size / 1e6:.1f} MB"
        if one.untouched_s and one.state != "alive":
            found += f", untouched for {_age(one.untouched_s)}"
        verdict, command = "ok" if one.state == "alive" else "warning", one.command
        if one.state in ("dead", "interrupted"):
            command = "" if clean else shlex.join(["eeg2vid", "doctor", "--clean", "-w", str(root)])
            if clean and remove_dead(one):
                verdict, found = "ok", f"{found}: {'brought back' if one.state == 'interrupted' else 'removed'}"
            elif clean:
                found = f"{found}: left alone, it is in use by now"
        told = {"place": one.place, "state": one.state, "folder": str(one.folder), "bytes": str(one.size)}
        rows.append(line("left-over work", found, verdict) | told | {"command": command})
    return rows or [line("left-over work", "none")]


def lost_runs(root: Path) -> list[Row]:
    """List the last commands that failed and were not repeated with success."""
    found = failed_runs(root)
    now = datetime.datetime.now(datetime.UTC)
    rows = []
    for run in found[:_SHOWN_RUNS]:
        ago = _age((now - run.began).total_seconds())
        told = f"exit {run.code}, {ago} ago: {run.command} ({run.log.relative_to(root)})"
        rows.append(line("failed runs", told, "warning"))
    if more := len(found) - _SHOWN_RUNS:
        rows += [line("failed runs", f"{more} more in {root / 'logs'}", "warning")] if more > 0 else []
    return rows or [line("failed runs", "none")]


def _age(seconds: float) -> str:
    for size, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}"
    return "1 second" if 0.5 <= seconds < 1.5 else f"{max(seconds, 0):.0f} seconds"
