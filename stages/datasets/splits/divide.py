"""From settings to folds: concepts chosen, events divided, leaks found, empty parts refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2vid.schemas.entities import Clip, Event, Fold
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.splits import Part, SplitAttributes, SplitSettings
from eeg2vid.stages.datasets.splits import blocks, groups
from eeg2vid.stages.datasets.splits.concepts import choose_concepts
from eeg2vid.stages.datasets.splits.division import Division
from eeg2vid.stages.datasets.splits.leaks import Leak, eeg_place, film_names, find_leak, refuse
from eeg2vid.stages.datasets.splits.shown import Shown, shown_events, shown_to_others
from eeg2vid.stages.datasets.splits.subjects import leave_subjects_out
from eeg2vid.stages.datasets.splits.table import by_table, names_subjects
from eeg2vid.stages.datasets.splits.words import without_validation

_OWN_SCHEMES: dict[str, Callable[[Shown, Sequence[Clip], SplitSettings], Division]] = {
    "leave-one-block-out": blocks.leave_one_block_out,
    "fixed": blocks.fixed,
    "leave-session-out": groups.leave_session_out,
    "leave-concepts-out": groups.leave_concepts_out,
    "random-clips": groups.random_clips,
}
_HINTS = {
    "leave-one-block-out": "Give each clip to one block only, or state the folds yourself: `scheme` table",
    "leave-session-out": "The sessions show the same clips. Hold a block out of all sessions (`scheme` "
    "leave-one-block-out), or force it, and have it stamped: `allow_leak` clips",
    "random-clips": "This is what random splits do. To show what it gains, stamped: "
    "`scheme` random-clips, `allow_leak` runs",
    "table": "Change the table, or force it, and have it stamped",
}


@dataclass(frozen=True)
class Split:
    """One subject's folds.

    Attributes
    ----------
    folds
        One row per fold.
    assignment
        int8 ``(fold, event)`` with values of `Part`.
    attributes
        How they were made.
    remarks
        What to tell the user.
    """

    folds: list[Fold]
    assignment: np.ndarray
    attributes: SplitAttributes
    remarks: list[str]


def divide(
    events: Sequence[Event],
    clips: Sequence[Clip],
    subjects: Sequence[str],
    settings: SplitSettings,
    table: Path | None = None,
) -> Split:
    """Divide one subject's events.

    Parameters
    ----------
    events
        All of the subject's events, in any order.
    clips, subjects
        The study's clip index and its subjects: what does not depend on the subject follows from them.
    settings
        Of `split`.
    table
        The file that `settings.table` names.

    Raises
    ------
    UsageError
        If the data cannot be divided so: too few blocks, people, concepts; an empty part.
    BadDataError
        If a leak is not allowed, the table is malformed, or a clip is not in the index.
    """
    own = shown_events(events, clips)
    ids, remarks = choose_concepts(settings.concepts, clips, settings.seed) if settings.concepts else ([], [])
    chosen = np.isin(own.concept, ids) if ids else np.ones(len(own), dtype=bool)
    used_clips = [clip for clip in clips if not ids or clip.concept in ids]
    if not chosen.any():
        raise UsageError(f"Subject {events[0].subject} saw none of the concepts chosen.", "Choose others: `concepts`.")
    used = own.take(chosen)
    division, study = _division(used, used_clips, clips, subjects, settings, table)
    assignment = division.assignment[:, : len(used)]
    leaks = _leaks(division, study, assignment, used, clips)
    hint = division.hint or _HINTS.get(settings.scheme, _HINTS["leave-one-block-out"])
    refuse(leaks, settings.allow_leak, hint)
    if settings.scheme == "random-clips" and "runs" not in settings.allow_leak:
        raise BadDataError(
            "random-clips puts clips into parts without a look at runs: what was shown within seconds of a test clip "
            "may be trained on.",
            _HINTS["random-clips"],
        )
    _refuse_empty(division, assignment, str(used.subject[0]), settings.scheme)
    occurring = tuple(leak.kind for leak in leaks)
    spared = [kind for kind in settings.allow_leak if kind not in occurring]
    remarks += division.remarks
    remarks += [f"`allow_leak` {kind}: no such leak occurs; nothing is stamped." for kind in dict.fromkeys(spared)]
    whole = np.zeros((len(division.folds), len(own)), dtype=np.int8)
    whole[:, chosen] = assignment
    drawn = division.drawn or any(
        text.strip().startswith("random-") for part in settings.concepts for text in part.split(",")
    )
    attributes = SplitAttributes(
        scheme=settings.scheme, concepts=tuple(ids), seed=settings.seed if drawn else None, leaks=occurring
    )
    return Split(division.folds, whole, attributes, remarks)


def _division(
    used: Shown,
    used_clips: Sequence[Clip],
    clips: Sequence[Clip],
    subjects: Sequence[str],
    settings: SplitSettings,
    table: Path | None,
) -> tuple[Division, Shown]:
    """Return the division and what it divides: where subjects are divided, what others saw as well."""
    subject = str(used.subject[0])
    if settings.scheme == "leave-subjects-out":
        study = used.joined(shown_to_others(subject, subjects, used_clips))
        return leave_subjects_out(study, used_clips, settings, subjects), study
    if settings.scheme == "table":
        assert table is not None  # the stage gives it
        study = used.joined(shown_to_others(subject, subjects, used_clips)) if names_subjects(table) else used
        return by_table(table, study, clips, subjects, len(used)), study
    return _OWN_SCHEMES[settings.scheme](used, used_clips, settings), used


def _leaks(division: Division, study: Shown, assignment: np.ndarray, own: Shown, clips: Sequence[Clip]) -> list[Leak]:
    """Return the leaks: of runs and EEG among the subject's own events, of clips and films among all that is shown."""
    folds, whole = division.folds, division.assignment
    films, called = film_names(study.clip.tolist(), clips)
    places = np.array([eeg_place(*place) for place in zip(own.recording.tolist(), own.onset_s.tolist(), strict=True)])
    found = (
        find_leak("runs", own.runs(), assignment, folds),
        find_leak("clips", study.clip, whole, folds),
        find_leak("films", films, whole, folds, called),
        find_leak("recordings", own.eeg, assignment, folds, places),
    )
    return [leak for leak in found if leak]


def _refuse_empty(division: Division, assignment: np.ndarray, subject: str, scheme: str) -> None:
    """Refuse folds that lack a part; where people are divided, only a subject that no fold uses at all."""
    if division.partial:
        used = (assignment != Part.UNUSED).any(axis=1)
        if not (used.all() if scheme == "leave-subjects-out" else used.any()):
            where = f"fold '{division.folds[int(np.argmin(used))].fold}'" if used.any() else "any fold"
            raise UsageError(
                f"Subject {subject} has no event in any part of {where}: none of what this subject saw is asked for.",
                "Choose other subjects, or divide otherwise: see the schemes of the split stage.",
            )
        return
    for fold, parts in zip(division.folds, assignment, strict=True):
        for part in (Part.TEST, Part.TRAIN, *([Part.VALIDATION] if fold.validation else [])):
            if not (parts == part).any():
                held = f" (test: {fold.test}; validation: {fold.validation or 'none'})"
                hint = "Divide otherwise: see the schemes of the split stage."
                raise UsageError(
                    f"Fold '{fold.fold}' of subject {subject}{held} leaves no event for {part.name.lower()}.",
                    without_validation("Hold other things out, or") if part == Part.VALIDATION else hint,
                )
