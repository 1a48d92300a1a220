"""Eyes meet artifacts of videos: clips are shown to an eye part by part."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from eeg2vid.schemas.errors import FailedError
from eeg2vid.schemas.eyes.looking import LookSettings
from eeg2vid.schemas.percepts import PerceptAttributes
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.schemas.words import counted
from eeg2vid.stages.engine.protocol import Context

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLIPS_PER_PART = 50
ROLE = "percepts"


Seen = Callable[[list[VideoKey], dict[str, "NDArray[np.floating]"]], None]


def look_at(ctx: Context, videos: str, also: Seen | None = None) -> None:
    """Show every clip of an artifact of videos to the eye of the settings, and write what it sees.

    Parameters
    ----------
    ctx
        A unit with `LookSettings` that writes percepts.
    videos
        Role of the videos.
    also
        Is given the clips of each part made here, and what was seen.

    Raises
    ------
    FailedError
        If the eye sees nothing, or not one thing per clip.
    """
    from eeg2vid.stages.engine.streaming import stream_videos

    settings: LookSettings = ctx.settings
    eye = eye_of(ctx)
    for part, keys, frames in stream_videos(ctx, videos, CLIPS_PER_PART):
        seen = _look_once(eye, frames)
        if not seen or any(len(values) != len(keys) for values in seen.values()):
            sizes = {name: len(values) for name, values in seen.items()}
            raise FailedError(
                f"{ctx.node}: eye '{settings.eye.name}' was shown {counted(len(keys), 'clip')} and saw {sizes}."
            )
        for name, values in seen.items():
            part.array(ROLE, name, values.astype(settings.stored))
        part.rows(ROLE, "clips", keys)
        if also:
            also(keys, seen)
    tell_who_looked(ctx, eye)


def _look_once(eye: Any, frames: NDArray[np.uint8]) -> dict[str, NDArray[np.floating]]:
    """Show an eye each of several equal clips once: a mean video is many clips' one."""
    from eeg2vid.stages.store.chunks import mark_of

    marks = [mark_of(clip) for clip in frames]
    first = {mark: k for k, mark in reversed(list(enumerate(marks)))}
    different = sorted(first.values())
    seen: dict[str, NDArray[np.floating]] = eye.look(frames[different] if len(different) < len(frames) else frames)
    if len(different) == len(frames) or any(len(values) != len(different) for values in seen.values()):
        return seen  # each clip another, or an eye that does not see one thing per clip: that is told
    place = {k: row for row, k in enumerate(different)}
    rows = [place[first[mark]] for mark in marks]
    return {name: values[rows] for name, values in seen.items()}


def eye_of(ctx: Context) -> Any:
    """Return the eye of the settings, with its models loaded."""
    from eeg2vid.stages.eyes.eye import Build

    settings: LookSettings = ctx.settings
    how = Build(
        {role: ctx.model(role).folder for role in settings.roles},
        ctx.device,
        settings.batch,
        settings.precision,
        say=lambda text: ctx.reporter.remark(f"{ctx.node}: {text}"),
        within=ctx.reporter.within,
    )
    return settings.eye.built()(settings.eye, how)


def tell_who_looked(ctx: Context, eye: Any) -> None:
    """Write which eye looked, with which models."""
    settings: LookSettings = ctx.settings
    ctx.write(ROLE).attributes(
        PerceptAttributes(
            eye=settings.eye.name,
            version=type(settings.eye).version,
            settings=settings.eye.model_dump(mode="json", exclude={"name"}),
            models={role: ctx.model(role).identity for role in settings.roles},
            classes=dict(eye.classes),
            concept_of_class=eye.concept_of_class,
        )
    )
