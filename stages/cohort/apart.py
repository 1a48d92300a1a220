"""What must not be on two sides of a fold in different people: a clip, a film, copied EEG, a person with two names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import Clip, Fold
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.splits import LEAK, Part
from eeg2vid.stages.cohort.people import Cohort
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np

_COPY = "Take the copy out of the data set."


def require_apart(
    ctx: Context,
    cohort: Cohort,
    artifacts: Mapping[str, Artifact],
    parts: Mapping[str, np.ndarray],
    chosen: Sequence[str],
) -> None:
    """Refuse what is on two sides of a fold in different people, unless the split says so by its stamp.

    Parameters
    ----------
    ctx, cohort
        The unit at work and its people.
    artifacts
        Everybody's folds.
    parts
        The part of each event of the cohort, by fold.
    chosen
        The folds in use.

    Raises
    ------
    UsageError
        Naming fold, people, and the clip or both twins.
    """
    if len(artifacts) < 2:
        return
    forced = {stamp for one in artifacts.values() for stamp in one.manifest.stamps}
    if f"{LEAK}clips" not in forced:
        _clips_apart(cohort, parts, chosen)
    _twins_apart(ctx, cohort, parts, chosen, forced)
    if f"{LEAK}recordings" not in forced:
        _people_apart(cohort, parts, chosen)


def _clips_apart(cohort: Cohort, parts: Mapping[str, np.ndarray], chosen: Sequence[str]) -> None:
    """Refuse a clip on two sides of a fold in different people."""
    import numpy as np

    clips = np.array(cohort.clips)
    for name in chosen:
        seen: dict[Part, dict[str, str]] = {}
        for part in (Part.TRAIN, Part.VALIDATION, Part.TEST):
            here = np.flatnonzero(parts[name] == part)
            seen[part] = {str(clips[k]): cohort.events[k].subject for k in here}
            for other in [one for one in seen if one is not part]:
                if both := seen[other].keys() & seen[part].keys():
                    clip = min(both)
                    raise UsageError(
                        f"Fold '{name}': clip '{clip}' is in {other.name.lower()} of subject {seen[other][clip]} and "
                        f"in {part.name.lower()} of subject {seen[part][clip]}: what is tested would be known.",
                        "Divide everybody alike: eeg2vid split --scheme leave-subjects-out, or force it and have it "
                        "stamped: --allow-leak clips.",
                    )


def _twins_apart(
    ctx: Context, cohort: Cohort, parts: Mapping[str, np.ndarray], chosen: Sequence[str], forced: set[str]
) -> None:
    """Refuse a film under two clip ids, and EEG under two names, on two sides of a fold."""
    import numpy as np

    from eeg2vid.stages.datasets.splits.leaks import eeg_place, film_names, find_leak

    folds = [Fold(fold=name, test="", validation="") for name in chosen]
    assignment = np.stack([parts[name] for name in chosen])
    eeg = np.array([event.eeg_sha or "" for event in cohort.events], dtype=str)
    places = np.array([f"subject {e.subject}, {eeg_place(e.recording, e.onset_s)}," for e in cohort.events], dtype=str)
    index = ctx.read_optional("clips")
    films, called = film_names(cohort.clips, index.table("clips", Clip) if index else ())
    for leak, hint in (
        (find_leak("films", films, assignment, folds, called), "Call one film by one clip id in everybody's events."),
        (find_leak("recordings", eeg, assignment, folds, places), _COPY),
    ):
        if leak and f"{LEAK}{leak.kind}" not in forced:
            raise UsageError(leak.sentence, hint)


def _people_apart(cohort: Cohort, parts: Mapping[str, np.ndarray], chosen: Sequence[str]) -> None:
    """Refuse a fold that holds a person out while others train who have EEG of that person, of whatever clips."""
    whose: dict[str, set[str]] = {}
    for event in cohort.events:
        if event.eeg_sha is not None:
            whose.setdefault(event.eeg_sha, set()).add(event.subject)
    copies = sorted({(one, other) for people in whose.values() for one in people for other in people - {one}})
    if not copies:
        return
    for name in chosen:
        pairs = list(zip(cohort.events, parts[name].tolist(), strict=True))
        train = {event.subject for event, part in pairs if part == Part.TRAIN}
        held = {event.subject for event, part in pairs if part != Part.UNUSED} - train
        for one, other in copies:
            if one in held and other in train:
                raise UsageError(
                    f"Fold '{name}' holds subject {one} out and trains on subject {other}, who has the same EEG in "
                    "part or whole: the person would be known.",
                    _COPY,
                )
