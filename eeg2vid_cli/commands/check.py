"""`ingest --check`: look at every file of a data set and write nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from eeg2vid.cli.output import emit, table
from eeg2vid.cli.progress import reporting
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.subjects import parse_subjects


def check_source(stage: Stage, source: Path, subject: str | None, *, as_json: bool) -> None:
    """Print what was found in every file, beside what was expected.

    Raises
    ------
    BadDataError
        If anything is wrong, after everything was looked at and printed.
    """
    try:
        known = list(stage.subjects_of(source))
    except BadDataError:  # too broken to tell its subjects: the table says why
        subjects = None
    else:
        subjects = parse_subjects(subject or "all", known)
    with reporting() as reporter:
        reporter.start(f"{source}: every file", 1)
        rows = stage.examine(source, subjects)
        reporter.advance()
    shown = [row.model_dump(mode="json") for row in rows]
    columns = ("item", "found", "expected", "verdict")
    emit(
        shown,
        table(shown, columns=columns, wraps=("found", "expected")),
        as_json=as_json,
        ids=[row.item for row in rows if row.verdict != "ok"],
    )
    found = Counter(row.verdict for row in rows)
    if found["error"]:
        raise BadDataError(
            f"{source}: {found['error']} of {len(rows)} checks failed, {found['warning']} warn.",
            "Mend what the table calls an error; nothing was written.",
        )
