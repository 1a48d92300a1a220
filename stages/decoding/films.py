"""What video models are tuned on: latents, text states and motion of clips, read once for all folds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.cohort.clips import rows_of_clips, with_measured_motion
from eeg2vid.stages.cohort.learned import Learned
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.files import reserve
from eeg2vid.stages.store.reader import Artifact

if TYPE_CHECKING:
    import numpy as np
    from diffusers import UNet2DConditionModel

_SLAB_BYTES = 2**26


@dataclass(frozen=True)
class Material:
    """Clips and captions.

    Attributes
    ----------
    place
        Row of each clip in the arrays.
    latents
        `(clip, frame, channel, row, column)`.
    states
        Of the captions, `(clip, token, channel)`.
    empty
        Of no caption, `(token, channel)`; None: nothing needs it.
    motion
        Each clip's row of the index with the motion score that counts; empty where none does.
    """

    place: Mapping[str, int]
    latents: np.ndarray
    states: np.ndarray
    empty: np.ndarray | None
    motion: Mapping[str, Clip]

    def rows(self, clips: Sequence[str]) -> np.ndarray:
        """Return the rows of some clips, int64."""
        import numpy as np

        return np.array([self.place[clip] for clip in clips], dtype=np.int64)


def read_material(ctx: Context, folds: Sequence[Learned]) -> Material:
    """Read the clips that any fold needs; above `--memory-gb` they lie in scratch files.

    Raises
    ------
    BadDataError
        If a clip is not there, or no caption would be encoded by another encoder than the captions.
    """
    wanted = list(dict.fromkeys(clip for fold in folds for clip in (*fold.train, *fold.validation)))
    sources = ((ctx.read("latents"), "latents"), (ctx.read("text"), "text_states"))
    sizes = [len(wanted) * _row_bytes(artifact, array) for artifact, array in sources]
    in_memory = sum(sizes) <= ctx.memory_gb * 1e9
    latents, states = (_gathered(ctx, artifact, array, wanted, in_memory) for artifact, array in sources)
    motion: dict[str, Clip] = {}
    if ctx.settings.by_motion():
        index = {clip.clip: clip for clip in ctx.read("clips").table("clips", Clip)}
        clips = [index[clip] for clip in wanted]
        if ctx.settings.fast_scores == "flow":
            clips = with_measured_motion(ctx.read_optional("stimuli"), clips)
        motion = {clip.clip: clip for clip in clips}
    return Material({clip: row for row, clip in enumerate(wanted)}, latents, states, _empty(ctx, states), motion)


def _row_bytes(artifact: Artifact, array: str) -> int:
    """Return the bytes of one clip of an array."""
    import numpy as np

    entry = artifact.entries[array]
    return math.prod(entry.shape[1:]) * np.dtype(entry.dtype).itemsize


def _gathered(ctx: Context, artifact: Artifact, array: str, clips: Sequence[str], in_memory: bool) -> np.ndarray:
    """Return an array's values of some clips, in their order, read slab by slab."""
    import numpy as np

    stored, rows = artifact.arrays[array], rows_of_clips(artifact, clips)
    shape, dtype = (len(rows), *stored.shape[1:]), np.dtype(artifact.entries[array].dtype)
    out: np.ndarray
    if in_memory:
        out = np.empty(shape, dtype)
    else:
        path = ctx.scratch(f"{array}.raw")
        reserve(path, math.prod(shape) * dtype.itemsize)
        out = np.memmap(path, dtype=dtype, mode="r+", shape=shape)
    place = np.full(stored.shape[0], -1)
    place[rows] = np.arange(len(rows))
    step = max(1, _SLAB_BYTES // max(1, _row_bytes(artifact, array)))
    for start in range(int(rows.min()), int(rows.max()) + 1, step):
        there = place[start : start + step]
        if (there >= 0).any():
            out[there[there >= 0]] = stored[start : start + step][there >= 0]
    return out


def _empty(ctx: Context, states: np.ndarray) -> np.ndarray | None:
    """Return the states of no caption, of the encoder that encoded the others; None where nothing needs it."""
    from eeg2vid.stages.pretrained.text import load_text_encoder

    if not ctx.settings.caption_dropout and not ctx.settings.sample_every:
        return None
    artifact, encoder = ctx.read("text"), ctx.model("text_encoder")
    told = artifact.attributes().text_encoder
    found = load_text_encoder(encoder.folder, ctx.model("tokenizer").folder).encode([""]).states[0]
    if told not in ("", encoder.identity) or found.shape != states.shape[1:]:
        raise BadDataError(
            f"{artifact.address} was encoded by another text encoder ({states.shape[1:]} of {told or 'unknown'}) than "
            f"the profile's ({found.shape} of {encoder.identity}): it cannot say what no caption is.",
            "Name the profile whose encoder made the states, --models; or leave no captions out and draw no sheets: "
            "--caption-dropout 0 --sample-every 0",
        )
    return found


def betas_of(ctx: Context, fold: Learned, material: Material) -> np.ndarray:
    """Return the shared part of each clip's noise, float64 `(clip,)`: slow or fast by the clips that the fold learns.

    Raises
    ------
    BadDataError
        If a clip to be learned has no motion score.
    """
    import numpy as np

    from eeg2vid.stages.datasets.labels import fast_threshold

    settings = ctx.settings
    if not settings.by_motion():
        return np.full(len(material.place), settings.beta_slow if settings.beta is None else settings.beta)
    without = next((clip for clip in fold.train if material.motion[clip].optical_flow is None), None)
    if without is not None:
        raise BadDataError(
            f"Clip '{without}' has no motion score, so it is not known how much of their noise its frames share.",
            "Measure them and say so:\n  eeg2vid split-videos --motion\n  eeg2vid finetune-video --fast-scores flow\n"
            "or share the same in all clips, --beta 0.3, or nothing, --noise iid.",
        )
    cut = settings.fast_threshold or fast_threshold([material.motion[clip] for clip in fold.train])
    fast = [(material.motion[clip].optical_flow or 0.0) >= cut for clip in material.place]
    return np.where(fast, settings.beta_fast, settings.beta_slow)


def require_fit(ctx: Context, unet: UNet2DConditionModel, material: Material) -> None:
    """Refuse latents and states that the network does not read.

    Raises
    ------
    BadDataError
        Naming the artifact and both numbers of channels.
    """
    for role, found, wanted, what in (
        ("latents", material.latents.shape[2], unet.config.in_channels, "channels of latents"),
        ("text", material.states.shape[2], unet.config.cross_attention_dim, "channels of text states"),
    ):
        if found != wanted:
            raise BadDataError(
                f"{ctx.read(role).address} holds {found} {what}, but the UNet of {ctx.model('unet').name} reads "
                f"{wanted}.",
                "Encode clips and captions with the profile that is tuned:\n  eeg2vid encode-latents\n"
                "  eeg2vid encode-text",
            )
