"""What `verify --upgrade` does and says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eeg2vid.cli.artifact_page import in_bytes
from eeg2vid.cli.options import Request
from eeg2vid.cli.output import emit, table, talk
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.services.finding import matching_folders
from eeg2vid.stages.services.upgrading import (
    Old,
    bytes_needed,
    mend,
    old_artifacts,
    require_quiet,
    require_room,
    upgrade,
)


def upgrade_all(request: Request, root: Path, artifact: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Bring the artifacts that an argument names to today's form, or say what would be done.

    Raises
    ------
    BadDataError
        If some are damaged: those are left as they are.
    """
    if not dry_run:
        require_quiet(root)
        for place in mend(root):
            talk().print(f"{place}: brought back, an exchange had been interrupted")
    found = list(old_artifacts(request.study(), matching_folders(root, artifact)))
    todo = [one for one in found if one.state == "to do"]
    rows = {one.address: _row(one, one.state) for one in found}
    if dry_run:
        rows |= {one.address: _row(one, "would be upgraded") for one in todo}
    elif todo:
        require_room(root, todo)
        with reporting() as reporter:
            reporter.start("upgrade", len(todo))
            for one in todo:
                manifest = upgrade(one)
                rows[one.address] = _row(one, "upgraded") | {"digest": manifest.digest}
                reporter.advance()
    _tell(list(rows.values()), todo, dry_run=dry_run, as_json=as_json)
    damaged = [one for one in found if one.state == "damaged"]
    if damaged:
        first = damaged[0]
        raise BadDataError(
            f"{len(damaged)} of older form {'is' if len(damaged) == 1 else 'are'} damaged and left alone, first "
            f"{first.address}: {first.why}",
            f"Make it again: {first.command} --force" if first.command else "Restore it from a copy.",
        )


def _row(old: Old, state: str) -> dict[str, Any]:
    return {
        "artifact": str(old.address),
        "from": old.version,
        "to": old.today,
        "state": state,
        "why": old.why,
        "command": old.command,
        "bytes": old.bytes_beside,
    }


def _tell(rows: list[dict[str, Any]], todo: list[Old], *, dry_run: bool, as_json: bool) -> None:
    emit(rows, table(rows, columns=("artifact", "from", "to", "state")) if rows else "", as_json=as_json)
    if as_json:
        return
    for row in rows:
        if row["state"] == "left alone":
            way = f"Make it again:\n  {row['command']}" if row["command"] else "It stays readable as it is."
            talk().print(f"{row['artifact']}: left alone, {row['why']}. {way}")
    if not rows:
        talk().print("Nothing is of an older form.")
    elif todo:
        what = f"{len(todo)} {'artifact' if len(todo) == 1 else 'artifacts'}"
        room = f"{in_bytes(bytes_needed(todo))} beside what is there"
        talk().print(f"{what} would be upgraded; that needs {room}." if dry_run else f"{what} upgraded.")
