"""The clips of a folder: from `clips.tsv`, or simply the files in `clips/` (`stimuli/` in BIDS)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eeg2vid.schemas.entities import Caption, Check, Clip
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.datasets.tables import TableRow, find_table, read_table, to_label
from eeg2vid.stages.datasets.twins import film_twins
from eeg2vid.stages.stimuli.film_digest import same_films
from eeg2vid.stages.stimuli.video import MAX_CLIP_S, VideoInfo, probe

ENDINGS = (".mp4", ".mkv", ".avi", ".mov", ".gif", ".webm")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_BRIEF_S = 0.25  # s; one picture that its file shows for longer is a film of a held picture
_STILL = f"is a still picture, and these are not supported yet; expected a film ({', '.join(ENDINGS)})."
LABELS = ("concept", "concept_name", "group", "color", "face", "human", "number", "optical_flow", "caption")
COLUMNS = ("clip", "file", "start", "duration", *LABELS)


def labels_of(row: TableRow) -> dict[str, Any]:
    """Return the label columns of a row of either table; absent values are left out."""
    values = {
        "concept": row.whole("concept", 1),
        "concept_name": row.text("concept_name"),
        "group": row.text("group"),
        "color": row.whole("color", 0, 6),
        "face": row.whole("face", 0, 1),
        "human": row.whole("human", 0, 1),
        "number": row.whole("number", 1, 3),
        "optical_flow": row.number_of("optical_flow", 0),
        "caption": row.text("caption"),
    }
    return {name: value for name, value in values.items() if value is not None}


class ClipTable:
    """Clips, their files and their labels, before any film is opened.

    Parameters
    ----------
    root
        The data folder.
    folder
        Where the clips are if there is no table.

    Raises
    ------
    BadDataError
        If the table is malformed, a clip's file is missing, or two files are one clip.
    """

    def __init__(self, root: Path, folder: str = "clips") -> None:
        self.root = root
        self.folder = root / folder
        self.table_file = find_table(root, "clips")
        self.strangers: tuple[str, ...] = ()
        self.unused: tuple[str, ...] = ()
        self.labels: dict[str, dict[str, Any]] = {}
        self._infos: dict[Path, VideoInfo] = {}
        self._by_file: dict[Path, list[str]] = {}
        self._rows: dict[str, TableRow] = {}
        self.files: dict[str, Path] = self._from_table() if self.table_file else self._from_folder()

    def join(self, rows: Iterable[TableRow]) -> None:
        """Keep the clips that some rows show, and merge those rows' label columns with the clip table's.

        Raises
        ------
        BadDataError
            If a row names an unknown clip, or two rows of one clip disagree in a label.
        """
        rows = list(rows)
        shown = self._shown(rows)
        self.unused = tuple(clip for clip in self.files if clip not in shown)
        self.files = {clip: path for clip, path in self.files.items() if clip in shown}
        self.labels = self._merged_labels(rows)

    def of_file(self, path: Path) -> str | None:
        """Return the clip that a file is, None if it is none or holds several."""
        if not self._by_file:
            for clip, file in self.files.items():
                self._by_file.setdefault(file, []).append(clip)
        found = self._by_file.get(path, [])
        return found[0] if len(found) == 1 else None

    def times(self, clip: str) -> tuple[float, float]:
        """Return start and duration of a clip, s: from the table, else from its file, at most 2 s.

        Raises
        ------
        BadDataError
            If the file cannot be read or is a still picture, or the clip reaches more than one frame beyond its end.
        """
        path, row = self.files[clip], self._rows.get(clip)
        if path not in self._infos:
            self._infos[path] = probe(path)
        info = self._infos[path]
        if info.frames == 1 and info.duration_s < _BRIEF_S:
            raise BadDataError(
                f"{f'{row.path}, row {row.number}' if row else path}: clip {clip}: {path.name} {_STILL}",
                f"A film of it: ffmpeg -stream_loop -1 -i {path.name} -t 2 -pix_fmt yuv420p {path.stem}-film.mp4",
            )
        start = (row.number_of("start", 0) if row else None) or 0.0
        duration = row.number_of("duration", 0) if row else None
        if duration is None:
            duration = min(MAX_CLIP_S, info.duration_s - start)
        if duration <= 0 or start + duration > info.duration_s + 1 / info.fps:
            where = f"{row.path}, row {row.number}" if row else f"{path}"
            raise BadDataError(
                f"{where}: clip {clip} from {start:g} s to {start + duration:g} s does not lie within {path.name}, "
                f"which ends at {info.duration_s:.3f} s."
            )
        return start, duration

    def rows(self) -> tuple[list[Clip], list[Caption], list[Check]]:
        """Open every file and return clip index, captions and checks."""
        clips, captions = [], []
        spans = {clip: (path, *self.times(clip)) for clip, path in self.files.items()}
        films = same_films(spans)
        for clip, (path, start, duration) in spans.items():
            labels = dict(self.labels[clip])
            caption = labels.pop("caption", None)
            place = {"file": path.relative_to(self.root).as_posix(), "start_s": start, "duration_s": duration}
            clips.append(Clip(clip=clip, **place, **labels, film_sha=films.get(clip)))
            if caption is not None:
                captions.append(Caption(clip=clip, caption=caption))
        found = f"{len(clips)} shown" + (f", {len(self.unused)} never shown and left out" if self.unused else "")
        checks = [Check(item="clips", found=found, expected="every clip shown", verdict="ok")]
        if self.strangers:
            names = ", ".join(self.strangers)
            checks.append(Check(item="columns left out, clips", found=names, expected="none", verdict="warning"))
        checks += film_twins(films)
        return clips, captions, checks

    def _from_table(self) -> dict[str, Path]:
        assert self.table_file is not None
        table = read_table(self.table_file, required=("clip", "file"), known=COLUMNS)
        self.strangers = tuple(name for name in table.columns if name not in COLUMNS)
        files: dict[str, Path] = {}
        for row in table.rows:
            clip, file = row.label("clip"), row.text("file")
            if clip is None or file is None:
                row.fail("a clip needs an id and a file.")
            if clip in files:
                row.fail(f"clip {clip!r} is also in row {self._rows[clip].number}; one row per clip.")
            refuse_picture(row, file)
            files[clip], self._rows[clip] = file_below(self.root, row, file), row
        return files

    def _from_folder(self) -> dict[str, Path]:
        if not self.folder.is_dir():
            raise BadDataError(f"{self.root}: expected the folder {self.folder.name}/, clips.tsv or clips.csv.")
        # a folder called clips is flat; BIDS may sort its stimuli
        found = self.folder.iterdir() if self.folder.name == "clips" else self.folder.rglob("*")
        files: dict[str, Path] = {}
        for path in sorted(p for p in found if p.suffix.casefold() in ENDINGS and not is_foreign(p.name)):
            clip = path.stem if self.folder.name == "clips" else to_label(path.stem)
            if clip in files:
                raise BadDataError(f"{self.folder}: {files[clip].name} and {path.name} are both clip {clip}.")
            files[clip] = path
        return files

    def _shown(self, rows: Iterable[TableRow]) -> set[str]:
        shown = set()
        for row in rows:
            clip = row.label("clip")
            if clip is None:
                row.fail("an event needs a clip.")
            if clip not in self.files:
                near = difflib.get_close_matches(clip, self.files, n=1)
                where = self.table_file or self.folder
                beside = {path.name for path in self.folder.glob("*") if is_picture(path.name)}
                refuse_picture(row, next((name for name in beside if clip in (name, Path(name).stem)), clip))
                row.fail(f"clip {clip!r} is not in {where}.", f"Was {near[0]!r} meant?" if near else None)
            shown.add(clip)
        return shown

    def _merged_labels(self, rows: Iterable[TableRow]) -> dict[str, dict[str, Any]]:
        """Join both tables' label columns; number the names where only names are given."""
        merged = {clip: labels_of(self._rows[clip]) if clip in self._rows else {} for clip in self.files}
        for row in rows:
            known = merged[row.values["clip"]]
            for name, value in labels_of(row).items():
                if known.setdefault(name, value) != value:
                    row.fail(
                        f"{name} {value!r} contradicts {known[name]!r}, given elsewhere for clip "
                        f"{row.values['clip']!r}."
                    )
        _number_concepts(merged)
        return merged


def is_picture(file: str) -> bool:
    """Return whether a file is a still picture, by its ending."""
    return Path(file).suffix.casefold() in PICTURES


def refuse_picture(row: TableRow, file: str) -> None:
    """Say that a file that a row shows is a still picture: one has no length, and nothing in it moves.

    Raises
    ------
    BadDataError
        If it is one.
    """
    if is_picture(file):
        row.fail(
            f"{file} {_STILL}",
            f"A film of it: ffmpeg -loop 1 -t 2 -i {Path(file).name} -pix_fmt yuv420p {Path(file).stem}.mp4",
        )


def file_below(root: Path, row: TableRow, file: str) -> Path:
    """Return the existing file that a row names relative to the data folder."""
    path = root / file
    if Path(file).is_absolute() or ".." in Path(file).parts:
        row.fail(f"{file} is not inside {root}.", "Name files relative to the data folder; links are followed.")
    if not path.exists():
        row.fail(f"the file {path} is missing.")
    return path


def _number_concepts(labels: Mapping[str, dict[str, Any]]) -> None:
    """Give concepts that have only a name the numbers 1, 2, ... in order of the names."""
    named = [entry for entry in labels.values() if "concept_name" in entry]
    if all("concept" not in entry for entry in labels.values()):
        numbers = {name: i for i, name in enumerate(sorted({e["concept_name"] for e in named}), start=1)}
        for entry in named:
            entry["concept"] = numbers[entry["concept_name"]]
    names: dict[int, str] = {}
    for clip, entry in labels.items():
        if "concept" in entry and "concept_name" in entry:
            concept, name = entry["concept"], entry["concept_name"]
            if names.setdefault(concept, name) != name:
                raise BadDataError(
                    f"Clip {clip!r}: concept {concept} is called {name!r} here and {names[concept]!r} elsewhere."
                )
