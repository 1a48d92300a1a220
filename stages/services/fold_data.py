"""What a network is handed of one fold, outside of any stage: for notebooks. The rooms that stages use build it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pydantic import ValidationError

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.decoding import SIGNALS as INPUTS
from eeg2vid.schemas.decoding import DecodingSettings
from eeg2vid.schemas.entities import Event
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.stages.cohort.folds import FoldParts, load_folds
from eeg2vid.stages.cohort.inputs import load_inputs, roles_of
from eeg2vid.stages.cohort.people import Cohort, gather
from eeg2vid.stages.decoding.needs import SIGNALS, TARGETS
from eeg2vid.stages.decoding.training import Job, examples_of
from eeg2vid.stages.engine.ingested import people_with_artifacts
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.subjects import parse_subjects
from eeg2vid.stages.engine.text import did_you_mean, sentence_of
from eeg2vid.stages.services.finding import sole_artifact
from eeg2vid.stages.store.layout import STUDY, find_artifacts, subject_unit
from eeg2vid.stages.store.reader import Artifact, open_artifact
from eeg2vid.stages.targets.table import find_targets
from eeg2vid.stages.targets.target import OfFold

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.networks.examples import Examples
    from eeg2vid.stages.training.scaler import Scalers

Part = Literal["train", "validation", "test", "learned"]
KEPT = {"epochs": (1,), "de": (2, 3), "psd": (2, 3)}
"""Axes along which an input has statistics of its own: the electrode; of features also the band."""
FEATURES = "features"
_OF_FEATURES = ("de", "psd")


class Reading:
    """Artifacts by role, as a stage asks for them: the reading half of a `Context`."""

    device = "cpu"
    condition = FULL
    subject = None
    memory_gb = float("inf")

    def __init__(self, settings: DecodingSettings, found: Mapping[str, Mapping[str, Artifact]]) -> None:
        self.settings = settings
        self._found = found

    def read_each(self, role: str) -> dict[str, Artifact]:
        """Open the artifact of every person, by person."""
        return dict(self._found[role])

    def read(self, role: str) -> Artifact:
        """Open the study's artifact of a role."""
        return self._found[role][STUDY]

    def read_optional(self, role: str) -> Artifact | None:
        """Open the study's artifact of a role, None where there is none."""
        return self._found.get(role, {}).get(STUDY)


@dataclass(frozen=True)
class FoldData:
    """One fold of some people, with its targets.

    Attributes
    ----------
    inputs
        Names of the inputs, in the order asked for.
    """

    ctx: Context
    cohort: Cohort
    job: Job
    inputs: tuple[str, ...]
    _signals: Any

    @property
    def fold(self) -> FoldParts:
        """Places of the fold's events."""
        return self.job.fold

    @property
    def targets(self) -> Mapping[str, OfFold]:
        """The targets, by name."""
        return self.job.targets

    def places(self, part: Part) -> np.ndarray:
        """Return the places of a part's events that all targets ask about."""
        import numpy as np

        events: np.ndarray = getattr(self.fold, part)
        return events[np.all([target.asked[events] for target in self.targets.values()], axis=0)]

    def events(self, part: Part) -> list[Event]:
        """Return the events of a part that all targets ask about."""
        return [self.cohort.events[place] for place in self.places(part)]

    def examples(self, part: Part) -> Examples:
        """Return what a network is handed of a part: inputs not standardised, true targets."""
        return examples_of(self.ctx, self.job, self.cohort, self._signals, {}, getattr(self.fold, part))

    def scalers(self) -> dict[str, Scalers]:
        """Return the statistics of each person's training events, by person and input; axes see `KEPT`."""
        from eeg2vid.stages.training.scaler import StandardScaler

        train = self.examples("train").inputs
        return {
            subject: {
                name: StandardScaler.fit(train.of(subject).gather(name), KEPT[name]) for name in train.arrays
            }
            for subject in train.present()
        }  # fmt: skip


def load_fold(
    root: Path,
    subject: str,
    fold: str,
    inputs: str | Sequence[str],
    targets: str | Sequence[str],
    sources: Mapping[str, str],
    **settings: Any,
) -> FoldData:
    """Read what one fold of a study learns from and is tested on.

    Parameters
    ----------
    root
        The workspace.
    subject
        As `--subject`: '17', '1-5,9', 'all'.
    fold
        Its name.
    inputs
        'epochs', 'de', 'psd', several of them, or 'features' for both of the latter.
    targets
        One or several: concept, group, color, fast, number, human, face, latents, text, pooled, image, percept:EYE.
    sources
        Role to 'stage/variant', where a role has several variants.
    settings
        `fast_scores`, `fast_threshold` of target `fast`, as of `train-encoder`.

    Raises
    ------
    UsageError, MissingInputError, BadDataError
        If a name is unknown, an artifact is not there, or people cannot be joined.
    """
    names = _inputs(inputs)
    wanted = find_targets((targets,) if isinstance(targets, str) else tuple(targets))
    if not wanted:
        raise UsageError("There is no target to decode.", 'Name one: target="concept"')
    try:
        chosen = DecodingSettings(targets=tuple(target.name for target in wanted), inputs=names, folds=fold, **settings)
    except ValidationError as error:
        raise UsageError(sentence_of(error, DecodingSettings, "dataset")) from error
    known = people_with_artifacts(root)
    if not known:
        raise MissingInputError(
            f"{root} holds nothing of any subject.", f"See what is missing: eeg2vid status -w {root}"
        )
    people = parse_subjects(subject, known)
    reads = {role: SIGNALS[role] for role in ("events", "folds", *roles_of(names))}
    shared = {role: read for target in wanted for role, read in target.reads(chosen).items()}
    if len(people) > 1:
        shared["clips"] = TARGETS["clips"]  # which clips show one film, whoever saw them
    _known_roles(sources, [*reads, *shared])
    there = find_artifacts(root)

    def found(role: str, unit: str, variant: str) -> Artifact:
        address = sole_artifact(root, there, role, unit, source=sources.get(role, ""), variant=variant)
        return open_artifact(root, address)

    opened = {role: {one: found(role, subject_unit(one), "") for one in people} for role in reads}
    opened |= {role: {STUDY: found(role, STUDY, read.variant)} for role, read in shared.items()}
    ctx = cast("Context", Reading(chosen, opened))
    cohort = gather(ctx)
    parts = load_folds(ctx, cohort, fold, names)
    if len(parts) > 1:
        raise UsageError(f"`fold` is one fold, not '{fold}'.", f"Name one of {', '.join(one.fold for one in parts)}.")
    loaded = {target.key: target.load(ctx, cohort).of_fold(parts[0]) for target in wanted}
    return FoldData(ctx, cohort, Job(parts[0], loaded), names, load_inputs(ctx, names, cohort))


def require_part(part: str) -> None:
    """Refuse a part that no fold has; UsageError."""
    if part not in get_args(Part):
        raise UsageError(f"`part`: there is no '{part}'.{did_you_mean(part, get_args(Part))}")


def _inputs(given: str | Sequence[str]) -> tuple[str, ...]:
    asked = (given,) if isinstance(given, str) else tuple(given)
    names = [name for one in asked for name in (_OF_FEATURES if one == FEATURES else (one,))]
    for name in names:
        if name not in INPUTS:
            raise UsageError(f"`inputs`: there is no '{name}'.{did_you_mean(name, [*INPUTS, FEATURES])}")
    if not names:
        raise UsageError("There are no inputs to decode from.", 'Name some: inputs="epochs"')
    return tuple(dict.fromkeys(names))


def _known_roles(sources: Mapping[str, str], roles: Sequence[str]) -> None:
    for role, source in sources.items():
        if role not in roles:
            raise UsageError(f"`sources`: nothing of role '{role}' is read.{did_you_mean(role, roles)}")
        if source.count("/") != 1:
            raise UsageError(f"`sources`: '{source}' of role '{role}' is not STAGE/VARIANT.")
