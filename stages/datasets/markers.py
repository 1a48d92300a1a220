"""Events from what stands in the recordings themselves: annotations, or the codes of a trigger channel."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.lazy_signal import LazySignal
from eeg2vid.stages.datasets.presentations import Presentation, fill, owner_of
from eeg2vid.stages.datasets.recordings import RawSignal, companions, open_stretches
from eeg2vid.stages.datasets.source import natural_order
from eeg2vid.stages.datasets.stimuli_table import Mark, StimuliTable, find_stimuli, whole_code
from eeg2vid.stages.datasets.study_file import NAME, EventSource, StudyFile, Whose, find_recordings
from eeg2vid.stages.datasets.tables import TableRow
from eeg2vid.stages.datasets.trigger_channel import pick_channel, whole_codes
from eeg2vid.stages.datasets.trigger_checks import settled_checks
from eeg2vid.stages.datasets.trigger_codes import settle


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
        """Open a recording; the trigger channel that the study names is no electrode, whatever the file calls it."""
        wishes, stim = self._said.electrodes, self._said.events.stim
        if stim is not None and stim not in (*wishes.drop, *wishes.eog, *wishes.eeg):
            wishes = wishes.model_copy(update={"drop": (*wishes.drop, stim)})
        opened = open_stretches(self.root / file, wishes, data_format=self._said.recordings.data_format)
        for signal in opened:
            if isinstance(signal, RawSignal) and self._said.events.source == "annotations":
                marks, _ = read_marks(signal, self._said.events)
                signal.take_for_clips(self._stimuli.texts(file, marks))
        return opened

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
            marks, noticed = read_marks(signal, self._said.events, self._stimuli.by_code)
            joined = self._stimuli.join(file, marks)
            checks += noticed
            if not joined.rows:
                found = f"none of {counted(len(marks), 'marker')} shows a clip"
                checks.append(Check(item=f"events, {file}", found=found, expected="clips", verdict="warning"))
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


def read_marks(signal: LazySignal, said: EventSource, known: Collection[str] = ()) -> tuple[list[Mark], list[Check]]:
    """Return the markers of a recording that count, in order of their onsets, and what was noticed.

    Parameters
    ----------
    signal
        The recording.
    said
        Where its markers are.
    known
        Codes that stand for clips, as the stimulus table has them.

    Raises
    ------
    BadDataError
        If the file is a plain array, lacks the trigger channel, or the channel holds no codes.
    """
    if not isinstance(signal, RawSignal):
        raise BadDataError(
            f"{signal.path} is a plain array and has no {said.source}.",
            f"Give its events in events.tsv, and take 'from' out of {NAME}.",
        )
    found, checks = (texts(signal.raw), []) if said.source == "annotations" else triggers(signal, said, known)
    counted = [(onset, code) for onset, code in found if said.counts(code)]
    marks = [
        Mark(TableRow(signal.path, number, {"code": code}, "marker"), onset, (code,))
        for number, (onset, code) in enumerate(counted, start=1)
    ]
    return marks, checks


def texts(raw: Any) -> list[tuple[float, str]]:
    """Return onset, s from the first sample that is there, and text of every annotation, in order."""
    # MNE counts them from the measurement's start, also where a recording was cut later
    onsets = np.asarray(raw.annotations.onset) - raw.first_time
    named = zip(onsets, raw.annotations.description, strict=True)
    return sorted((round(float(onset), 9), str(text).strip()) for onset, text in named)


def triggers(
    signal: RawSignal, said: EventSource, known: Collection[str] = ()
) -> tuple[list[tuple[float, str]], list[Check]]:
    """Return onset, s, and code wherever a trigger channel takes another value than 0 and holds it.

    Parameters
    ----------
    signal
        The recording.
    said
        The channel (by default the only one that the format declares), the bits that count, what is too short.
    known
        Codes that stand for clips.

    Returns
    -------
    Onsets and codes, in order; rows that name what was merged or left out.

    Raises
    ------
    BadDataError
        If there is no such channel, or several, or its values are no codes.
    """
    channel = pick_channel(signal, said.stim)
    codes, sfreq, off = whole_codes(signal, channel)
    if said.stim_mask is not None:
        codes = codes & said.stim_mask
    clips = {code for text in known if (code := whole_code(text)) is not None}
    settled = settle(codes, sfreq, said.min_duration_s, clips)
    checks = settled_checks(settled, sfreq, off, said, clips, signal.path.name)
    return [(mark.start / sfreq, str(mark.value)) for mark in settled.marks], checks
