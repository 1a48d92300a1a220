"""`stimuli.tsv`: which clip a marker stands for, by its code, or by its place in the order of presentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eeg2vid.schemas.entities import Check
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.clip_table import LABELS, file_below
from eeg2vid.stages.datasets.tables import TableRow, find_table, plain_number, read_table

_CARRIED = ("run", "block", "duration", "hint")  # columns that a row hands on to its events
_SHOWN = 8


@dataclass(frozen=True)
class Mark:
    """One marker of a recording.

    Attributes
    ----------
    row
        Where it was found; its values go into the event unless the stimulus table has them.
    onset
        s from the recording's first sample.
    codes
        What it may be called in the stimulus table, best first.
    """

    row: TableRow
    onset: float
    codes: tuple[str, ...]


@dataclass
class Joined:
    """One recording's markers, joined."""

    rows: list[TableRow] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)  # that occurred
    lost: Counter[str] = field(default_factory=Counter)  # markers that show no clip
    untimed: list[TableRow] = field(default_factory=list)  # that would show one, but have no onset

    pictures: list[TableRow] = field(default_factory=list)  # that would show a still picture

    def picture_checks(self, file: str) -> list[Check]:
        """Return a warning row that names the events that show still pictures."""
        if not self.pictures:
            return []
        names = list(dict.fromkeys(row.values["stim_file"] for row in self.pictures))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        found = f"{counted(len(self.pictures), 'event')}: {', '.join(names[:_SHOWN])}{more}"
        item = f"still pictures left out, {file}"
        return [Check(item=item, found=found, expected="films: pictures are not supported yet", verdict="warning")]

    def checks(self, file: str) -> list[Check]:
        """Return a row that counts the markers that show no clip."""
        if not self.lost:
            return []
        listed = ", ".join(f"{code} ({n})" for code, n in self.lost.most_common(_SHOWN))
        found = f"{self.lost.total()} of {self.lost.total() + len(self.rows)}: {listed}"
        more = f" and {len(self.lost) - _SHOWN} more" if len(self.lost) > _SHOWN else ""
        expected = "only those of other things, such as responses"
        return [Check(item=f"markers that show no clip, {file}", found=found + more, expected=expected, verdict="ok")]

    def untimed_checks(self, file: str) -> list[Check]:
        """Return a warning row that names the events whose onset is absent: when their clips began is not known."""
        if not self.untimed:
            return []
        n, places = len(self.untimed), [row.place for row in self.untimed[:_SHOWN]]
        more = f" and {n - _SHOWN} more" if n > _SHOWN else ""
        found = f"{n} of {n + len(self.rows)} that show a clip: {', '.join(places)}{more}"
        item = f"events without an onset left out, {file}"
        return [Check(item=item, found=found, expected="an onset, s, for every clip", verdict="warning")]


class StimuliTable:
    """The table: a column `code`, or the columns `recording` and `nth`, beside `clip`.

    Parameters
    ----------
    root
        The data folder.
    path
        The table.

    Raises
    ------
    BadDataError
        If it is malformed, gives one code or place to two clips, or names a recording that is missing.
    """

    def __init__(self, root: Path, path: Path) -> None:
        known = ("clip", "code", "recording", "nth", *_CARRIED, *LABELS)
        table = read_table(path, required=("clip",), known=known)
        self.path, self.rows = path, table.rows
        self.strangers = [name for name in table.columns if name not in known]
        by_code, by_place = "code" in table.columns, {"recording", "nth"} <= set(table.columns)
        if by_code == by_place:
            raise BadDataError(
                f"{path}: expected the column 'code', or the columns 'recording' and 'nth'; "
                f"found {', '.join(table.columns)}."
            )
        self.by_code: dict[str, TableRow] = {}
        self.by_place: dict[str, dict[int, TableRow]] = {}
        for row in table.rows:
            if row.label("clip") is None:
                row.fail("a stimulus needs a clip.")
            if by_code:
                self._add_code(row)
            else:
                self._add_place(root, row)

    def join(self, file: str, marks: Sequence[Mark]) -> Joined:
        """Find the clip of each marker of one recording.

        Parameters
        ----------
        file
            The recording, relative to the data folder.
        marks
            Its markers, in order of their onsets.

        Raises
        ------
        BadDataError
            If the table counts further than the recording has markers, or the recording goes on with markers of the
            same codes where the table ends.
        """
        joined = Joined()
        places = self.by_place.get(file, {})
        if places and max(places) > len(marks):
            places[max(places)].fail(
                f"nth is {max(places)}, but {file} has {counted(len(marks), 'marker')} that count."
            )
        for number, mark in enumerate(marks, start=1):
            code = next((c for c in mark.codes if plain_code(c) in self.by_code), None)
            row = self.by_code[plain_code(code)] if code is not None else places.get(number)
            if row is None:
                joined.lost[mark.codes[0] if mark.codes else "n/a"] += 1
                continue
            if code is not None:
                joined.codes.add(plain_code(code))
            carried = {name: row.values[name] for name in _CARRIED if row.text(name) is not None}
            joined.rows.append(event_row(mark, file, row.values["clip"], carried))
        if places:
            self._refuse_more(file, marks, places)
        return joined

    def texts(self, file: str, marks: Sequence[Mark]) -> set[str]:
        """Return what those markers of one recording are called that show a clip."""
        places = self.by_place.get(file, {})
        by_code = {code for mark in marks for code in mark.codes if plain_code(code) in self.by_code}
        return by_code | {code for n, mark in enumerate(marks, start=1) if n in places for code in mark.codes}

    def _refuse_more(self, file: str, marks: Sequence[Mark], places: Mapping[int, TableRow]) -> None:
        """Refuse a recording with more markers like the clips' than the table counts: one may be in another's place."""
        last = max(places)
        shown = {marks[place - 1].codes[:1] for place in places}
        more = [mark for mark in marks[last:] if mark.codes[:1] in shown]
        if more:
            places[last].fail(
                f"nth ends with {last}, but {file} has {counted(len(marks), 'marker')} that count, and "
                f"{len(more)} of those "
                f"beyond are like the clips' (the first {more[0].codes[0] if more[0].codes else 'n/a'!r} at "
                f"{more[0].onset:.3f} s).",
                "Is one too many, or a row missing? study.toml, [events]: markers says which count, stim_mask which "
                "bits do, min_duration_s what is too short.",
            )

    def absent(self, codes: set[str], where: str) -> list[Check]:
        """Return a warning row if codes of the table occurred nowhere."""
        lost = [code for code in self.by_code if code not in codes]
        if not lost:
            return []
        more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        found = f"{len(lost)} of {len(self.by_code)} never occur: {', '.join(lost[:_SHOWN])}{more}"
        return [Check(item=f"codes, {where}", found=found, expected="every code", verdict="warning")]

    def _add_code(self, row: TableRow) -> None:
        code = row.text("code")
        if code is None:
            row.fail("a stimulus needs a code.")
        other = self.by_code.setdefault(plain_code(code), row)
        if other is not row:
            row.fail(f"the code {code!r} is also in {other.place}.")

    def _add_place(self, root: Path, row: TableRow) -> None:
        file, nth = row.text("recording"), row.whole("nth", 1)
        if file is None or nth is None:
            row.fail("a stimulus needs a recording and its place in the order, nth.")
        name = file_below(root, row, file).relative_to(root).as_posix()
        other = self.by_place.setdefault(name, {}).setdefault(nth, row)
        if other is not row:
            row.fail(f"place {nth} of {name} is also in {other.place}.")


def find_stimuli(root: Path) -> StimuliTable | None:
    """Return the stimulus table of a folder, None if it has none.

    Raises
    ------
    BadDataError
        If it is malformed.
    """
    path = find_table(root, "stimuli")
    return None if path is None else StimuliTable(root, path)


def event_row(mark: Mark, file: str, clip: str, more: Mapping[str, str]) -> TableRow:
    """Return a marker as a row of an events table."""
    values = {**mark.row.values, **more, "recording": file, "onset": repr(mark.onset), "clip": clip}
    return TableRow(mark.row.path, mark.row.number, values, mark.row.noun)


def plain_code(code: str) -> str:
    """Return what spellings of one code share: `7`, `7.0` and `007` are the same; other texts stay."""
    number = plain_number(code)
    return str(int(number)) if number is not None and number.is_integer() else code.strip()


def whole_code(code: str) -> int | None:
    """Return a code as a trigger channel holds it, None for a text."""
    plain = plain_code(code)
    return int(plain) if plain.lstrip("-").isdecimal() else None
