"""What conditions put in the place of the EEG that is decoded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.conditions import CONDITIONS, made_by, makes_at
from eeg2vid.schemas.entities import Electrode, Fold
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.preprocessing import PreprocessSettings
from eeg2vid.schemas.splits import Part
from eeg2vid.schemas.words import counted
from eeg2vid.stages.cohort.folds import FoldParts
from eeg2vid.stages.cohort.people import Cohort, gather, run_of
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Upstream

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.conditions.signals import Described
    from eeg2vid.stages.training.inputs import Inputs

NOBODY = ""  # whose EEG a row was decoded from that stands for no event
_OF_FEATURES = ("segment_s", "bandwidth_hz", "smoothing_span", "smoothing_gain")  # and the features' own attributes


@dataclass(frozen=True)
class Tested:
    """What is decoded for the test events of a fold.

    Attributes
    ----------
    inputs
        A row per test event.
    sources
        Whose EEG each row is, by event; `NOBODY` where it is no event's.
    """

    inputs: Inputs
    sources: Sequence[str]


def inputs_wanted(condition: str, names: Iterable[str]) -> list[str]:
    """Return the inputs to be loaded: those that decoders read, and what a condition looks at."""
    also = CONDITIONS[condition].reads if makes_at("predict", condition) == "signals" else ()
    return sorted({*names, *also})


def sources_of_folds(ctx: Context, cohort: Cohort, folds: Sequence[FoldParts]) -> dict[str, np.ndarray]:
    """Return the event whose EEG is decoded for each test event, by fold: itself, unless a condition says otherwise.

    Raises
    ------
    UsageError
        If every event keeps its own EEG: the full system would pass for the condition.
    """
    if makes_at("predict", ctx.condition) != "places":
        return {fold.fold: fold.test for fold in folds}
    found, kept, tested = {}, 0, 0
    for fold in folds:
        found[fold.fold] = _changed(ctx, cohort, fold.fold, fold.test)
        kept += int((found[fold.fold] == fold.test).sum())
        tested += len(fold.test)
    if kept == tested:
        raise _nobody_moves(ctx)
    if kept:
        ctx.reporter.remark(
            f"{ctx.node}: {kept} of {counted(tested, 'event')} keep the own EEG: there is none to change places with."
        )
    return found


def foreseen_places(ctx: Context) -> UsageError | None:
    """Return the error of a condition under which no event of any fold changes places; None: some do."""
    if makes_at("predict", ctx.condition) != "places":
        return None
    cohort, folds = gather(ctx), ctx.read("folds")
    tested = folds.read("assignment") == Part.TEST
    for row, test in zip(folds.table("folds", Fold), tested, strict=True):
        places = test.nonzero()[0]
        if (_changed(ctx, cohort, row.fold, places) != places).any():
            return None
    return _nobody_moves(ctx)


def _changed(ctx: Context, cohort: Cohort, fold: str, test: np.ndarray) -> np.ndarray:
    """Return the event in the place of each test event of a fold."""
    import numpy as np

    runs = np.array([run_of(cohort.events[index]) for index in test])
    positions = np.array([cohort.events[index].position for index in test])
    changed: np.ndarray = test[made_by(ctx.condition)(runs, positions, np.random.default_rng(ctx.seed(fold)))]
    return changed


def _nobody_moves(ctx: Context) -> UsageError:
    return UsageError(
        f"Condition '{ctx.condition}' cannot be made of subject {ctx.subject}: no event has another to change "
        "places with, and all would keep their own EEG.",
        f"Leave {ctx.condition} out of `conditions`.",
    )


def read_of_fold(
    ctx: Context, cohort: Cohort, fold: FoldParts, inputs: Inputs, names: Sequence[str], sources: np.ndarray
) -> Tested:
    """Return what a fold's decoders read of its test events: their EEG, another's, or what a condition makes."""
    import numpy as np

    if makes_at("predict", ctx.condition) != "signals":
        return Tested(inputs.take(sources), [cohort.events[source].event for source in sources])
    from eeg2vid.stages.conditions.signals import Signals
    from eeg2vid.stages.training.inputs import Inputs

    events = np.arange(len(cohort.events))
    # a person whom others' models decode has nothing to learn from; what all events have in common tells of none
    learned = next(some for some in (fold.learned, np.setdiff1d(events, fold.test), events) if some.size)
    given = Signals(
        inputs,
        learned,
        [cohort.events[index] for index in fold.test],
        tuple(names),
        lambda: _described(ctx),
        ctx.threads,
    )
    arrays = made_by(ctx.condition)(given, np.random.default_rng(ctx.seed(fold.fold)))
    made = Inputs(arrays, person=cohort.person[fold.test], subjects=cohort.subjects)
    return Tested(made, [NOBODY] * len(fold.test))


def _described(ctx: Context) -> Described:
    """Return how the unit's features follow from its epochs.

    Raises
    ------
    UsageError
        If nobody knows: they are of another variant, or imported.
    """
    from eeg2vid.stages.conditions.signals import Described

    epochs, features = ctx.read("epochs"), ctx.read("features")
    own = (epochs.address.stage, epochs.address.variant) == (features.address.stage, features.address.variant)
    if not own or features.manifest.provenance != "computed":
        raise UsageError(
            f"Condition '{ctx.condition}' cannot be made: nothing says how {features.address} follow from "
            f"{epochs.address}.",
            f"Leave {ctx.condition} out of `conditions`, or decode features that `eeg2vid preprocess` made of them.",
        )
    attributes, settings = features.attributes(), features.manifest.settings
    known = {name: settings[name] for name in _OF_FEATURES if name in settings}
    stated = attributes.model_dump(include=set(PreprocessSettings.model_fields) - {"span", "tmin_s", "fold"})
    return Described(
        epochs.attributes().sfreq,
        epochs.table("electrodes", Electrode),
        PreprocessSettings.model_validate(known | stated),
    )


def learned_clips(ctx: Context, cohort: Cohort, fold: FoldParts) -> np.ndarray:
    """Return the events of a fold's training and validation, of each clip the first.

    Raises
    ------
    UsageError
        If the person saw none of the clips that the fold learns from.
    """
    import numpy as np

    if not fold.learned.size:
        raise UsageError(
            f"Condition '{ctx.condition}' cannot be made of subject {ctx.subject}: fold '{fold.fold}' learns from none "
            "of the clips that the subject saw.",
            f"Leave {ctx.condition} out of `conditions`, or divide by blocks.",
        )
    _, first = np.unique([cohort.clips[index] for index in fold.learned], return_index=True)
    return np.sort(fold.learned[first])


def why_no_clips(upstream: Upstream) -> str:
    """Say why a person may have seen none of the clips that a fold learns from; empty: the split divides their own."""
    apart = any(settings.scheme == "leave-subjects-out" for settings in upstream("folds"))
    return "the split holds whole people out, who saw none of the clips that are learned from" if apart else ""
