"""BIDS-EEG folders, read through mne-bids: channel types, bads and positions from its tables, events from events.tsv.

An event shows the clip that its `stim_file` names (below `stimuli/`), else the one that `stimuli.tsv` gives to its
`trial_type` or `value`. A run of BIDS is a recording, and a block: `run-2` is block 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets import bids_files
from eeg2vid.stages.datasets.clip_table import LABELS, ClipTable, file_below, is_picture, refuse_picture
from eeg2vid.stages.datasets.lazy_signal import LazySignal
from eeg2vid.stages.datasets.marked_spans import merged, spans_of
from eeg2vid.stages.datasets.markers import refuse_none
from eeg2vid.stages.datasets.presentations import OPTIONAL, Presentation, fill
from eeg2vid.stages.datasets.reading import read_annotated
from eeg2vid.stages.datasets.recordings import RawSignal, companions, open_stretches
from eeg2vid.stages.datasets.source import natural_order
from eeg2vid.stages.datasets.stimuli_table import Joined, Mark, event_row, find_stimuli, plain_code
from eeg2vid.stages.datasets.study_file import StudyFile, Whose, find_recordings
from eeg2vid.stages.datasets.tables import TableRow, read_table

_MADE_BY_MNE = "STI 014"  # a trigger channel that no file holds
_MARKER_S = 0.02  # s: shorter is the length of a trigger pulse, not of a clip


class BidsEvents:
    """Finds events in the `*_events.tsv` beside each recording, or in the one that it inherits from a folder above.

    Parameters
    ----------
    root
        The data folder.
    said
        Its study.toml, if any: `files` narrows the recordings down.

    Raises
    ------
    BadDataError
        If no recording has a table of events or one has two, a table is malformed, or a stimulus file is missing.
    """

    kind = "bids"

    def __init__(self, root: Path, said: StudyFile) -> None:
        self.root, self._said = root, said
        self.clips_folder = "stimuli" if (root / "stimuli").is_dir() else "clips"
        found = find_recordings(root, said.events) if said.events.files else bids_files.recordings(root)
        self._tables = {file: path for file in found if (path := bids_files.events_of(root, file)) is not None}
        if not self._tables:
            raise BadDataError(
                f"{root}: none of {counted(len(found), 'recording')} has a table of events beside it"
                + (f"; expected {bids_files.events_beside(root / found[0]).name}." if found else "."),
                "BIDS keeps events in sub-XX/[ses-XX/]eeg/*_events.tsv, or for all in task-XX_events.tsv.",
            )
        self._without = [file for file in found if file not in self._tables]
        self._stimuli = find_stimuli(root)
        self._clips = ClipTable(root, self.clips_folder)
        self._marked: dict[str, list[tuple[str, float, float]]] = {}
        self._texts: dict[str, set[str]] = {}  # that stand for clips
        self._joined = {file: self._join(file, path) for file, path in self._tables.items()}
        self.files = tuple(file for file, joined in self._joined.items() if joined.rows)
        pictures = [row for joined in self._joined.values() for row in joined.pictures]
        if not self.files and pictures:
            refuse_picture(pictures[0], pictures[0].values["stim_file"])
        untimed = [row for joined in self._joined.values() for row in joined.untimed]
        if not self.files and untimed:
            untimed[0].fail(
                f"expected an onset, s, found {untimed[0].values['onset'] or 'nothing'!r}; no event that shows a clip "
                f"has one ({counted(len(untimed), 'row')}).",
                "BIDS counts onsets from the recording's first sample.",
            )
        if not self.files:
            seen = [code for joined in self._joined.values() for code in joined.lost]
            refuse_none(list(self._tables)[:3], seen, self._stimuli)
        self._whose = _Runs(said.events.path, self.files)
        self.owners = {file: self._whose.owner(file) for file in self.files}
        self.subjects = natural_order({subject for subject, _ in self.owners.values()})
        self.tables = [] if self._stimuli is None else [self._stimuli.path]
        self.strangers: list[str] = []

    def clip_rows(self) -> Sequence[TableRow]:
        """Return rows that name every clip that is shown."""
        labels = [] if self._stimuli is None else self._stimuli.rows
        shown = [row for joined in self._joined.values() for row in joined.rows]
        clips = {row.values["clip"] for row in shown}
        return [*shown, *(row for row in labels if row.values["clip"] in clips)]

    def open(self, file: str) -> list[LazySignal]:
        """Open a recording with what the data set's tables say about its channels and spans."""
        table = bids_files.channels_of(self.root, file)
        units = {name: unit for name, (_, unit) in table.items() if unit is not None}
        opened = open_stretches(self.root / file, self._said.electrodes, self._read, units=units)
        for signal in opened:
            assert isinstance(signal, RawSignal)
            signal.asked_by_table([name for name, (kind, _) in table.items() if (kind or "").upper() == "EEG"])
            signal.take_for_clips(self._texts[file])
            signal.checks += bids_files.channel_checks(signal.path.name, list(table), signal.raw.ch_names)
            # mne-bids puts the rows of a table beside the file in the place of the file's own annotations
            own, length = signal.annotated(read_annotated(self.root / file)), signal.shape[1]
            rows = [s for mark in self._marked[file] for s in spans_of(*mark, signal.sfreq, length)]
            signal.spans = merged([*signal.spans, *own, *rows])
        return opened

    def own_files(self, file: str) -> list[Path]:
        """Return a recording's files, the tables beside it, and those of folders above that hold for it too."""
        path = self.root / file
        above = [p for p in path.parents if p.is_relative_to(self.root)]
        sidecars = [p for folder in above for ending in ("*.tsv", "*.json") for p in folder.glob(ending)]
        sidecars = [path for path in sidecars if not is_foreign(path.name)]
        return sorted({*companions(path), *sidecars, self._tables[file]})

    def find(self, files: Sequence[str], opened: Sequence[LazySignal]) -> tuple[list[Presentation], list[Check]]:
        """Return what one subject was shown, and what was noticed."""
        shift = self._said.events.onset_shift_s
        shown = [fill(row, file, self._whose, shift) for file in files for row in self._joined[file].rows]
        checks = [check for file in files for check in self._joined[file].checks(file)]
        subject = shown[0].subject
        own = [file for file in self._joined if self._whose.owner(file)[0] == subject]
        for file in own:
            checks += [*self._joined[file].untimed_checks(file), *self._joined[file].picture_checks(file)]
        if self._stimuli is not None:
            codes = {code for file in files for code in self._joined[file].codes}
            checks += self._stimuli.absent(codes, f"subject {subject}")
        idle = [
            f for f in (*self._joined, *self._without) if f not in self.files and self._whose.owner(f)[0] == subject
        ]
        if idle:
            found = f"{len(idle)} without an event that shows a clip: {', '.join(idle[:8])}"
            item = f"recordings left out, subject {subject}"
            checks.append(Check(item=item, found=found, expected="none", verdict="warning"))
        return shown, checks

    def left_out(self) -> list[Check]:
        """Return a row for everybody of whom nothing is read."""
        idle: dict[str, list[str]] = {}
        for file in (*self._joined, *self._without):
            idle.setdefault(self._whose.owner(file)[0], []).append(file)
        checks: list[Check] = []
        for subject in natural_order(idle.keys() - set(self.subjects)):
            files = idle[subject]
            lacks = "event that shows a clip in" if self._joined.keys() & set(files) else "table of events for"
            more = f" and {len(files) - 8} more" if len(files) > 8 else ""
            checks.append(bids_files.left_out(subject, f"no {lacks} {', '.join(files[:8])}{more}"))
            for file in (file for file in files if file in self._joined):
                checks += [*self._joined[file].untimed_checks(file), *self._joined[file].picture_checks(file)]
        if self._said.events.files or self._said.events.path:
            return checks  # study.toml says whose recordings are meant, or calls people otherwise than the folders
        return [*checks, *bids_files.nobodys(self.root, idle)]

    def _join(self, file: str, path: Path) -> Joined:
        known = ("onset", "duration", "trial_type", "value", "stim_file")
        table = read_table(path, required=("onset",), known=known, may_have_no_rows=True)
        joined, rest = Joined(), []
        texts = self._texts[file] = set()
        marked = self._marked[file] = []
        for row in table.rows:
            onset, codes = row.number_of("onset", -1e9), tuple(filter(None, map(row.text, ("trial_type", "value"))))
            if onset is None:
                self._leave_out(joined, file, row, codes)
                continue
            # a trigger's own length is not the clip's
            length = row.number_of("duration", 0) or 0.0
            kept = {k: v for k, v in row.values.items() if k in OPTIONAL or k in LABELS}
            kept["duration"] = repr(length) if length > _MARKER_S else "n/a"
            mark = Mark(TableRow(path, row.number, kept), onset, codes)
            shown = row.text("stim_file")
            if shown is not None and is_picture(shown):
                joined.pictures.append(row)
            elif shown is None:
                rest.append(mark)
            else:
                joined.rows.append(event_row(mark, file, self._clip_of(row, shown), {}))
                texts.update(codes)
            if shown is None and onset >= 0:
                marked += [(code, onset, length) for code in codes]
        if self._stimuli is not None:
            rest.sort(key=lambda mark: mark.onset)
            coded = self._stimuli.join(file, rest)
            by_table = self._stimuli.texts(file, rest)
            texts |= by_table
            marked[:] = [mark for mark in marked if mark[0] not in by_table]
            return replace(joined, rows=[*joined.rows, *coded.rows], codes=coded.codes, lost=joined.lost + coded.lost)
        joined.lost.update(mark.codes[0] if mark.codes else "n/a" for mark in rest)
        return joined

    def _clip_of(self, row: TableRow, shown: str) -> str:
        stimulus = file_below(self.root / "stimuli", row, shown.removeprefix("stimuli/"))
        clip = self._clips.of_file(stimulus)
        if clip is None:
            row.fail(f"stim_file {shown} is no clip, or several.", "clips.tsv says which clip is which file.")
        return clip

    def _leave_out(self, joined: Joined, file: str, row: TableRow, codes: tuple[str, ...]) -> None:
        """Note a row without an onset, which BIDS allows: it is never taken for one at 0 s."""
        if row.text("stim_file") is None and self._stimuli is not None and file in self._stimuli.by_place:
            row.fail(
                f"expected an onset, s, found {row.values['onset']!r}: {self._stimuli.path.name} counts the markers "
                f"of {file} in order, and the place of this one is not known.",
                "Give the onset, take the row out, or let stimuli.tsv name codes.",
            )
        known = {} if self._stimuli is None else self._stimuli.by_code
        if row.text("stim_file") is not None or any(plain_code(code) in known for code in codes):
            joined.untimed.append(row)
        else:
            joined.lost[codes[0] if codes else "n/a"] += 1

    def _read(self, path: Path) -> Any:
        try:
            import mne_bids  # type: ignore[import-untyped]
        except ImportError as error:
            raise MissingPackageError(f"{path} is read through mne-bids, which is missing.") from error
        place = mne_bids.get_bids_path_from_fname(path, check=False, verbose="error")
        place.update(root=self.root, datatype="eeg", check=False)
        try:
            return mne_bids.read_raw_bids(place, on_ch_mismatch="raise", verbose="warning")
        except RuntimeError as error:
            if "channel" not in str(error).casefold():
                raise
            table = list(bids_files.channels_of(self.root, path.relative_to(self.root).as_posix()))
            names = [name for name in read_annotated(path).ch_names if name in table or name != _MADE_BY_MNE]
            if sorted(table) != sorted(names):
                bids_files.refuse_channels(path, table, names)
        raw = mne_bids.read_raw_bids(place, on_ch_mismatch="reorder", verbose="warning")
        # what else is known of the file counts its channels in the file's order
        return raw.reorder_channels(names)


class _Runs(Whose):
    """What BIDS names tell: subject, session, and the run as block, where every recording has one."""

    def __init__(self, pattern: str | None, files: Sequence[str]) -> None:
        super().__init__(pattern)
        told = [bids_files.entities(file) for file in files]
        self._tasks = len({entities.get("task") for entities in told}) > 1
        self._runs = all("run" in entities for entities in told)

    def tell(self, file: str) -> dict[str, str]:
        if self.pattern is not None:
            return dict(super().tell(file))
        entities = bids_files.entities(file)
        told = {name: entities[name[:3]] for name in ("subject", "session") if name[:3] in entities}
        if self._runs and "run" in entities:
            run = entities["run"].lstrip("0") or "0"
            told["block"] = f"{entities.get('task', 'task')}-{run}" if self._tasks else run
        return told

    def owner(self, file: str) -> tuple[str, str]:
        told = self.tell(file)
        return told.get("subject", "1"), told.get("session", "1")
