"""What must be said of decoded clips that were made elsewhere: which of their frames are those of the true clips."""

from __future__ import annotations

from collections.abc import Mapping

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.scores import RUNS_UNKNOWN, SAME_FRAMES
from eeg2vid.schemas.videos import VideoAttributes, VideoKey
from eeg2vid.schemas.words import counted, plural
from eeg2vid.stages.cohort.clips import rows_of_clips
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.store.rows import row_reader

_LEVELS = 2.0  # root mean square of 255; a copy that was compressed again is about so near, nothing decoded is
_NAMED = 5


def imported_terms(ctx: Context, videos: Mapping[str, Artifact]) -> dict[str, str]:
    """Return what the rows must be read with where the decoded clips were imported; say what frames are copies."""
    full = videos.get(FULL)
    if full is None or full.manifest.provenance != "imported":
        return {}
    terms = {"imported clips": f"{full.address} was made elsewhere: nothing here tells from what, or how."}
    if not ctx.read_many("events"):
        terms["runs"] = f"Without EEG {RUNS_UNKNOWN}. Where clips were shown in runs, p-values are too small."
        clips = len(ctx.read("stimuli").table("clips", VideoKey))
        terms["mean-video"] = (
            f"Without EEG it is the mean of all {counted(clips, 'true clip')}, the own one among them: "
            f"1/{clips} of each is in it."
        )
    if found := _same_frames(ctx, full):
        shown = ", ".join(list(found)[:_NAMED]) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
        number = sum(found.values())
        terms[SAME_FRAMES] = (
            f"{counted(number, 'decoded frame')} of {counted(len(found), 'clip')} "
            f"{plural(number, 'is that', 'are those')} of the true clip, to within {_LEVELS:g} of 255 "
            f"levels: {shown}. What "
            "is decoded is never so near: they are no evidence."
        )
        ctx.reporter.remark(f"Warning: {full.address}: {terms[SAME_FRAMES]}")
    return terms


def _same_frames(ctx: Context, decoded: Artifact) -> dict[str, int]:
    """Return the number of frames that are the true ones, by clip, where there are any; clips are read one by one."""
    import numpy as np

    stimuli = ctx.read("stimuli")
    geometry: VideoAttributes = stimuli.attributes()
    keys = decoded.table("clips", VideoKey)
    order = rows_of_clips(stimuli, [key.clip for key in keys], VideoKey)
    read_decoded, read_true = row_reader(decoded.lazy("frames")), row_reader(stimuli.lazy("frames"))
    found: dict[str, int] = {}
    for place, (key, true) in enumerate(zip(keys, order.tolist(), strict=True)):
        difference = read_decoded([place])[0].astype(np.float32) - read_true([true])[0]
        shown = difference[:, : geometry.height, : geometry.width]
        if same := int(np.count_nonzero(np.sqrt(np.square(shown).mean(axis=(1, 2, 3))) <= _LEVELS)):
            found[key.clip] = found.get(key.clip, 0) + same
    return found
