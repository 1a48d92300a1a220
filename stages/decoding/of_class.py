"""Values that a condition makes of a class alone: the decoded one, or the true one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.conditions import CONDITIONS, made_by, makes_at
from eeg2vid.schemas.words import counted
from eeg2vid.stages.cohort.clips import clips_of
from eeg2vid.stages.cohort.folds import FoldParts, used_events
from eeg2vid.stages.cohort.people import Cohort
from eeg2vid.stages.decoding.conditioned import learned_clips, why_no_clips
from eeg2vid.stages.decoding.needs import TARGETS
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Read, Upstream
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.targets.labels import labels_of
from eeg2vid.stages.targets.table import find_targets
from eeg2vid.stages.targets.target import Loaded, Target

if TYPE_CHECKING:
    import numpy as np

CLASS_TARGET = "concept"


@dataclass(frozen=True)
class ClassValues:
    """Values of targets made of a class alone.

    Attributes
    ----------
    targets
        Loaded targets with values, by key.
    labels
        Class of each event of the cohort, by name; None where its clip has none.
    """

    ctx: Context
    cohort: Cohort
    targets: Mapping[str, Loaded]
    labels: Sequence[str | None]

    def values(
        self, fold: FoldParts, decoded: Mapping[str, np.ndarray], classes: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Return the values of a fold's test events, by target.

        Parameters
        ----------
        fold
            Whose training clips they are made of.
        decoded
            What was decoded, by target: the probabilities of the concepts among them, where they are asked for.
        classes
            Their names.

        Raises
        ------
        UsageError
            As `learned_clips`.
        """
        import numpy as np

        learned = learned_clips(self.ctx, self.cohort, fold)
        named = list(dict.fromkeys(label for label in self.labels if label is not None))
        place = {label: index for index, label in enumerate(named)}
        of_event = np.array([-1 if label is None else place[label] for label in self.labels])
        if self.ctx.condition == "class-true":
            wanted = of_event[fold.test]
        else:
            wanted = np.array([place.get(classes[index], -1) for index in decoded[CLASS_TARGET].argmax(axis=1)])
        strange = int((~np.isin(wanted, of_event[learned]) | (wanted < 0)).sum())
        if strange:
            self.ctx.reporter.remark(
                f"{self.ctx.node}: of a class without training clips: {strange} of "
                f"{counted(len(wanted), 'clip')} of fold '{fold.fold}', which get the mean of all."
            )
        maker: Callable[..., np.ndarray] = made_by(self.ctx.condition)
        return {
            key: maker(loaded.of_fold(fold).values.take, learned, of_event[learned], wanted)
            for key, loaded in self.targets.items()
        }


def class_values(ctx: Context, cohort: Cohort, checkpoints: Sequence[Artifact]) -> ClassValues | None:
    """Return what makes the values that some models decode of a class instead; None where no condition asks for it."""
    if makes_at("predict", ctx.condition) != "values":
        return None
    targets = value_targets(one.manifest.settings.get("targets", ()) for one in checkpoints)
    labels = labels_of(CLASS_TARGET, clips_of(ctx, cohort.events), used_events(ctx, cohort))
    named = [labels.classes[index] if index >= 0 else None for index in labels.index]
    return ClassValues(ctx, cohort, {target.key: target.load(ctx, cohort) for target in targets}, named)


def value_targets(named: Iterable[Sequence[str]]) -> list[Target]:
    """Return the targets with values among those that some models decode, each once."""
    names = dict.fromkeys(name for some in named for name in some)
    return [target for target in find_targets(tuple(names)) if target.kind == "value"]


def class_needs(needs: Needs, condition: str, upstream: Upstream) -> Needs:
    """Return what is needed besides to make values of a class: their true values, and the classes of the clips."""
    if makes_at("predict", condition) != "values":
        return needs
    reads = {name: TARGETS[name] for name in CONDITIONS[condition].reads}
    for settings in _training(upstream):
        for target in value_targets([settings.targets]):
            reads |= target.reads(settings)
    return needs.reading(**reads)


def why_no_classes(condition: str, upstream: Upstream) -> str:
    """Say why values cannot be made of a class; empty: they can, or the condition does not ask for it."""
    if makes_at("predict", condition) != "values":
        return ""
    trained = _training(upstream)
    if not value_targets(settings.targets for settings in trained):
        return "only labels are decoded: nothing is made of a class"
    if condition == "class-predicted" and not any(CLASS_TARGET in settings.targets for settings in trained):
        return f"no '{CLASS_TARGET}' is decoded"
    reads: dict[str, Read] = {}
    for settings in trained:
        for target in value_targets([settings.targets]):
            for role, read in target.reads(settings).items():
                if reads.setdefault(role, read) != read:
                    return f"the decoded values come from different variants of role '{role}'"
    return why_no_clips(upstream)


def _training(upstream: Upstream) -> list[Any]:
    """Return the settings of all models that are read."""
    return [settings for role in ("encoders", "mappers") for settings in upstream(role)]
