"""From rows that say which clip began when, to events with their place in a recording: one way for all sources."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from eeg2vid.schemas.entities import Check, Event
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.clip_table import ClipTable
from eeg2vid.stages.datasets.study_file import Whose
from eeg2vid.stages.datasets.tables import TableRow, to_label

REQUIRED = ("recording", "onset", "clip")
OPTIONAL = ("subject", "session", "block", "run", "duration", "hint")
_RECORDING_LENGTH, _RUN_LENGTH = 44, 24  # characters, so that event ids stay labels


@dataclass(frozen=True)
class Presentation:
    """One row, its gaps filled."""

    row: TableRow
    subject: str
    session: str
    file: str
    onset: float
    block: str | None
    run: str | None
    clip: str


def owner_of(file: str, whose: Whose) -> tuple[str, str]:
    """Return subject and session of a recording as its path tells them."""
    told = whose.tell(file)
    return told.get("subject", "1"), told.get("session", "1")


def fill(row: TableRow, file: str, whose: Whose, shift: float) -> Presentation:
    """Fill a row's gaps from its recording's path.

    Parameters
    ----------
    row
        With `onset` (s) and `clip`.
    file
        The recording, relative to the data folder.
    whose
        What its path tells.
    shift
        From the marker to the clip, s.

    Raises
    ------
    BadDataError
        If the row has no onset or clip, or a label that is none.
    """
    onset, clip = row.number_of("onset", 0), row.label("clip")
    if onset is None or clip is None:
        row.fail("an event needs a recording, an onset and a clip.")
    if onset + shift < 0:
        row.fail(f"onset {onset:g} s, moved by onset_shift_s = {shift:g} s, lies before the recording's start.")
    told = whose.tell(file)
    subject = (row.text("subject") or told.get("subject", "1")).removeprefix("sub-")
    if not re.fullmatch(r"[A-Za-z0-9]{1,40}", subject):
        row.fail(f"subject {subject!r}: expected letters and digits only.")
    run = row.label("run")
    if run is not None and len(run) > _RUN_LENGTH:
        row.fail(f"run {run!r} is longer than {_RUN_LENGTH} characters.")
    session = (row.label("session") or told.get("session", "1")).removeprefix("ses-")
    return Presentation(row, subject, session, file, onset + shift, row.label("block") or told.get("block"), run, clip)


def place(shown: Sequence[Presentation], recording: str, sfreq: float, length: int, clips: ClipTable) -> list[Event]:
    """Place one recording's events and tell its runs apart.

    Parameters
    ----------
    shown
        The rows of one unbroken recording, in any order.
    recording
        Its label.
    sfreq
        Hz.
    length
        Samples.
    clips
        Lengths and concepts of clips.

    Raises
    ------
    BadDataError
        If an event lies beyond the end, holds no sample or shares its first with another, or a run is interrupted or
        holds two concepts.
    """
    rows: list[Event] = []
    taken: dict[int, TableRow] = {}
    runs: dict[str, int | None] = {}  # run -> its concept
    previous: tuple[str, str | None, int | None] | None = None
    position = 0
    for number, event in enumerate(sorted(shown, key=lambda s: s.onset), start=1):
        sample = round(event.onset * sfreq)
        duration = _duration(event, clips)
        _check_place(event, sample, duration, sfreq, length, taken)
        block = event.block or recording
        concept = clips.labels[event.clip].get("concept")
        here = (block, event.run, concept)
        if here == previous and (event.run is not None or concept is not None):
            position += 1
        else:
            position = 1
            run = f"{recording}-run-{event.run}" if event.run else f"{recording}-r{len(runs) + 1:03d}"
            if run in runs:
                _broken_run(event, runs[run] != concept)
            runs[run] = concept
        previous = here
        rows.append(
            Event(
                event=f"{recording}-e{number:04d}",
                subject=event.subject,
                session=event.session,
                recording=recording,
                block=block,
                run=run,
                position=position,
                clip=event.clip,
                onset_s=event.onset,
                onset_sample=sample,
                duration_s=duration,
                hint_s=event.row.number_of("hint", 0) or None,
            )
        )
    return rows


def within(
    shown: Sequence[Presentation], file: str, sfreq: float, length: int, clips: ClipTable
) -> tuple[list[Presentation], list[Check]]:
    """Leave out markers whose clip the end of the recording cuts off; rows that people wrote stay, to be refused.

    Raises
    ------
    BadDataError
        If that leaves nothing of several.
    """
    kept: list[Presentation] = []
    cut: list[Presentation] = []
    for one in shown:
        last = round(one.onset * sfreq) + round(_duration(one, clips) * sfreq)
        (cut if one.row.noun == "marker" and last > length else kept).append(one)
    if not cut:
        return kept, []
    found = f"{len(cut)} of {len(shown)}, the first at {cut[0].onset:g} s; the recording ends at {length / sfreq:.3f} s"
    if not kept:
        raise BadDataError(f"{file}: every clip reaches beyond the end: {found}.", "Is onset_shift_s in seconds?")
    item = f"events beyond the end left out, {file}"
    return kept, [Check(item=item, found=found, expected="none", verdict="warning")]


def overlaps(rows: Sequence[Event], file: str) -> list[Check]:
    """Return a warning row if events start before the one before has ended."""
    n = sum(a.onset_s + a.duration_s > b.onset_s + 1e-6 for a, b in itertools.pairwise(rows))
    if not n:
        return []
    found = f"{n} of {len(rows)} start before the one before has ended"
    return [Check(item=f"events, {file}", found=found, expected="one at a time", verdict="warning")]


def recording_labels(files: Iterable[str]) -> dict[str, str]:
    """Return a short unique label per recording: its stem, else its whole path.

    Raises
    ------
    BadDataError
        If two recordings cannot be told apart.
    """
    files = set(files)

    def stem(file: str) -> str:
        return re.sub(r"\.(fif\.gz|[A-Za-z0-9]+)$", "", file)

    naming = (lambda f: stem(Path(f).name), stem, lambda f: f)
    for name in naming:
        labels = {file: to_label(name(file), _RECORDING_LENGTH) for file in files}
        if len(set(labels.values())) == len(files):
            return labels
    twice = next(label for label, n in Counter(labels.values()).items() if n > 1)
    same = ", ".join(sorted(file for file in files if labels[file] == twice))
    raise BadDataError(f"The recordings {same} would all be called {twice!r}.", "Rename them.")


def _duration(event: Presentation, clips: ClipTable) -> float:
    return event.row.number_of("duration", 0) or clips.times(event.clip)[1]


def _check_place(
    event: Presentation, sample: int, duration: float, sfreq: float, length: int, taken: dict[int, TableRow]
) -> None:
    other = taken.setdefault(sample, event.row)
    if other is not event.row:
        same = other.values["clip"] == event.clip
        event.row.fail(
            f"repeats {other.place}." if same else f"is on the same sample ({sample} of {event.file}) as {other.place}."
        )
    if round(duration * sfreq) < 1:
        event.row.fail(f"the event of {duration:g} s holds no sample at {sfreq:g} Hz.")
    if sample + round(duration * sfreq) > length:
        event.row.fail(
            f"the event from {event.onset:g} s to {event.onset + duration:g} s reaches beyond the end of "
            f"{event.file} at {length / sfreq:.3f} s."
        )


def _broken_run(event: Presentation, another_concept: bool) -> NoReturn:
    what = "holds two concepts" if another_concept else "is interrupted by other events"
    event.row.fail(
        f"the run {event.run!r} of {event.file} {what}; a run is an unbroken stretch of one concept.",
        "Leave the column 'run' out to have runs found.",
    )
