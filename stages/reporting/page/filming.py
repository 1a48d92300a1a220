"""Every clip of every subject is read once and put on a sheet; a few of each, by a rule, once more for the index."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.reporting.page.sample import Sample
from eeg2vid.stages.reporting.page.sheets import Sheet, Sheets
from eeg2vid.stages.reporting.page.sprites import Geometry, geometry_of
from eeg2vid.stages.reporting.page.views import TRUE, Filmed, Frames, Shown, Slot, SubjectView, file_name

CLIPS = "clips"
"""The folder of the sheets, beside the pages."""


@dataclass
class Films:
    """The clips of a report, on sheets.

    Attributes
    ----------
    geometry, shape
        How they are shown, and the shape of a clip as it is read; None and empty: no videos were decoded.
    sheets
        Their files.
    weight
        Bytes of all files.
    every, samples
        Of each view in order: where all its clips are, and those of its sample. Views without videos have neither.
    whole
        There is one view and its clips may stand in the index, so no sample was made.
    """

    geometry: Geometry | None = None
    shape: tuple[int, ...] = ()
    sheets: list[Sheet] = field(default_factory=list)
    weight: int = 0
    every: dict[str, Filmed] = field(default_factory=dict)
    samples: dict[str, Filmed] = field(default_factory=dict)
    whole: bool = False

    @classmethod
    def of(cls, views: Sequence[SubjectView]) -> Films:
        """Return films of the form that all views share, nothing filmed yet.

        Raises
        ------
        BadDataError
            If they are no videos that can be shown (see `geometry_of`).
        """
        first = next((view.films[TRUE] for view in views if view.films), None)
        return cls() if first is None else cls(geometry_of(first.shape), tuple(first.shape[1:]))


def clips_to_read(views: Sequence[SubjectView]) -> int:
    """Return how many clips are read, but for those of the samples."""
    truths = {shown.clip for view in views for shown in view.shown if view.films}
    return len(truths) + sum(len(view.shown) * len(view.conditions) for view in views)


def film(
    films: Films,
    views: Sequence[SubjectView],
    samples: Sequence[Sample],
    folder: Path,
    *,
    quality: int,
    threads: int,
    inline: int,
) -> Generator[None, None, None]:
    """Put the clips of all views on sheets in `folder`, and note in `films` where they are; yields after each clip.

    True clips are written once, whoever saw them. One view whose sheets weigh at most `inline` bytes gets no sample.

    Raises
    ------
    BadDataError
        If videos do not fit the clips.
    """
    if films.geometry is None:
        return
    with Sheets(folder, films.geometry, quality, threads) as sheets:
        true: dict[str, Slot] = {}
        shown = [(view, sample) for view, sample in zip(views, samples, strict=True) if view.films]
        for view, _ in shown:
            yield from _film_truth(sheets, view, true, films.shape)
            decoded: dict[str, list[Slot]] = {}
            for name in view.conditions:
                frames = _opened(view, name, films.shape)
                clips = (frames[row] for row in range(len(view.shown)))
                yield from sheets.film(f"{view.file}/{file_name(name)}", clips, decoded.setdefault(name, []))
            films.every[view.label] = _filmed(view, [true[one.clip] for one in view.shown], decoded)
        films.whole = len(views) == 1 and sheets.weight <= inline
        for view, sample in [] if films.whole else shown:
            films.samples[view.label] = _film_sample(sheets, view, sample, films.every[view.label])
        films.weight, films.sheets = sheets.weight, sheets.files


def _opened(view: SubjectView, name: str, shape: Sequence[int]) -> Frames:
    """Open the videos of a condition, or the true ones.

    Raises
    ------
    BadDataError
        If there is not one video of the report's size for each of the subject's clips.
    """
    frames = view.films[name]
    expected = (len(view.shown), *shape)
    if tuple(frames.shape) != expected:
        raise BadDataError(
            f"Subject {view.subject}: the {repr(name) if name else 'true'} videos have the shape "
            f"{tuple(frames.shape)}, expected {expected}, one for each test clip."
        )
    return frames


def _film_truth(sheets: Sheets, view: SubjectView, true: dict[str, Slot], shape: Sequence[int]) -> Iterator[None]:
    """Film the true clips that nobody saw before."""
    frames = _opened(view, TRUE, shape)
    new = {one.clip: row for row, one in reversed(list(enumerate(view.shown))) if one.clip not in true}
    rows, slots = sorted(new.values()), list[Slot]()
    yield from sheets.film("true", (frames[row] for row in rows), slots)
    true.update((view.shown[row].clip, slot) for row, slot in zip(rows, slots, strict=True))


def _film_sample(sheets: Sheets, view: SubjectView, sample: Sample, every: Filmed) -> Filmed:
    """Film a few clips of one view again, on sheets of their own: the index then need not hold those of all clips."""
    varying = (TRUE, *every.decoded)
    wanted = [(name, row) for name in varying for row in sample.rows]
    wanted += [(name, _first_of(view.shown, fold)) for name, fold, _ in every.constants]
    opened = {name: view.films[name] for name, _ in wanted}
    slots: list[Slot] = []
    for _ in sheets.film(f"sample/{view.file}", (opened[name][row] for name, row in wanted), slots):
        pass
    of_each = {name: slots[k * len(sample.rows) : (k + 1) * len(sample.rows)] for k, name in enumerate(varying)}
    constants = slots[len(varying) * len(sample.rows) :]
    told = [(name, fold, slot) for (name, fold, _), slot in zip(every.constants, constants, strict=True)]
    return Filmed(of_each.pop(TRUE), of_each, told)


def _first_of(shown: Sequence[Shown], fold: str) -> int:
    return next(row for row, one in enumerate(shown) if fold in ("", one.fold))


def _filmed(view: SubjectView, truth: list[Slot], decoded: dict[str, list[Slot]]) -> Filmed:
    """Tell the conditions that show the same to all clips of a fold from those that vary."""
    folds = [one.fold for one in view.shown]
    varying: dict[str, list[Slot]] = {}
    constants: list[tuple[str, str, Slot]] = []
    for name, slots in decoded.items():
        of_folds = dict(zip(reversed(folds), reversed(slots), strict=True))
        if name == FULL or not is_constant(slots, folds):
            varying[name] = slots
        elif len(set(slots)) == 1:
            constants.append((name, "", slots[0]))
        else:
            constants += [(name, fold, of_folds[fold]) for fold in dict.fromkeys(folds)]
    return Filmed(truth, varying, constants)


def is_constant(slots: Sequence[Slot], folds: Iterable[str]) -> bool:
    """Return whether all clips of every fold are one and the same, and some fold has several."""
    pairs = list(zip(folds, slots, strict=True))
    return len(pairs) > len(dict(pairs)) == len(set(pairs))
