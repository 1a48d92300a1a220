"""Events from what stands in the recordings themselves: annotations, or the codes of a trigger channel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.datasets.lazy_signal import LazySignal, unreadable
from eeg2vid.stages.datasets.presentations import Presentation, fill, owner_of
from eeg2vid.stages.datasets.recordings import RawSignal, companions, open_stretches
from eeg2vid.stages.datasets.source import natural_order
from eeg2vid.stages.datasets.stimuli_table import Mark, StimuliTable, find_stimuli
from eeg2vid.stages.datasets.study_file import NAME, EventSource, StudyFile, Whose, find_recordings
from eeg2vid.stages.datasets.tables import TableRow


class MarkerEvents:
    """Finds events by the markers of each recording, joined to clips by `stimuli.tsv`.

    Parameters
    ----------
    root
        The data folder.
    said
        Its study.toml.

    Raises
    ------
    BadDataError
        If the stimulus table is missing or malformed, there is no recording, or a path does not fit the pattern.
    """

    kind = "markers"
    clips_folder = "clips"

    def __init__(self, root: Path, said: StudyFile) -> None:
        self.root, self._said = root, said
        self._whose = Whose(said.events.path)
        table = find_stimuli(root)
        if table is None:
            raise BadDataError(
                f"{root}: events come from {said.events.source}, but there is no stimuli.tsv.",
                "It tells which clip a marker stands for: columns code and clip, or recording, nth and clip.",
            )
        self._stimuli: StimuliTable = table
        self.files = tuple(find_recordings(root, said.events))
        strangers = [file for file in table.by_place if file not in self.files]
        if strangers:
            next(iter(table.by_place[strangers[0]].values())).fail(f"{strangers[0]} is not among the recordings.")
        self.owners = {file: owner_of(file, self._whose) for file in self.files}
        self.subjects = natural_order({subject for subject, _ in self.owners.values()})
        self.tables = [table.path]
        self.strangers = [f"{name} ({table.path.name})" for name in table.strangers]

    def clip_rows(self) -> Sequence[TableRow]:
        """Return rows that name every clip that may be shown; no recording is opened."""
        return self._stimuli.rows

    def open(self, file: str) -> list[LazySignal]:
        """Open a recording."""
        said = self._said
        return open_stretches(self.root / file, said.electrodes, data_format=said.recordings.data_format)

    def own_files(self, file: str) -> list[Path]:
        """Return the files that a recording and its events depend on."""
        return companions(self.root / file)

    def find(self, files: Sequence[str], opened: Sequence[LazySignal]) -> tuple[list[Presentation], list[Check]]:
        """Return what one subject was shown, and what was noticed.

        Raises
        ------
        BadDataError
            If a recording has no such markers, or no marker shows a clip.
        """
        shown: list[Presentation] = []
        checks: list[Check] = []
        codes: set[str] = set()
        seen: list[str] = []
        for file, signal in zip(files, opened, strict=True):
            marks = read_marks(signal, self._said.events)
            joined = self._stimuli.join(file, marks)
            codes |= joined.codes
            seen += [mark.codes[0] for mark in marks]
            checks += joined.checks(file)
            shown += [fill(row, file, self._whose, self._said.events.onset_shift_s) for row in joined.rows]
        if not shown:
            refuse_none(files, seen, self._stimuli)
        return shown, [*checks, *self._stimuli.absent(codes, f"subject {shown[0].subject}")]

    def left_out(self) -> list[Check]:
        """Return nothing: every recording is read, and one without markers is refused or counted."""
        return []


def refuse_none(files: Sequence[str], seen: Sequence[str], stimuli: StimuliTable | None) -> None:
    """Say that no marker of some recordings shows a clip.

    Raises
    ------
    BadDataError
        Always.
    """
    found = ", ".join(repr(code) for code in dict.fromkeys(seen)) or "none"
    found = found if len(found) < 300 else f"{found[:300]} ..."
    wanted = ""
    if stimuli is not None:
        listed = list(stimuli.by_code) or list(stimuli.by_place)
        wanted = f"; {stimuli.path.name} knows {', '.join(map(repr, listed[:8]))}{' ...' if len(listed) > 8 else ''}"
    raise BadDataError(f"No marker of {', '.join(files)} shows a clip: found {found}{wanted}.")


def read_marks(signal: LazySignal, said: EventSource) -> list[Mark]:
    """Return the markers of a recording that count, in order of their onsets.

    Raises
    ------
    BadDataError
        If the file is a plain array, or lacks the trigger channel.
    """
    if not isinstance(signal, RawSignal):
        raise BadDataError(
            f"{signal.path} is a plain array and has no {said.source}.",
            f"Give its events in events.tsv, and take 'from' out of {NAME}.",
        )
    found = texts(signal.raw) if said.source == "annotations" else triggers(signal, said.stim, said.stim_mask)
    counted = [(onset, code) for onset, code in found if said.counts(code)]
    return [
        Mark(TableRow(signal.path, number, {"code": code}, "marker"), onset, (code,))
        for number, (onset, code) in enumerate(counted, start=1)
    ]


def texts(raw: Any) -> list[tuple[float, str]]:
    """Return onset, s from the first sample that is there, and text of every annotation, in order."""
    # MNE counts them from the measurement's start, also where a recording was cut later
    onsets = np.asarray(raw.annotations.onset) - raw.first_time
    named = zip(onsets, raw.annotations.description, strict=True)
    return sorted((round(float(onset), 9), str(text).strip()) for onset, text in named)


def triggers(signal: RawSignal, channel: str | None, mask: int | None) -> list[tuple[float, str]]:
    """Return onset, s, and code wherever a trigger channel takes another value than 0.

    Parameters
    ----------
    signal
        The recording.
    channel
        The channel's name; by default the only one that the format declares.
    mask
        Bits that hold the code, such as 255; by default all.

    Raises
    ------
    BadDataError
        If there is no such channel, or several.
    """
    raw = signal.raw
    declared = [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "stim"]
    if channel is None and len(declared) == 1:
        channel = declared[0]
    if channel not in raw.ch_names:
        wanted = "exactly one trigger channel" if channel is None else f"the trigger channel {channel!r}"
        found = ", ".join(declared) or f"none among {', '.join(raw.ch_names[:12])}"
        raise BadDataError(f"{signal.path}: expected {wanted}, found {found}.", f"Name it: {NAME}, [events] stim.")
    try:
        values = raw.get_data(picks=[raw.ch_names.index(channel)], verbose="error")[0]
    except Exception as error:  # readers of a dozen formats raise whatever they like
        raise unreadable(signal.path, error) from error
    codes = np.rint(values).astype(np.int64)
    codes = codes & mask if mask is not None else codes
    # what the channel holds as the recording begins is no marker
    starts = np.flatnonzero((codes[1:] != codes[:-1]) & (codes[1:] != 0)) + 1
    return [(float(start / signal.sfreq), str(codes[start])) for start in starts]
