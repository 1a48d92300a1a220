"""Schemes that hold groups out: of concepts, of sessions, of clips by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.schemas.entities import Clip, Fold
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.splits import Part, SplitSettings
from eeg2vid.schemas.words import counted, plural
from eeg2vid.stages.datasets.splits.concepts import coarse_groups, concept_names, deal, find_concepts
from eeg2vid.stages.datasets.splits.division import Division, shown_in
from eeg2vid.stages.datasets.splits.shown import Shown, blocks_in_order, sessions_in_order
from eeg2vid.stages.datasets.splits.words import fold_name, listed, require_known, without_validation

DEFAULT_GROUPS = 5


def leave_session_out(shown: Shown, clips: Sequence[Clip], settings: SplitSettings) -> Division:
    """Make one fold per session, or one for the sessions named: they test, the others train.

    Where sessions show the same clips this leaks clips, and is refused later.

    Raises
    ------
    UsageError
        If there are too few sessions, or one is unknown.
    """
    sessions = sessions_in_order(shown)
    needed = 3 if settings.validation == "previous-group" else 2
    if len(sessions) < needed:
        raise UsageError(
            f"Leave-session-out needs {counted(needed, 'session')}; subject {shown.subject[0]} has {len(sessions)}.",
            "Choose subjects with more sessions, or divide by block: `scheme` leave-one-block-out",
        )
    groups = [[session] for session in sessions]
    if settings.held_out:
        groups = [require_known("session", settings.held_out, sessions, f"of subject {shown.subject[0]}")]
    units = [
        (listed("session", g), fold_name("session", g, k), shown_in(shown.session, g)) for k, g in enumerate(groups, 1)
    ]
    rest = [session for session in sessions if session not in groups[0]]
    before = (f"session {rest[-1]}", shown.session == rest[-1]) if rest else None
    return _by_group(shown, clips, settings, units, "session", before)


def leave_concepts_out(shown: Shown, clips: Sequence[Clip], settings: SplitSettings) -> Division:
    """Make one fold per group of concepts, or one for those named: never trained on, they are tested.

    Groups are dealt by chance; their sizes, and the share of each coarse group in them, differ by one at
    most. They follow from the clip index, so that they are the same for every subject.

    Raises
    ------
    UsageError
        If there are too few concepts, or one is unknown.
    """
    names = concept_names(clips)
    if not names:
        raise UsageError(
            "Leave-concepts-out: the clip index knows no concepts.",
            "Give the clips a column `concept` and ingest again, or: `scheme` leave-one-block-out",
        )
    if settings.held_out:
        groups = [find_concepts(settings.held_out, names)]
    else:
        count = group_count(settings, len(names), "concepts", DEFAULT_GROUPS)
        coarse = coarse_groups(clips)
        groups = deal(list(names), [coarse[number] for number in names], count, settings.seed)
    units = [
        (
            listed("concept", [names[number] for number in group]),
            fold_name("concept", [str(number) for number in group], k),
            np.isin(shown.concept, group),
        )
        for k, group in enumerate(groups, 1)
    ]
    unlabelled = shown.concept == 0
    rest = [number for number in names if number not in groups[0]]
    before = (f"concept {names[rest[-1]]}", shown.concept == rest[-1]) if rest else None
    division = _by_group(shown, clips, settings, units, "concept", before)
    division.assignment[:, unlabelled] = Part.UNUSED
    if unlabelled.any():
        number = int(unlabelled.sum())
        show = f"{counted(number, 'event')} {plural(number, 'shows', 'show')}"
        division.remarks.append(f"{show} clips without a concept: not used.")
    return Division(division.folds, division.assignment, drawn=not settings.held_out, remarks=division.remarks)


def random_clips(shown: Shown, clips: Sequence[Clip], settings: SplitSettings) -> Division:
    """Deal the clips into groups by chance: what careless code does, to show what it gains by it.

    Raises
    ------
    UsageError
        If there are fewer clips than groups.
    """
    names = [clip.clip for clip in clips]
    needed = 2 if settings.validation == "none" else 3
    count = settings.groups or DEFAULT_GROUPS
    if not needed <= count <= len(names):
        raise UsageError(
            f"random-clips makes {counted(needed, 'group')} or more, one clip or more in each; found "
            f"{counted(count, 'group')}"
            f" and {counted(len(names), 'clip')}.",
            "Give another number: `scheme` random-clips, `allow_leak` runs `groups` N",
        )
    groups = deal(names, [""] * len(names), count, settings.seed)
    masks = [shown_in(shown.clip, group) for group in groups]
    assignment = np.full((count, len(shown)), Part.TRAIN, dtype=np.int8)
    folds = []
    for k, mask in enumerate(masks):
        before = (k - 1) % count
        validation = ""
        if settings.validation != "none":
            assignment[k, masks[before]] = Part.VALIDATION
            validation = f"random clips, group {before + 1}"
        assignment[k, mask] = Part.TEST
        folds.append(Fold(fold=f"random-{k + 1}", test=f"random clips, group {k + 1}", validation=validation))
    return Division(folds, assignment, drawn=True)


def group_count(settings: SplitSettings, available: int, noun: str, default: int) -> int:
    """Return into how many groups to divide.

    Raises
    ------
    UsageError
        If there are fewer units than groups, or too few groups to train, to validate and to test.
    """
    count = settings.groups or default
    if settings.group_size is not None:
        count = -(-available // settings.group_size)
    elif settings.groups is None:
        count = min(count, available)
    needed = 3 if settings.validation == "previous-group" else 2
    if not needed <= count <= available:
        raise UsageError(
            f"{available} {noun} make {count} group{'s' if count != 1 else ''};"
            f" expected at least {needed}, none of them empty.",
            "Give another number (`groups` N, `group_size` N), or validate on less: `validation` none.",
        )
    return count


def _by_group(
    shown: Shown,
    clips: Sequence[Clip],
    settings: SplitSettings,
    units: Sequence[tuple[str, str, np.ndarray]],
    noun: str,
    before: tuple[str, np.ndarray] | None,
) -> Division:
    """Make one fold per group `(what it is, fold's name, mask)`; `before` validates where there is one group only."""
    if before is None:
        raise UsageError(f"Every {noun} is held out: none is left to train on.", "Name fewer with `held_out`.")
    blocks = blocks_in_order(shown, clips)
    if settings.validation == "previous-block" and len(blocks) < 2:
        raise UsageError(
            f"No block can be kept to validate on: subject {shown.subject[0]} has {len(blocks)}.",
            without_validation("Validate on a group (`validation` previous-group), or"),
        )
    assignment = np.full((len(units), len(shown)), Part.TRAIN, dtype=np.int8)
    folds = []
    for k, (test, name, mask) in enumerate(units):
        validation = ""
        if settings.validation == "previous-block":
            validation = f"block {blocks[-1]} of the others"
            assignment[k, shown.block == blocks[-1]] = Part.VALIDATION
        elif settings.validation == "previous-group":
            validation, held = (units[k - 1][0], units[k - 1][2]) if len(units) > 1 else before
            assignment[k, held] = Part.VALIDATION
        assignment[k, mask] = Part.TEST
        folds.append(Fold(fold=name, test=test, validation=validation))
    return Division(folds, assignment)
