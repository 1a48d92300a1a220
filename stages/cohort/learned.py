"""Which clips a model that reads no EEG may learn: of each fold those that train, and nothing that tests in anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.cohort.folds import agreed_folds, chosen_folds
from eeg2vid.stages.cohort.people import gather, require_same_events
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.text import did_you_mean

if TYPE_CHECKING:
    import numpy as np

BLOCK = "block:"
"""Begins the name of clips that are learned in every fold: those that were shown in some blocks."""


@dataclass(frozen=True)
class Shown:
    """One presentation of a clip; `film` tells clips that show the same pictures under other ids."""

    clip: str
    film: str
    block: str
    subject: str


@dataclass(frozen=True)
class Learned:
    """The clips of one fold's model.

    Attributes
    ----------
    fold
        Its name.
    train, validation
        Clip ids in the order they were first shown; the loss is told on the latter.
    left_out
        How many train in somebody and were left out, for they test in another.
    leak
        Where a clip that tests is learned all the same: the first, in words; empty: nowhere.
    """

    fold: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    left_out: int = 0
    leak: str = ""


def clips_to_learn(ctx: Context, wanted: str, folds: str, *, validation_in_training: bool = False) -> list[Learned]:
    """Return the clips that the folds in use learn, from everybody's folds and the clip index.

    Parameters
    ----------
    ctx
        The unit at work; it reads events and folds of all people, and the clips.
    wanted
        'training', or 'block:NAME,NAME'.
    folds
        'all', 'last', or names separated by commas.
    validation_in_training
        Learn what validates, too.

    Raises
    ------
    UsageError
        If there are no folds, no such fold or block, or nothing is left to learn.
    """
    import numpy as np

    artifacts = ctx.read_each("folds")
    if not artifacts:
        raise UsageError(
            "Nothing here tells which clips are tested: they were imported without EEG, and are in no folds.",
            "Tune in the workspace of a study with EEG, or import a model.",
        )
    cohort = gather(ctx)
    names = agreed_folds(artifacts)
    films = {clip.clip: clip.film_sha or clip.clip for clip in ctx.read("clips").table("clips", Clip)}
    shown = [Shown(one.clip, films.get(one.clip, one.clip), one.block, one.subject) for one in cohort.events]
    for subject, artifact in artifacts.items():
        require_same_events(artifact, cohort.events_of(subject))
    assignment = np.concatenate([artifacts[subject].read("assignment") for subject in cohort.subjects], axis=1)
    return [
        clips_of_fold(name, shown, assignment[names.index(name)], wanted, validation_in_training=validation_in_training)
        for name in chosen_folds(next(iter(artifacts.values())), folds)
    ]


def clips_of_fold(
    fold: str, shown: Sequence[Shown], parts: np.ndarray, wanted: str, *, validation_in_training: bool = False
) -> Learned:
    """Return the clips that one fold learns.

    What is tested in anybody, or shows the film of such a clip, is not learned of the training part, whoever trains
    on it; of blocks that are named it is, and `leak` says so. The same holds for what validates, unless it may train.

    Parameters
    ----------
    fold
        Its name.
    shown
        Every event of everybody.
    parts
        Value of `Part` of each event, int8 `(event,)`.
    wanted, validation_in_training
        As for `clips_to_learn`.

    Raises
    ------
    UsageError
        If there is no such block, or nothing is left to learn.
    """
    of = {part: [one for one, its in zip(shown, parts.tolist(), strict=True) if its == part] for part in Part}
    learning = (Part.TRAIN, Part.VALIDATION) if validation_in_training else (Part.TRAIN,)
    apart = [part for part in (Part.VALIDATION, Part.TEST) if part not in learning]
    held = {one.film: f"{part.name.lower()} of subject {one.subject}" for part in apart for one in of[part]}
    film = {one.clip: one.film for one in shown}  # in the order they were first shown
    blocks = _blocks(wanted, [one for part in Part if part for one in of[part]])
    names = blocks if blocks is not None else {one.clip for part in learning for one in of[part]}
    asked = [clip for clip in film if clip in names]
    torn = [clip for clip in asked if film[clip] in held]
    train = asked if blocks is not None else [clip for clip in asked if film[clip] not in held]
    if not train:
        raise UsageError(
            f"Fold '{fold}': no clip is left to learn, of {len(asked)} that train in somebody: all are kept apart in "
            "others.",
            "Name other --folds, or divide everybody alike: eeg2vid split --scheme leave-one-block-out",
        )
    known = {film[clip] for clip in train} | {one.film for one in of[Part.TEST]}
    chosen = {one.clip for one in of[Part.VALIDATION] if one.film not in known}
    return Learned(
        fold,
        tuple(train),
        tuple(clip for clip in film if clip in chosen),
        left_out=0 if blocks is not None else len(torn),
        leak=f"clip '{torn[0]}' is in {held[film[torn[0]]]}" if torn and blocks is not None else "",
    )


def _blocks(wanted: str, used: Sequence[Shown]) -> set[str] | None:
    """Return the clips in use that were shown in the blocks named; None: no blocks are."""
    if not wanted.startswith(BLOCK):
        return None
    known = sorted({one.block for one in used})
    names = [name.strip() for name in wanted.removeprefix(BLOCK).split(",")]
    for name in names:
        if name not in known:
            raise UsageError(f"No clip in use was shown in a block '{name}'.{did_you_mean(name, known)}")
    return {one.clip for one in used if one.block in names}
