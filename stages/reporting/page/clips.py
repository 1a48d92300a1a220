"""The rows that show clips: all of a subject's, or those of its sample."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

from eeg2vid.schemas.conditions import FULL, SHUFFLED_RUNS
from eeg2vid.stages.reporting.numbers import number
from eeg2vid.stages.reporting.page.sample import Sample
from eeg2vid.stages.reporting.page.views import ClipRow, ClipSection, ClipView, Filmed, Shown, SubjectView


def metrics_of(clips: Sequence[ClipView]) -> list[str]:
    """Return the measures that some of these clips have."""
    return list(dict.fromkeys(name for clip in clips for name in clip.scores))


def slots_of(filmed: Sequence[Filmed]) -> list[tuple[int, str]]:
    """Return number and name of the conditions that vary in some of a page's sections."""
    return list(enumerate(dict.fromkeys(name for one in filmed for name in one.decoded)))


def shown_first(names: Sequence[str]) -> list[str]:
    """Return the conditions shown before anybody chooses: the decoded videos and one control that varies."""
    return [name for name in names if name in (FULL, SHUFFLED_RUNS)] if SHUFFLED_RUNS in names else list(names[:2])


def section_of_all(view: SubjectView, filmed: Filmed, clips: Sequence[ClipView], metrics: Sequence[str]) -> ClipSection:
    """Return all clips of one subject, in the order of presentation."""
    several = len({one.fold for one in view.shown}) > 1  # of a single fold the page's head tells
    heads = _headings(clips, several)
    slots = slots_of([filmed])
    rows = _rows(clips, filmed, slots, metrics, heads, [""] * len(clips))
    return ClipSection(view.label, slots, rows, filmed.constants, len(clips), _scored(view))


def section_of_sample(
    view: SubjectView, filmed: Filmed, sample: Sample, clips: Sequence[ClipView], order: Sequence[tuple[int, str]]
) -> ClipSection:
    """Return the clips of a subject's sample; `order` numbers the conditions of all sections of the page."""
    slots = [(number, name) for number, name in order if name in filmed.decoded]
    rows = _rows(clips, filmed, slots, (), [""] * len(clips), sample.marks)
    scored = _scored(view)
    return ClipSection(view.label, slots, rows, filmed.constants, len(view.shown), scored, sample.rule, view.page)


def _rows(
    clips: Sequence[ClipView],
    filmed: Filmed,
    slots: Sequence[tuple[int, str]],
    metrics: Sequence[str],
    heads: Sequence[str],
    marks: Sequence[str],
) -> Iterator[ClipRow]:
    for row, clip in enumerate(clips):
        values = {name: value for name, value in clip.scores.items() if math.isfinite(value)}
        yield ClipRow(
            clip,
            heads[row],
            marks[row],
            filmed.truth[row],
            [(slot, filmed.decoded[name][row]) for slot, name in slots],
            [(name, number(value)) for name, value in values.items()],
            json.dumps([values.get(name) for name in metrics], separators=(",", ":")),
        )


def _headings(clips: Sequence[ClipView], name_folds: bool) -> list[str]:
    """Return what stands above each clip with which a run begins; empty above the others."""
    runs = [clip.shown.run for clip in clips]
    before = [None, *runs[:-1]]
    return [
        _heading(clip, name_folds) if run != last else "" for clip, run, last in zip(clips, runs, before, strict=True)
    ]


def _heading(clip: ClipView, name_fold: bool) -> str:
    of: Shown = clip.shown
    run = f"run {of.run}" if of.run != of.clip else ""  # where runs are not known, the clip stands for its own
    return " · ".join(part for part in (clip.concept, run, f"fold {of.fold}" * name_fold) if part)


def _scored(view: SubjectView) -> int:
    return max((row.n_events for row in view.scores if row.condition == FULL and row.kind == "video"), default=0)
