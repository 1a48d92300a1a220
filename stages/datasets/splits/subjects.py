"""Leave-subjects-out: who is held out, and which clips the others may train on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2vid.schemas.entities import Clip, Fold
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.splits import Part, SplitSettings
from eeg2vid.schemas.words import counted
from eeg2vid.stages.datasets.source import natural_order
from eeg2vid.stages.datasets.splits.blocks import choose_blocks
from eeg2vid.stages.datasets.splits.concepts import deal
from eeg2vid.stages.datasets.splits.division import Division, shown_in
from eeg2vid.stages.datasets.splits.groups import DEFAULT_GROUPS, group_count
from eeg2vid.stages.datasets.splits.shown import Shown
from eeg2vid.stages.datasets.splits.words import fold_name, listed, require_known

_DEALT = (
    "The clip index knows no blocks, and groups of clips cut through runs. Validate on other people, or not at all: "
    "`scheme` leave-subjects-out, `validation` previous-group (or none)."
)
_SHARED = (
    "All people saw the same films. Test held-out people on blocks that no one trains on (`cross_clips` disjoint, the "
    "default), or force it, and have it stamped: `allow_leak` clips."
)


def leave_subjects_out(
    shown: Shown, clips: Sequence[Clip], settings: SplitSettings, subjects: Sequence[str]
) -> Division:
    """Make one fold per group of subjects, or one for those named: they are tested, the others train.

    Everybody watches the same films, so a decoder of someone else's EEG has learned the very clips that the
    held-out person is tested on. With `cross_clips` 'disjoint' the clips are divided as well: held-out
    people are tested on the test block, the others train on the rest. Who and which clips follow from the clip
    index alone, so that the folds of all subjects agree. Where the clip index knows no blocks, the
    clips are dealt into five groups by chance, of which the last is tested.

    Parameters
    ----------
    shown
        Presentations of all subjects.
    clips
        The clip index, or its part in use.
    settings
        Of the split.
    subjects
        All subjects of the study.

    Raises
    ------
    UsageError
        If there are too few subjects, or one or a block is unknown.
    """
    people = list(natural_order(subjects))
    groups = _groups(people, settings)
    blocks, where_shown, dealt = _blocks(shown, clips, settings.seed)
    shared = settings.cross_clips == "shared"
    if shared and settings.test_block:
        raise UsageError(
            "`test_block` divides the clips; with `cross_clips` shared they are not divided.", "Leave one of them out."
        )
    test, validation = _parts_of_clips(blocks, settings, shared)
    tested, chosen_on = shown_in(where_shown, test), shown_in(where_shown, validation)
    assignment = np.zeros((len(groups), len(shown)), dtype=np.int8)
    folds = []
    for k, group in enumerate(groups):
        held = shown_in(shown.subject, group)
        choosers = _choosers(groups, k, people, settings)
        choosing = shown_in(shown.subject, choosers)
        learning = ~held & ~choosing
        parts = assignment[k]
        parts[learning & (shared | ~(tested | chosen_on))] = Part.TRAIN
        parts[(choosing if choosers else learning) & chosen_on] = Part.VALIDATION
        parts[choosing & shared] = Part.VALIDATION
        parts[held & (shared | tested)] = Part.TEST
        films = f", {listed('block' if not dealt else 'clip group', test)}" if not shared else ""
        folds.append(
            Fold(
                fold=fold_name("subject", group, k + 1),
                test=f"{listed('subject', group)}{films}",
                validation=_validation(choosers, validation, dealt),
            )
        )
    remarks = []
    hint = _SHARED if shared else _DEALT if dealt else ""
    if dealt and not shared:
        remarks.append(
            f"The clip index knows no blocks: its clips are dealt into {counted(len(blocks), 'group')} "
            f"with seed {settings.seed}, "
            f"the last is tested."
        )
    return Division(folds, assignment, drawn=dealt, partial=True, remarks=remarks, hint=hint)


def _groups(people: list[str], settings: SplitSettings) -> list[list[str]]:
    needed = 3 if settings.validation == "previous-group" else 2
    if len(people) < needed:
        raise UsageError(
            f"Leave-subjects-out needs {counted(needed, 'subject')}; this study has {len(people)}.",
            "Divide within the subject: `scheme` leave-one-block-out",
        )
    if settings.held_out:
        wanted = [label.removeprefix("sub-") for text in settings.held_out for label in _parts(text)]
        group = require_known("subject", wanted, people, "in this study")
        if len(people) - len(group) < needed - 1:
            raise UsageError(
                f"{listed('subject', group)}: of {counted(len(people), 'subject')}, too few are left to train on"
                f"{' and to validate' if needed == 3 else ''}.",
                "Name fewer with `held_out`.",
            )
        return [group]
    count = group_count(settings, len(people), "subjects", len(people))
    return [list(group) for group in np.array_split(np.array(people, dtype=str), count)]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _blocks(shown: Shown, clips: Sequence[Clip], seed: int) -> tuple[list[str], np.ndarray, bool]:
    """Return the blocks of the films, the one of every presentation, and whether they were dealt by chance."""
    if clips and all(clip.block is not None for clip in clips):
        return list(dict.fromkeys(str(clip.block) for clip in clips)), shown.film_block, False
    count = min(DEFAULT_GROUPS, len(clips))
    names = [clip.clip for clip in clips]
    groups = deal(names, [str(clip.concept or "") for clip in clips], count, seed)
    group_of = {clip: str(k) for k, group in enumerate(groups, start=1) for clip in group}
    unique, index = np.unique(shown.clip, return_inverse=True)
    return [str(k + 1) for k in range(count)], np.array([group_of[c] for c in unique.tolist()], dtype=str)[index], True


def _parts_of_clips(blocks: list[str], settings: SplitSettings, shared: bool) -> tuple[list[str], list[str]]:
    """Return the blocks of films that held-out people are tested on, and those that validate."""
    needed = 1 if shared else 2
    needed += settings.validation == "previous-block" or (settings.validation == "previous-group" and not shared)
    if len(blocks) < needed:
        raise UsageError(
            f"Leave-subjects-out divides the films too and needs {counted(needed, 'block')} of them;"
            f" the clip index has {len(blocks)}.",
            "Use fewer: `scheme` leave-subjects-out, `validation` none; "
            "or every clip of everyone, stamped: `cross_clips` shared, `allow_leak` clips.",
        )
    if not shared:
        return choose_blocks(blocks, settings, "of films in the clip index")
    named = require_known("block", settings.validation_block, blocks, "of films in the clip index")
    return [], named or (blocks[-1:] if settings.validation == "previous-block" else [])


def _choosers(groups: list[list[str]], k: int, people: list[str], settings: SplitSettings) -> list[str]:
    """Return the subjects that validate: the group before; of a single group, the last of the others."""
    if settings.validation != "previous-group":
        return []
    if len(groups) > 1:
        return groups[k - 1]
    return [label for label in people if label not in groups[0]][-1:]


def _validation(choosers: list[str], blocks: list[str], dealt: bool) -> str:
    films = listed("clip group" if dealt else "block", blocks) if blocks else ""
    return ", ".join(part for part in (listed("subject", choosers) if choosers else "", films) if part)
