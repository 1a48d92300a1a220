"""Events from a table that people wrote: `events.tsv` (or `.csv`) in the data folder.

Columns: `recording` (a file, relative to the folder), `onset` (s from the recording's first sample) and `clip`;
`subject`, `session`, `block`, `run`, `duration` and `hint` are optional, as are the label columns of the clip table
(`concept_name`, `face`, ...). What is absent is filled in:

- subject, session, block: from the recording's path, by `path` of study.toml, else by `sub-XX` and `ses-XX` there;
  else subject and session are `1`, and the recording is one block, called as the recording is;
- run: consecutive events of one recording and block that show the same concept; an event whose clip has no
  concept is a run of its own;
- duration (also where it is 0): the clip's;
- hint (s, ends as the run begins): none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.entities import Check
from eeg2vid.stages.datasets.clip_table import LABELS, file_below
from eeg2vid.stages.datasets.lazy_signal import LazySignal
from eeg2vid.stages.datasets.presentations import OPTIONAL, REQUIRED, Presentation, fill
from eeg2vid.stages.datasets.recordings import companions, open_stretches
from eeg2vid.stages.datasets.source import natural_order
from eeg2vid.stages.datasets.study_file import StudyFile, Whose, is_recording
from eeg2vid.stages.datasets.tables import TableRow, read_table


class TableEvents:
    """Finds events in a table.

    Parameters
    ----------
    root
        The data folder.
    said
        Its study.toml.
    path
        The table.

    Raises
    ------
    BadDataError
        If the table is malformed, or names a file that is not there or belongs to two subjects or sessions.
    """

    kind = "events-table"
    clips_folder = "clips"

    def __init__(self, root: Path, said: StudyFile, path: Path) -> None:
        self.root, self._said = root, said
        known = (*REQUIRED, *OPTIONAL, *LABELS)
        self._table = read_table(path, required=REQUIRED, known=known)
        whose = Whose(said.events.path)
        self._shown = [self._filled(row, whose) for row in self._table.rows]
        self.owners = self._one_owner()
        self.files = tuple(self.owners)
        self.subjects = natural_order({shown.subject for shown in self._shown})
        self.tables = [path]
        self.strangers = [name for name in self._table.columns if name not in known]

    def clip_rows(self) -> Sequence[TableRow]:
        """Return rows that name every clip that is shown."""
        return self._table.rows

    def open(self, file: str) -> list[LazySignal]:
        """Open a recording."""
        said = self._said
        return open_stretches(self.root / file, said.electrodes, data_format=said.recordings.data_format)

    def own_files(self, file: str) -> list[Path]:
        """Return the files that a recording depends on."""
        return companions(self.root / file)

    def find(self, files: Sequence[str], opened: Sequence[LazySignal]) -> tuple[list[Presentation], list[Check]]:
        """Return what one subject was shown."""
        return [shown for shown in self._shown if shown.file in files], []

    def left_out(self) -> list[Check]:
        """Return a row that names the recordings of the folder that the table does not."""
        here = {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if is_recording(path)}
        idle = natural_order(here - set(self.files))
        if not idle:
            return []
        more = f" and {len(idle) - 8} more" if len(idle) > 8 else ""
        found = f"{len(idle)} without a row in {self._table.path.name}: {', '.join(idle[:8])}{more}"
        return [Check(item="recordings left out", found=found, expected="none", verdict="warning")]

    def _filled(self, row: TableRow, whose: Whose) -> Presentation:
        file = row.text("recording")
        if file is None:
            row.fail("an event needs a recording, an onset and a clip.")
        name = file_below(self.root, row, file).relative_to(self.root).as_posix()
        return fill(row, name, whose, self._said.events.onset_shift_s)

    def _one_owner(self) -> dict[str, tuple[str, str]]:
        """Return subject and session of each recording; a recording belongs to one of each."""
        owners: dict[str, Presentation] = {}
        for shown in self._shown:
            first = owners.setdefault(shown.file, shown)
            if (first.subject, first.session) != (shown.subject, shown.session):
                shown.row.fail(
                    f"{shown.file} belongs to subject {shown.subject}, session {shown.session} here, but to "
                    f"subject {first.subject}, session {first.session} in {first.row.place}."
                )
        return {file: (shown.subject, shown.session) for file, shown in owners.items()}
