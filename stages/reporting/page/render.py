"""The report: an index, and a page for each subject, from score rows and filmed clips."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup

from eeg2vid.schemas.conditions import SHUFFLED_RUNS
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.scores import SAME_FRAMES
from eeg2vid.stages.reporting.glossary import Glossary, about
from eeg2vid.stages.reporting.numbers import level_kind
from eeg2vid.stages.reporting.over_people import over_people
from eeg2vid.stages.reporting.page.addresses import addresses
from eeg2vid.stages.reporting.page.clips import metrics_of, section_of_all, section_of_sample, shown_first, slots_of
from eeg2vid.stages.reporting.page.curves import Training, draw_training
from eeg2vid.stages.reporting.page.facts import facts, folds_of
from eeg2vid.stages.reporting.page.filming import CLIPS, Films
from eeg2vid.stages.reporting.page.people import headline_measures, person_line
from eeg2vid.stages.reporting.page.sample import Sample
from eeg2vid.stages.reporting.page.sprites import MAX_FRAMES
from eeg2vid.stages.reporting.page.sweeps import draw_sweep
from eeg2vid.stages.reporting.page.tables import looks, summaries, tables
from eeg2vid.stages.reporting.page.template import template
from eeg2vid.stages.reporting.page.views import ClipSection, ClipView, Filmed, ReportData, SubjectView
from eeg2vid.stages.reporting.rules import Subject
from eeg2vid.stages.reporting.words import Verdict, verdict

INDEX = "index.html"


@dataclass(frozen=True)
class Pages:
    """The pages of one report.

    Attributes
    ----------
    films, samples
        Where the clips are, and which of each view stand in the index.
    folder
        Where the pages go; the clips are in its folder `CLIPS`.
    """

    data: ReportData
    films: Films
    samples: Sequence[Sample]
    folder: Path

    def write(self) -> None:
        """Write all pages; see `write_each`."""
        for _ in self.write_each():
            pass

    @property
    def count(self) -> int:
        """How many pages there are."""
        return 1 if self.alone else len(self.data.subjects) + 1

    def write_each(self) -> Iterator[None]:
        """Write the index, and a page for each subject where one page cannot hold all; the same data, the same bytes.

        Yields after each page. Of clips that stand in the pages no files are left. One subject's clips are known at a
        time.

        Raises
        ------
        BadDataError
            If there is no subject.
        """
        views = self.data.subjects
        if not views:
            raise BadDataError("There is no subject to report on.", "Score at least one subject first.")
        sampled: list[list[ClipView]] = []
        for place, (view, sample) in enumerate(zip(views, self.samples, strict=True)):
            clips = view.told() if view.films else []
            if self.alone:
                self._write_index([clips])
            else:
                self._write_subject(place, clips)
                yield
                sampled.append([clips[row] for row in sample.rows] if view.films else [])
        if not self.alone:
            self._write_index(sampled)
        if self.inline:
            shutil.rmtree(self.folder / CLIPS, ignore_errors=True)
        yield

    @property
    def alone(self) -> bool:
        """Whether the index is the only page: one view, without clips or with no more than a page holds."""
        return len(self.data.subjects) == 1 and (self.films.whole or self.films.geometry is None)

    @property
    def inline(self) -> bool:
        """Whether the clips stand in the pages."""
        return self.films.weight <= self.data.inline

    @cached_property
    def _glossary(self) -> Glossary:
        return Glossary.of(self.data.definitions)

    @cached_property
    def _tables(self) -> list[dict[str, Any]]:
        return tables(self.data.subjects, self._glossary)

    @cached_property
    def _verdicts(self) -> list[Verdict]:
        """The verdict of each view alone."""
        return [self._verdict([view]) for view in self.data.subjects]

    def _verdict(self, views: Sequence[SubjectView]) -> Verdict:
        """Judge one system; several are never pooled, and none is picked."""
        rows = [Subject(view.subject, view.scores, view.contrasts, view.person) for view in views]
        imported = all(view.imported for view in views)
        return verdict(rows, self.data.definitions, self.data.stamps, imported=imported, terms=self.data.terms)

    def _write_subject(self, place: int, clips: list[ClipView]) -> None:
        """Write the page of one view."""
        view = self.data.subjects[place]
        filmed = self.films.every.get(view.label, Filmed())
        metrics = metrics_of(clips)
        sections = [section_of_all(view, filmed, clips, metrics)] if view.films else []
        self._write(
            view.page,
            "subject.html",
            view=view,
            index=INDEX,
            verdict=self._verdicts[place],
            entry=self._tables[place],
            before=self.data.subjects[place - 1] if place else None,
            after=next(iter(self.data.subjects[place + 1 :]), None),
            **self._clips(sections, [filmed], metrics),
            **self._scores([view]),
        )

    def _write_index(self, clips: Sequence[list[ClipView]]) -> None:
        """Write the index: of the clips a sample, or all if it is the only page."""
        data, glossary, views = self.data, self._glossary, self.data.subjects
        systems: dict[str, list[SubjectView]] = {}
        for view in views:
            systems.setdefault(view.system, []).append(view)
        where = self.films.every if self.alone else self.films.samples
        shown = [(view, sample, some) for view, sample, some in zip(views, self.samples, clips, strict=True) if some]
        filmed = [where[view.label] for view, _, _ in shown]
        metrics = metrics_of([clip for some in clips for clip in some]) if self.alone else []
        slots = slots_of(filmed)
        sections = [
            section_of_all(view, one, some, metrics)
            if self.alone
            else section_of_sample(view, one, sample, some, slots)
            for (view, sample, some), one in zip(shown, filmed, strict=True)
        ]
        measures = headline_measures([row for view in views for row in view.scores], glossary)
        names = [row.measure for row in measures]
        judged = [] if self.alone else zip(views, self._verdicts, strict=True)
        joint = {system: over_people([view.person for view in some], glossary) for system, some in systems.items()}
        self._write(
            INDEX,
            "index.html",
            verdicts=[(system, self._verdict(some)) for system, some in systems.items()],
            people=[person_line(view, names, one.tone, one.headline) for view, one in judged],
            measures=[glossary.title(row) for row in measures],
            tables=self._tables,
            summaries=[
                (title, system, len(some), lines)
                for system, some in systems.items()
                if len(some) > 1
                for title, lines in summaries(some, glossary, joint[system])
            ],
            looks=[(system, lines) for system, some in systems.items() if (lines := looks(some, glossary))],
            lenient=sorted(
                {glossary.name(row) for view in views for row in view.scores if glossary.definition(row).lenient}
            ),
            one_fold=len(folds_of(views)) == 1,
            trainings=_trainings(data.trainings),
            sweeps=[(one, [(s.name, draw_sweep(s, one.setting)) for s in one.series]) for one in data.sweeps],
            **self._clips(sections, filmed, metrics),
            **self._scores(views),
        )

    def _clips(
        self, sections: Sequence[ClipSection], filmed: Sequence[Filmed], metrics: Sequence[str]
    ) -> Mapping[str, Any]:
        """Return what a template needs to show clips."""
        frames = self.films.shape[0] if self.films.shape else 0
        slots = slots_of(filmed)
        return {
            "sections": sections,
            "slots": slots,
            "shown_first": shown_first([name for _, name in slots]),
            "metrics": metrics,
            "addresses": addresses(filmed, self.films.sheets, self.folder / CLIPS, inline=self.inline),
            "geometry": self.films.geometry,
            "seconds": round(frames / self.data.fps, 4) if frames else 0,
            "thinned": frames > MAX_FRAMES,
            "inline": self.inline,
            "weight": self.films.weight,
        }

    def _scores(self, views: Sequence[SubjectView]) -> Mapping[str, Any]:
        """Return what a template needs to explain scores."""
        scores = [row for view in views for row in view.scores]
        contrasts = [row for view in views for row in view.contrasts]
        found = [*(row.condition for row in scores), *(name for view in views for name in view.conditions)]
        conditions = list(dict.fromkeys(found))
        frames = self.films.shape[0] if self.films.shape and any(view.films for view in views) else 0
        return {
            "data": self.data,
            "facts": facts(views, frames, self.data.fps),
            "copied": [row.sentence for row in self.data.terms if row.term == SAME_FRAMES],
            "conditions": [(name, about(name, self.data.terms)) for name in conditions],
            "chance_kinds": {(row.kind, level_kind(row)) for row in scores},
            "kinds": {row.kind for row in scores},
            "contrasted": bool(contrasts),
            "shuffled": SHUFFLED_RUNS if SHUFFLED_RUNS in conditions else "",
            "without_interval": None in [*(row.low for row in scores), *(row.low for row in contrasts)],
        }

    def _write(self, name: str, source: str, **given: Any) -> None:
        """Write a page piece by piece."""
        template(source).stream(given).dump(str(self.folder / name), encoding="utf-8")


def _trainings(trainings: Sequence[Training]) -> list[tuple[str, list[tuple[str, Markup]]]]:
    """Return the drawings of each subject's trainings, with their titles."""
    subjects: dict[str, list[tuple[str, Markup]]] = {}
    for one in trainings:
        subjects.setdefault(one.subject, []).append((one.title, draw_training(one)))
    return list(subjects.items())
