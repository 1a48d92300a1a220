"""What the report shows of one scored unit: its rows, its clips on disk, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.entities import Caption, Clip
from eeg2vid.schemas.predictions import PredictionAttributes, PredictionKey
from eeg2vid.schemas.scores import Contrast, Definition, Look, Score, ScoredEvent, Values
from eeg2vid.schemas.videos import VideoAttributes, VideoKey
from eeg2vid.stages.cohort.clips import places_of, rows_of_clips
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.judging.people import person_of
from eeg2vid.stages.store.layout import split_variant
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.reporting.page.views import ClipView, Frames, Shown, SubjectView


class ClipsOnDisk:
    """Some clips of an artifact of videos, without padding, read one at a time."""

    def __init__(self, videos: Artifact, places: Sequence[int], picture: tuple[int, int]) -> None:
        # opened anew: what an opened array keeps of its last chunk goes when the condition is filmed
        self._frames = Artifact(videos.folder, videos.address).lazy("frames")
        self._places = places
        self._height, self._width = picture
        _, frames, height, width, colours = self._frames.shape
        self.shape = (len(places), frames, min(height, picture[0]), min(width, picture[1]), colours)

    def __getitem__(self, index: int) -> np.ndarray:
        """Return one clip, uint8 `(frame, height, width, 3)`."""
        clip: np.ndarray = self._frames[self._places[index]]
        return clip[:, : self._height, : self._width]


class FilmsOnDisk(Mapping[str, "Frames"]):
    """The true clips and those of each condition, opened anew whenever they are asked for."""

    def __init__(self, stimuli: Artifact, videos: Mapping[str, Artifact], keys: Sequence[VideoKey]) -> None:
        from eeg2vid.stages.reporting.page.views import TRUE

        geometry: VideoAttributes = stimuli.attributes()
        self._picture = (geometry.height, geometry.width)
        self._keys = keys
        self._artifacts = {TRUE: stimuli, **videos} if keys else {}

    def __getitem__(self, name: str) -> Frames:
        """Open the clips of one condition, or the true ones."""
        videos = self._artifacts[name]
        if name:
            places = places_of(videos, self._keys)
        else:
            places = rows_of_clips(videos, [key.clip for key in self._keys], VideoKey)
        return ClipsOnDisk(videos, places.tolist(), self._picture)

    def __iter__(self) -> Iterator[str]:
        return iter(self._artifacts)

    def __len__(self) -> int:
        return len(self._artifacts)


def view_of(ctx: Context, scores: Artifact, stimuli: Artifact, *, several: bool) -> SubjectView:
    """Return what the pages show of one scored unit; its clips, and what is known of each, stay on disk.

    Parameters
    ----------
    several
        Whether the report shows several systems.
    """
    from eeg2vid.stages.reporting.page.views import SubjectView

    videos = {split_variant(one.address.variant)[1]: one for one in behind(ctx, scores, "videos")}
    first = next(iter(videos.values()), None)
    keys = first.table("clips", VideoKey) if first else []
    shown = _shown(scores, keys)
    return SubjectView(
        subject=scores.address.unit.removeprefix("sub-"),
        scores=scores.table("scores", Score),
        contrasts=scores.table("contrasts", Contrast),
        shown=shown,
        films=FilmsOnDisk(stimuli, videos, keys),
        told=lambda: _told(ctx, scores, shown),
        system=scores.address.variant if several else "",
        person=person_of(scores, leading=True),
        looks=scores.table("looks", Look),
        variant=scores.address.variant,
        imported=first is not None and videos.get(FULL, first).manifest.provenance == "imported",
    )


def behind(ctx: Context, scores: Artifact, role: str) -> list[Artifact]:
    """Return the artifacts of a role that some scores were made from; of imported ones, those of the same unit."""
    refs = {(ref.stage, ref.variant, ref.unit) for ref in scores.manifest.inputs if ref.role == role}
    found = [one for one in ctx.read_many(role) if one.address.unit == scores.address.unit]
    if not scores.manifest.inputs:
        return found
    return [one for one in found if (one.address.stage, one.address.variant, one.address.unit) in refs]


def _shown(scores: Artifact, keys: Sequence[VideoKey]) -> list[Shown]:
    """Return the labels of the clips that were decoded; where the run of one is not known, its fold stands for it."""
    from eeg2vid.stages.reporting.page.views import Shown

    runs = {row.event: row.run for row in scores.table("events", ScoredEvent)} if keys else {}
    return [Shown(key.event, key.clip, runs.get(key.event, key.fold), key.fold) for key in keys]


def _told(ctx: Context, scores: Artifact, shown: Sequence[Shown]) -> list[ClipView]:
    """Return what is known of each clip: what it shows, what was read from the EEG, and its scores."""
    from eeg2vid.stages.reporting.glossary import Glossary
    from eeg2vid.stages.reporting.page.views import ClipView

    glossary = Glossary.of(scores.table("definitions", Definition))
    index = {clip.clip: clip for clip in ctx.read("clips").table("clips", Clip)}
    captions = {row.clip: row.caption for one in ctx.read_many("captions") for row in one.table("captions", Caption)}
    events = [(row.event, row.fold) for row in scores.table("events", ScoredEvent)]
    values: dict[tuple[str, str], dict[str, float]] = {}
    for row in scores.table("values", Values):
        if (row.condition, row.target, row.variant, row.subset) == (FULL, "", "", ""):
            for event, value in zip(events, row.values, strict=True):
                if value is not None:
                    values.setdefault(event, {})[glossary.name(row)] = value
    full = [one for one in behind(ctx, scores, "predictions") if split_variant(one.address.variant)[1] == FULL]
    guesses = {event: text for artifact in full for event, text in _guesses(artifact).items()}
    return [
        ClipView(
            shown=one,
            concept=index[one.clip].concept_name or "",
            caption=captions.get(one.clip, ""),
            scores=values.get((one.event, one.fold), {}),
            guess=guesses.get((one.event, one.fold), ""),
        )
        for one in shown
    ]


def _guesses(predictions: Artifact) -> dict[tuple[str, str], str]:
    """Return, per event and fold, the most probable class of each task in words."""
    attributes: PredictionAttributes = predictions.attributes()
    parts: dict[tuple[str, str], list[str]] = {}
    for task, facts in attributes.labels().items():
        probabilities: Any = predictions.read(task)
        for key, row in zip(predictions.table(task, PredictionKey), probabilities, strict=True):
            words = f"{task}: {facts.classes[row.argmax()]} {row.max():.0%}"
            parts.setdefault((key.event, key.fold), []).append(words)
    return {event: ", ".join(words) for event, words in parts.items()}
