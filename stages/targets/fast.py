"""Fast or slow: a motion score cut at the median of the training clips, or at a threshold given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.recordings import CLIPS
from eeg2vid.schemas.targets import TargetFacts
from eeg2vid.schemas.videos import VIDEOS
from eeg2vid.stages.cohort.clips import clips_of, with_measured_motion
from eeg2vid.stages.cohort.folds import FoldParts, used_events
from eeg2vid.stages.cohort.people import Cohort
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read
from eeg2vid.stages.targets.labels import Label, LoadedLabel, as_classes, labels_of
from eeg2vid.stages.targets.target import Loaded, OfFold

if TYPE_CHECKING:
    from eeg2vid.stages.store.reader import Artifact


@dataclass(frozen=True)
class Fast(Label):
    """The label that is cut from a score; settings `fast_scores` and `fast_threshold` say from which and where."""

    def reads(self, settings: Any) -> dict[str, Read]:
        """Read the stimuli only for the motion scores that were measured on them."""
        measured = {"stimuli": Read(VIDEOS)} if settings.fast_scores == "flow" else {}
        return {"clips": Read(CLIPS), **measured}

    def load(self, ctx: Context, cohort: Cohort) -> Loaded:
        """Take each clip's motion score."""
        clips, stimuli = clips_of(ctx, cohort.events), None
        if ctx.settings.fast_scores == "flow":
            stimuli = ctx.read_optional("stimuli")
            clips = with_measured_motion(stimuli, clips)
        if all(clip.optical_flow is None for clip in clips):
            raise BadDataError(
                "Target 'fast' needs motion scores, and the clip index has none.",
                "Measure them and say so:\n  eeg2vid split-videos --motion\n"
                "  eeg2vid train-encoder --fast-scores flow\nor drop the target: --targets.",
            )
        return _LoadedFast(self.name, clips, used_events(ctx, cohort), ctx.settings.fast_threshold, stimuli)


@dataclass(frozen=True)
class _LoadedFast(LoadedLabel):
    given: float | None
    stimuli: Artifact | None

    def of_fold(self, fold: FoldParts) -> OfFold:
        """Cut at the median of the fold's training clips unless a threshold is given."""
        from eeg2vid.stages.datasets.labels import fast_threshold

        cut = self.given or fast_threshold([self.clips[index] for index in fold.train])
        return as_classes(labels_of(self.name, self.clips, self.used, cut), cut)

    def facts(self) -> TargetFacts:
        """Return the classes, and what the scores measure where they are not the data set's own."""
        from eeg2vid.stages.datasets.labels import fast_threshold

        cut = fast_threshold([self.clips[index] for index in self.used])  # for the names of the classes only
        classes = labels_of(self.name, self.clips, self.used, cut).classes
        if self.stimuli is None:
            return TargetFacts(kind="label", classes=classes)
        measured = {
            "motion": self.stimuli.attributes().motion,
            "motion_sha256": self.stimuli.entries["motion"].sha256,
        }
        return TargetFacts(kind="label", classes=classes, attributes=measured)
