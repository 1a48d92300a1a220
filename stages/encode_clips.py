"""`encode-clips`: an eye looks at the true clips."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import Caption
from eeg2vid.schemas.eyes import ImageEncoderEye
from eeg2vid.schemas.eyes.looking import LookSettings, roles_of_eyes
from eeg2vid.schemas.percepts import PERCEPTS
from eeg2vid.schemas.recordings import CAPTIONS
from eeg2vid.schemas.videos import VIDEOS, VideoKey
from eeg2vid.schemas.words import counted
from eeg2vid.stages.cohort.percepts import CLIPS_PER_PART, look_at
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Read, Resources, Stage, Write

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORDS = ("tokenizer", "text_encoder")


class EncodeClips(Stage):
    """Look at each true clip with an eye, a judge network: what it sees, as arrays by name.

    A variant is called after its eye. `image-encoder` is the profile's CLIP on key frames: with its other half it
    also looks whether the captions belong to these clips, and warns where another order of them fits better.
    `image-classifier` (ViT) names what each picture shows, `video-classifier` (VideoMAE) what the clip shows, and
    `motion` is its optical flow, without a network.
    """

    name = "encode-clips"
    Settings = LookSettings
    reads = {"stimuli": Read(VIDEOS), "captions": Read(CAPTIONS, eeg=True)}
    writes = {"percepts": Write(PERCEPTS, "study")}
    roles = (*roles_of_eyes(), *_WORDS)
    named_by = "eye"
    uses_torch = True
    divided = f"{CLIPS_PER_PART} clips"
    panel = "Clips"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=10)
    examples = (
        "eeg2vid encode-clips --eye image-encoder --models sd --device cuda",
        "eeg2vid encode-clips --eye image-encoder --set eye.frame=all --variant image-encoder-mean --new",
        "eeg2vid encode-clips --eye video-classifier --models sd --device cuda --precision float16",
    )

    def needs(self, settings: LookSettings, condition: str, unit: Per) -> Needs:
        """Use the eye's models; captions and what reads them only beside the eye that shares their space.

        An eye that compares has nothing to compare here: no unit of it exists.
        What needs no model needs no GPU.
        """
        needs = super().needs(settings, condition, unit)
        if type(settings.eye).compares:
            name = settings.eye.name
            why = f"Eye '{name}' says how far decoded clips are from true ones, and nothing of true clips alone."
            hint = f"Let it look at decoded clips: eeg2vid perceive --eye {name}"
            return replace(needs, writes={}, roles=(), nothing=(why, hint))
        if isinstance(settings.eye, ImageEncoderEye):
            return needs.using((*settings.roles, *_WORDS))
        return needs.without("captions").using(settings.roles)

    def run(self, ctx: Context) -> None:
        """Show the clips to the eye, a part at a time."""
        images: dict[str, NDArray[np.floating]] = {}

        def keep(keys: list[VideoKey], seen: dict[str, NDArray[np.floating]]) -> None:
            images.update(zip((key.clip for key in keys), seen["image"], strict=True))

        if not isinstance(ctx.settings.eye, ImageEncoderEye):
            look_at(ctx, "stimuli")
            return
        look_at(ctx, "stimuli", keep)
        _check_captions(ctx, images)


def _check_captions(ctx: Context, images: dict[str, NDArray[np.floating]]) -> None:
    """Tell if the captions of the clips that were looked at here fit them better in another order."""
    import numpy as np

    from eeg2vid.stages.pretrained.text import load_matching_text_encoder
    from eeg2vid.stages.statistics.captions import FEWEST, agreement

    captions = ctx.read_optional("captions")
    rows = [row for row in captions.table("captions", Caption) if row.clip in images] if captions else []
    if len(rows) < FEWEST:
        return
    images_of, words_of, tokenizer = (ctx.model(role).folder for role in ("image_encoder", "text_encoder", "tokenizer"))
    encoder = load_matching_text_encoder(images_of, words_of, tokenizer, ctx.device)
    if encoder is None:
        return
    texts = encoder.encode([row.caption for row in rows]).pooled
    found = agreement(np.stack([images[row.clip] for row in rows]), texts)
    if found and found.wrong:
        ctx.reporter.remark(
            f"Warning: the captions of {ctx.read('captions').address} may belong to other clips: {found.wrong}. "
            f"Compare the captions with the clips, {counted(len(rows), 'row')}, in the order of the clip index."
        )
