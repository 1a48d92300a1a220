"""Tuned video models as `generate` uses them: none that learned what it is to show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.splits import LEAK
from eeg2vid.schemas.video_models import LearnedClip, VideoModel, VideoModelAttributes
from eeg2vid.schemas.videos import VideoKey
from eeg2vid.stages.engine.protocol import Context


def tuned_models(ctx: Context, keys: Sequence[VideoKey]) -> dict[str, Path]:
    """Return the folder of each fold's tuned network; none where the generator uses none.

    Parameters
    ----------
    ctx
        The unit at work.
    keys
        The clips that are to be made.

    Raises
    ------
    UsageError
        If a model learned a clip that its fold tests, and no stamp says so: it was tuned along another split.
    BadDataError
        If the models were tuned on latents of another VAE than the profile's.
    """
    if "video_models" not in ctx.settings.generator.also_reads():
        return {}
    artifact = ctx.read("video_models")
    facts: VideoModelAttributes = artifact.attributes()
    vae = ctx.model("vae").identity
    if facts.vae not in ("", vae):
        raise BadDataError(
            f"{artifact.address} was tuned on latents of the VAE {facts.vae}, but the profile's is {vae}.",
            "Name the profile that it was tuned with, --models, or tune anew: eeg2vid finetune-video",
        )
    models = artifact.table("models", VideoModel)
    if f"{LEAK}clips" not in artifact.manifest.stamps:
        fold_of = {row.path: row.fold for row in models}
        learned = {(fold_of.get(row.path, ""), row.clip) for row in artifact.table("clips", LearnedClip)}
        known = next((key for key in keys if (key.fold, key.clip) in learned), None)
        if known is not None:
            raise UsageError(
                f"{artifact.address} learned clip '{known.clip}', which is tested in fold '{known.fold}': it would be "
                "remembered, not decoded.",
                "Tune along the split that is decoded: eeg2vid finetune-video --from folds=split/VARIANT",
            )
    return {row.fold: artifact.model(row.path) for row in models}
