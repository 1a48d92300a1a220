"""Tuning a video model in every fold, and keeping adapters, rows and histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.embeddings import TextAttributes
from eeg2vid.schemas.entities import Clip
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.latents import LatentAttributes
from eeg2vid.schemas.splits import LEAK
from eeg2vid.schemas.video_models import LearnedClip, TunedPass, VideoModel, VideoModelAttributes
from eeg2vid.stages.cohort.clips import rows_of_clips, with_measured_motion
from eeg2vid.stages.cohort.learned import Learned, learned_clips
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.store.code import code_record, source_digest

if TYPE_CHECKING:
    import numpy as np
    from diffusers import UNet2DConditionModel

    from eeg2vid.stages.diffusion.schedule import Schedule
    from eeg2vid.stages.store.part import WorkPart

_ROOMS = (
    "eeg2vid.schemas.finetuning",
    "eeg2vid.schemas.inflation",
    "eeg2vid.stages.cohort",
    "eeg2vid.stages.datasets.labels",
    "eeg2vid.stages.decoding.tuning",
    "eeg2vid.stages.diffusion",
    "eeg2vid.stages.engine.seeding",
    "eeg2vid.stages.pretrained",
    "eeg2vid.stages.training",
)
"""What decides clips, order and steps: a tuning begun by other code of these rooms starts anew."""


@dataclass(frozen=True)
class Material:
    """All that is learned from, read once for all folds.

    Attributes
    ----------
    place
        Row of each clip in the arrays.
    latents
        `(clip, frame, channel, row, column)`.
    states
        Of the captions, `(clip, token, channel)`.
    empty
        Of no caption, `(token, channel)`; None: captions are never left out.
    motion
        Each clip's row of the index with the motion score that counts; empty where none does.
    schedule
        Of the noise.
    """

    place: Mapping[str, int]
    latents: np.ndarray
    states: np.ndarray
    empty: np.ndarray | None
    motion: Mapping[str, Clip]
    schedule: Schedule


def tune_folds(ctx: Context, role: str) -> None:
    """Tune a video model in every fold in use, on the clips that it may learn."""
    from eeg2vid.stages.diffusion.schedule import load_schedule

    settings = ctx.settings
    folds = learned_clips(ctx, settings.clips, settings.folds, validation_in_training=settings.validation_in_training)
    for fold in folds:
        _refuse_leak(ctx, fold)
    schedule = load_schedule(ctx.model("scheduler").folder)
    material = _read(ctx, folds, schedule)
    for part, [fold] in ctx.parts("video models", folds):
        _tune(ctx, part, role, fold, material)
    latents: LatentAttributes = ctx.read("latents").attributes()
    text: TextAttributes = ctx.read("text").attributes()
    ctx.write(role).attributes(
        VideoModelAttributes(
            base=ctx.model("unet").identity,
            prediction=schedule.prediction,
            vae=latents.vae,
            text_encoder=text.text_encoder,
            frames=material.latents.shape[1],
            fps=latents.fps,
            noise=settings.noise,
        )
    )


def _refuse_leak(ctx: Context, fold: Learned) -> None:
    """Refuse to learn what is tested, unless it is asked for: then it is stamped."""
    if fold.left_out:
        ctx.reporter.remark(
            f"{ctx.node}: fold '{fold.fold}' learns {len(fold.train)} clips; {fold.left_out} more train in somebody, "
            "but are kept apart in another."
        )
    if fold.leak and not ctx.settings.allow_leak:
        raise UsageError(
            f"Fold '{fold.fold}' would learn what is kept apart in it: {fold.leak}.",
            "Learn the clips that train, --clips training; name --folds that leave the block in training (where it "
            "validates, --validation-in-training lets it); or force it, and have it stamped: --allow-leak",
        )
    if fold.leak:
        ctx.stamp(f"{LEAK}clips")


def _read(ctx: Context, folds: list[Learned], schedule: Schedule) -> Material:
    """Read the clips that any fold needs, once."""
    import numpy as np

    wanted = list(dict.fromkeys(clip for fold in folds for clip in (*fold.train, *fold.validation)))
    arrays = []
    for role, array in (("latents", "latents"), ("text", "text_states")):
        artifact = ctx.read(role)
        rows = rows_of_clips(artifact, wanted)
        first, last = int(rows.min()), int(rows.max()) + 1  # one read: each chunk is decoded once
        arrays.append(np.ascontiguousarray(artifact.read(array, slice(first, last))[rows - first]))
    latents, states = arrays
    motion: dict[str, Clip] = {}
    if ctx.settings.by_motion():
        index = {clip.clip: clip for clip in ctx.read("clips").table("clips", Clip)}
        clips = [index[clip] for clip in wanted]
        if ctx.settings.fast_scores == "flow":
            clips = with_measured_motion(ctx.read_optional("stimuli"), clips)
        motion = {clip.clip: clip for clip in clips}
    return Material(
        {clip: row for row, clip in enumerate(wanted)}, latents, states, _empty(ctx, states), motion, schedule
    )


def _empty(ctx: Context, states: np.ndarray) -> np.ndarray | None:
    """Return the states of no caption, of the encoder that encoded the others; None where no caption is left out."""
    from eeg2vid.stages.pretrained.text import load_text_encoder

    if not ctx.settings.caption_dropout:
        return None
    artifact, encoder = ctx.read("text"), ctx.model("text_encoder")
    told = artifact.attributes().text_encoder
    found = load_text_encoder(encoder.folder, ctx.model("tokenizer").folder).encode([""]).states[0]
    if told not in ("", encoder.identity) or found.shape != states.shape[1:]:
        raise BadDataError(
            f"{artifact.address} was encoded by another text encoder ({states.shape[1:]} of {told or 'unknown'}) than "
            f"the profile's ({found.shape} of {encoder.identity}): it cannot say what no caption is.",
            "Name the profile whose encoder made the states, --models, or leave no captions out: --caption-dropout 0",
        )
    return found


def _betas(ctx: Context, fold: Learned, material: Material) -> np.ndarray:
    """Return the shared part of each clip's noise, float64 `(clip,)`: slow or fast by the clips that are learned."""
    import numpy as np

    from eeg2vid.stages.datasets.labels import fast_threshold

    settings = ctx.settings
    if not settings.by_motion():
        return np.full(len(material.place), settings.beta_slow if settings.beta is None else settings.beta)
    without = next((clip for clip in fold.train if material.motion[clip].optical_flow is None), None)
    if without is not None:
        raise BadDataError(
            f"Clip '{without}' has no motion score, so it is not known how much of its noise its frames share.",
            "Measure them and say so:\n  eeg2vid split-videos --motion\n  eeg2vid finetune-video --fast-scores flow\n"
            "or share the same in all clips, --beta 0.3, or none, --noise iid.",
        )
    cut = settings.fast_threshold or fast_threshold([material.motion[clip] for clip in fold.train])
    fast = [(material.motion[clip].optical_flow or 0.0) >= cut for clip in material.place]
    return np.where(fast, settings.beta_fast, settings.beta_slow)


def _tune(ctx: Context, part: WorkPart, role: str, fold: Learned, material: Material) -> None:
    """Tune one model and keep it with its rows; a stopped tuning leaves its state beside the part and goes on there."""
    import numpy as np

    from eeg2vid.stages.diffusion.finetuning import Films, Tuner, tune
    from eeg2vid.stages.diffusion.inflated import InflatedUNet
    from eeg2vid.stages.pretrained.unet import load_unet
    from eeg2vid.stages.training.loop import Watch
    from eeg2vid.stages.training.randomness import seeded
    from eeg2vid.stages.training.state import FolderKeeper

    settings, base = ctx.settings, ctx.model("unet")
    unet = load_unet(base.folder, ctx.device)
    _require_fit(ctx, unet, material)
    with seeded(ctx.seed(fold.fold, "first weights"), ctx.device):
        net = InflatedUNet.inflate(unet, settings.inflation, base.identity)
    if settings.gradient_checkpointing:
        net.enable_gradient_checkpointing()
    beta = _betas(ctx, fold, material)

    def films(clips: tuple[str, ...]) -> Films:
        chosen = np.array([material.place[clip] for clip in clips], dtype=np.int64)
        return Films(material.latents, material.states, beta, chosen, ctx.device)

    told = _some(fold.validation, settings.validation_clips)
    tuner = Tuner(net, material.schedule, settings, len(fold.train), material.empty, ctx.device)
    passes = tune(
        tuner,
        films(fold.train),
        films(told) if told else None,
        seed=ctx.seed(fold.fold),
        watch=Watch(
            progress=lambda done, total, text: ctx.reporter.within(f"{fold.fold} {text}", done, total),
            should_stop=ctx.should_stop,
            keeper=FolderKeeper(part.state, ctx.save_every_s, code_record(source_digest(_ROOMS))),
        ),
    )
    net.save_pretrained(part.model_folder(role, fold.fold))
    last = passes[-1][1]
    row = VideoModel(
        fold=fold.fold,
        path=fold.fold,
        clips=len(fold.train),
        left_out=fold.left_out,
        validation_clips=len(told),
        steps=settings.steps,
        parameters=sum(weight.numel() for weight in tuner.learned),
        train_loss=last.train_loss,
        validation_loss=last.validation_loss,
    )
    part.rows(role, "models", [row])
    part.rows(role, "clips", [LearnedClip(path=fold.fold, clip=clip) for clip in fold.train])
    part.rows(
        role,
        "history",
        [
            TunedPass(path=fold.fold, step=step, train_loss=one.train_loss, validation_loss=one.validation_loss)
            for step, one in passes
        ],
    )


def _some(clips: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return clips evenly spread over those given, at most so many."""
    return clips[:: -(-len(clips) // most)][:most] if clips and most else ()


def _require_fit(ctx: Context, unet: UNet2DConditionModel, material: Material) -> None:
    """Refuse latents and states that the network does not read."""
    for role, found, wanted, what in (
        ("latents", material.latents.shape[2], unet.config.in_channels, "channels of latents"),
        ("text", material.states.shape[2], unet.config.cross_attention_dim, "channels of text states"),
    ):
        if found != wanted:
            raise BadDataError(
                f"{ctx.read(role).address} holds {found} {what}, but the UNet of {ctx.model('unet').name} reads "
                f"{wanted}.",
                "Encode clips and captions with the profile that is tuned: eeg2vid encode-latents, encode-text",
            )
