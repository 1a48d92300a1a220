"""The folds of a cohort: which event is learned from, chosen on, tested. The one place where they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import EpochKey, Fold
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.cohort.apart import require_apart
from eeg2vid.stages.cohort.inputs import sources_of
from eeg2vid.stages.cohort.people import Cohort, require_same_events
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class FoldParts:
    """Places of one fold's events in the cohort, by part."""

    fold: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def learned(self) -> np.ndarray:
        """Training and validation events: all that may be learned from."""
        import numpy as np

        return np.sort(np.concatenate([self.train, self.validation]))


def load_folds(ctx: Context, cohort: Cohort, wanted: str = "all", inputs: Sequence[str] = ()) -> list[FoldParts]:
    """Return the folds in use; folds of several people agree by name.

    Parameters
    ----------
    ctx, cohort
        The unit at work and its people.
    wanted
        'all', 'last', or fold names separated by commas.
    inputs
        Names of the inputs in use: events whose EEG they reject are not trained on, those whose EEG they
        lack are in no part.

    Raises
    ------
    UsageError
        If a fold does not exist, people have other folds, what tests in one person trains in another (a clip, a
        film, copied EEG), or an input was cleaned by what another fold trains on.
    """
    import numpy as np

    artifacts = ctx.read_each("folds")
    names = agreed_folds(artifacts)
    chosen = chosen_folds(next(iter(artifacts.values())), wanted)
    ok, there = (np.ones(len(cohort.events), dtype=bool) for _ in range(2))
    assignment = np.full((len(names), len(cohort.events)), Part.UNUSED, dtype=np.int8)
    for subject, folds in artifacts.items():
        rows = cohort.rows_of(subject)
        require_same_events(folds, cohort.events_of(subject))
        assignment[:, rows] = folds.read("assignment")
        for source in sources_of(ctx, inputs, subject):
            _require_own_fold(source, folds, chosen)
            states = np.array([row.state for row in source.table("events", EpochKey)])
            ok[rows] &= states == "ok"
            there[rows] &= states != "outside"
    require_apart(ctx, cohort, artifacts, dict(zip(names, assignment, strict=True)), chosen)
    usable = ((Part.TRAIN, ok), (Part.VALIDATION, ok), (Part.TEST, there))
    parts = {name: assignment[names.index(name)] for name in chosen}
    return [
        FoldParts(name, *(np.flatnonzero((part == which) & allowed) for which, allowed in usable))
        for name, part in parts.items()
    ]


def chosen_folds(folds: Artifact, wanted: str) -> list[str]:
    """Return the names of the folds that 'all', 'last' or a list of names stands for.

    Raises
    ------
    UsageError
        If a fold does not exist.
    """
    names = [row.fold for row in folds.table("folds", Fold)]
    chosen = {"all": names, "last": names[-1:]}.get(wanted, [part.strip() for part in wanted.split(",")])
    for name in chosen:
        if name not in names:
            raise UsageError(f"There is no fold '{name}'.{did_you_mean(name, ['all', 'last', *names])}")
    return chosen


def agreed_folds(artifacts: Mapping[str, Artifact]) -> list[str]:
    """Return the names of the folds, the same for everybody."""
    named = {subject: [row.fold for row in one.table("folds", Fold)] for subject, one in artifacts.items()}
    first, names = next(iter(named.items()))
    for subject, others in named.items():
        if others != names:
            raise UsageError(
                f"Subject {subject} has the folds {', '.join(others)}, subject {first} has {', '.join(names)}: "
                "they cannot be trained on together.",
                "Divide everybody alike: eeg2vid split --scheme leave-subjects-out, or --scheme fixed.",
            )
    return names


def require_training(ctx: Context, folds: Sequence[FoldParts]) -> None:
    """Refuse folds that train on nothing.

    Raises
    ------
    UsageError
        Naming the first: folds that hold the whole subject out need other people's EEG.
    """
    for fold in folds:
        if not fold.train.size:
            whom = "any subject" if ctx.subject is None else f"subject {ctx.subject}"
            raise UsageError(
                f"Fold '{fold.fold}' trains on no usable event of {whom}.",
                "A fold that holds a whole subject out needs other people's EEG: train one model on everybody with "
                "--pooled, name other --folds, or divide this subject's own: eeg2vid split --scheme "
                "leave-one-block-out",
            )


def _require_own_fold(source: Artifact, folds: Artifact, chosen: Sequence[str]) -> None:
    """Refuse inputs that learned from one fold's training events where another fold is asked for."""
    fold = source.attributes().fold
    if fold is None:
        return
    other = next((name for name in chosen if name != fold), None)
    if other is not None:
        raise UsageError(
            f"{source.address} was cleaned by what the training events of fold '{fold}' show; "
            f"the test events of fold '{other}' are among them.",
            f"Use --folds {fold}, or make a variant for the other: eeg2vid preprocess --fold {other} "
            f"--variant {other} --new",
        )
    learned = [ref.digest for ref in source.manifest.inputs if ref.role == "folds"]
    if learned and folds.manifest.known_as not in learned:
        raise UsageError(
            f"{source.address} was cleaned by fold '{fold}' of another split than {folds.address}.",
            "Preprocess again with --from folds=split/VARIANT, or train with the split it learned from.",
        )


def used_events(ctx: Context, cohort: Cohort) -> np.ndarray:
    """Return the events that are in any part of any fold: classes are counted among them."""
    import numpy as np

    used = np.zeros(len(cohort.events), dtype=bool)
    for subject, folds in ctx.read_each("folds").items():
        used[cohort.rows_of(subject)] = (folds.read("assignment") != Part.UNUSED).any(axis=0)
    return np.flatnonzero(used)
