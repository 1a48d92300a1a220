"""What some kinds of artifacts can do beside what all can: epochs for MNE, predictions as a table, clips by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eeg2vid.notebook.artifact import StudyArtifact
from eeg2vid.notebook.optional import need
from eeg2vid.notebook.tables import Table
from eeg2vid.schemas.errors import BadDataError, MissingInputError, UsageError
from eeg2vid.stages.engine.text import did_you_mean

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.schemas.predictions import PredictionAttributes
    from eeg2vid.schemas.targets import TargetFacts
    from eeg2vid.schemas.videos import VideoAttributes


class Epochs(StudyArtifact):
    """Epochs: the EEG during each clip, µV `(event, electrode, sample)`."""

    main_table = "events"

    def to_mne(self, *, rejected: bool = False) -> Any:
        """Return an `mne.EpochsArray` in volts, with names, positions where known, events and their metadata.

        Events are coded by concept where the clip index knows them, else all by 1. Their sample numbers count through
        the person's recordings at the epochs' rate; where the recordings are not there, epoch after epoch. What is
        known of each event and clip is the metadata (a DataFrame, or a list of dicts without pandas).

        Parameters
        ----------
        rejected
            Keep epochs that are not trained on. Those that reach beyond their recording hold no EEG and are always
            dropped. The drop log says why each is missing.

        Raises
        ------
        BadDataError
            If a stored file is damaged.
        UsageError
            If no epoch is left.
        """
        from eeg2vid.notebook.mne_epochs import epochs_array

        return epochs_array(self, rejected=rejected)


class Features(StudyArtifact):
    """Band features: DE and PSD `(event, window, electrode, band)`."""

    main_table = "events"

    def coordinates(self) -> dict[str, tuple[str, list[Any]]]:
        """Return also windows, by their start after onset in s, and bands, by their edges in Hz.

        Raises
        ------
        BadDataError
            If the attributes name other bands than the arrays have.
        """
        facts: Any = self.attributes
        _, windows, _, bands = self.array(self.arrays[0]).shape
        if len(facts.bands) != bands:
            raise BadDataError(
                f"{self.address}: the arrays have {bands} bands, its attributes name {len(facts.bands)}."
            )
        step = facts.step_s or facts.window_s
        low, high = ([edges[k] for edges in facts.bands] for k in (0, 1))
        return {
            **super().coordinates(),
            "window": ("window", [facts.tmin_s + k * step for k in range(windows)]),
            "band": ("band", [f"{first:g}-{last:g} Hz" for first, last in facts.bands]),
            "low_hz": ("band", low),
            "high_hz": ("band", high),
        }


class Predictions(StudyArtifact):
    """What was decoded from held-out EEG, target by target."""

    @property
    def targets(self) -> Mapping[str, TargetFacts]:
        """What is known of each target: kind, classes, thresholds."""
        attributes: PredictionAttributes = self.attributes  # type: ignore[assignment]
        return attributes.targets

    def to_columns(self, target: str = "") -> dict[str, list[Any]]:
        """Return what `to_pandas` puts into its columns, by name."""
        labels = [name for name, facts in self.targets.items() if facts.kind == "label"]
        if not target:
            found: dict[str, list[Any]] = {}
            for name in labels:
                part = self.to_columns(name)
                summary = {"target": [name] * len(part["event"]), **{k: part[k] for k in _SUMMARY}}
                for column, values in summary.items():
                    found.setdefault(column, []).extend(values)
            return found
        if target not in self.targets:
            raise MissingInputError(f"{self.address} has no target '{target}'.{did_you_mean(target, self.targets)}")
        if target not in labels:
            raise UsageError(
                f"Target '{target}' has values {self.array(target).shape[1:]}, too many for columns.",
                f'Take .array("{target}") and .table("{target}").',
            )
        values, classes = self.array(target)[...], self.targets[target].classes
        best = values.argmax(axis=1)
        return {
            **self.table(target).to_columns(),
            "predicted": [classes[k] for k in best],
            "probability": values.max(axis=1).tolist(),
            **{f"p({name})": values[:, k].tolist() for k, name in enumerate(classes)},
        }

    def to_pandas(self, target: str = "") -> Any:
        """Return the decoded labels as a `pandas.DataFrame`.

        Parameters
        ----------
        target
            A label: a row per event, with the class decoded and the probability `p(class)` of each. Without: the
            class decoded and its probability of every label, one below the other.

        Raises
        ------
        MissingInputError
            If there is no such target.
        UsageError
            If it is no label.
        MissingPackageError
            If pandas is not installed.
        """
        return need("pandas", "to_pandas()").DataFrame(self.to_columns(target))


_SUMMARY = ("event", "clip", "run", "fold", "source_event", "predicted", "probability")


class Scores(StudyArtifact):
    """Scores, each beside its chance level, interval and controls. `to_pandas()` is the score table."""

    main_table = "scores"


class Videos(StudyArtifact):
    """Videos: the stimuli, or what was decoded."""

    main_table = "clips"

    @property
    def clips(self) -> tuple[str, ...]:
        """Ids of the clips, each once."""
        return tuple(dict.fromkeys(self.table("clips").column("clip")))

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self._facts.fps

    @property
    def _facts(self) -> VideoAttributes:
        facts: VideoAttributes = self.attributes  # type: ignore[assignment]
        return facts

    def clip(self, clip: str, *, event: str = "", fold: str = "") -> np.ndarray:
        """Return one video without its padding, sRGB uint8 `(frame, row, column, rgb)`; only it is read.

        Parameters
        ----------
        clip
            Its id, see `clips`.
        event, fold
            Which, where a clip was decoded more than once.

        Raises
        ------
        MissingInputError
            If there is no such video.
        UsageError
            If there are several.
        """
        rows: Table = self.table("clips")
        asked = {"clip": clip, "event": event, "fold": fold}
        places = [
            k for k, row in enumerate(rows) if all(getattr(row, name) == one for name, one in asked.items() if one)
        ]
        if not places:
            if clip in self.clips:
                raise MissingInputError(
                    f"{self.address} has no video of clip '{clip}' of event '{event}', fold '{fold}'."
                )
            raise MissingInputError(f"{self.address} has no clip '{clip}'.{_near(clip, self.clips)}")
        if len(places) > 1:
            named = ", ".join(f"event={rows[k].event!r} fold={rows[k].fold!r}" for k in places[:6])
            raise UsageError(f"{self.address} has {len(places)} videos of clip '{clip}'.", f"Say which: {named}")
        frames: np.ndarray = self.array("frames")[places[0]][:, : self._facts.height, : self._facts.width]
        return frames


def _near(word: str, known: tuple[str, ...]) -> str:
    """Return the nearest name, or the first few: of hundreds no list is read."""
    near = did_you_mean(word, known)
    return near if near.startswith(" Did") else f" Its {len(known)} clips begin with {', '.join(known[:3])}."


KINDS: dict[str, type[StudyArtifact]] = {
    "epochs": Epochs,
    "features": Features,
    "predictions": Predictions,
    "scores": Scores,
    "videos": Videos,
}
"""By the name of the schema; any other is a plain `StudyArtifact`."""
