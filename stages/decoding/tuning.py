"""Tuning a video model in every fold, and keeping adapters, rows, histories and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eeg2vid.schemas.embeddings import TextAttributes
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.latents import LatentAttributes
from eeg2vid.schemas.splits import LEAK
from eeg2vid.schemas.video_models import LearnedClip, TunedPass, VideoModel, VideoModelAttributes
from eeg2vid.schemas.words import counted
from eeg2vid.stages.cohort.learned import Learned, clips_to_learn
from eeg2vid.stages.decoding.cards import video_model_card
from eeg2vid.stages.decoding.films import Material, betas_of, read_material, require_fit
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.exchange.cards import CARD
from eeg2vid.stages.store.code import code_record, source_digest
from eeg2vid.stages.store.files import link_or_copy

if TYPE_CHECKING:
    import numpy as np

    from eeg2vid.stages.diffusion.finetuning import Tuner
    from eeg2vid.stages.diffusion.inflated import InflatedUNet
    from eeg2vid.stages.diffusion.schedule import Schedule
    from eeg2vid.stages.store.part import WorkPart
    from eeg2vid.stages.training.loop import Report
    from eeg2vid.stages.training.state import EpochRow

_ROOMS = (
    "eeg2vid.schemas.finetuning",
    "eeg2vid.schemas.inflation",
    "eeg2vid.stages.cohort",
    "eeg2vid.stages.datasets.labels",
    "eeg2vid.stages.decoding.films",
    "eeg2vid.stages.decoding.tuning",
    "eeg2vid.stages.diffusion",
    "eeg2vid.stages.engine.seeding",
    "eeg2vid.stages.pretrained",
    "eeg2vid.stages.training",
)
"""What decides clips, order and steps: a tuning begun by other code of these rooms starts anew."""


def tune_folds(ctx: Context, role: str) -> None:
    """Tune a video model in every fold in use, on the clips that it may learn."""
    from eeg2vid.stages.diffusion.schedule import load_schedule

    settings = ctx.settings
    folds = clips_to_learn(ctx, settings.clips, settings.folds, validation_in_training=settings.validation_in_training)
    for fold in folds:
        _refuse_leak(ctx, fold)
    schedule = load_schedule(ctx.model("scheduler").folder)
    material = read_material(ctx, folds)
    for part, [fold] in ctx.parts("video models", folds):
        _tune(ctx, part, role, fold, material, schedule)
    latents: LatentAttributes = ctx.read("latents").attributes()
    text: TextAttributes = ctx.read("text").attributes()
    writer = ctx.write(role)
    shapes = (material.latents.shape, material.states.shape)
    writer.derived(CARD, video_model_card(ctx, shapes[0][1], shapes[0][2:], shapes[1][1:]))
    writer.attributes(
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
            f"{ctx.node}: fold '{fold.fold}' learns {counted(len(fold.train), 'clip')}; {fold.left_out} "
            f"more train in somebody, "
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


def _tune(ctx: Context, part: WorkPart, role: str, fold: Learned, material: Material, schedule: Schedule) -> None:
    """Tune one model and keep it; a stopped tuning leaves its state and pictures beside the part and goes on there."""
    from eeg2vid.stages.diffusion.finetuning import Films, Tuner, tune
    from eeg2vid.stages.diffusion.replicas import devices_of
    from eeg2vid.stages.diffusion.sheets import draw_losses
    from eeg2vid.stages.training.loop import Watch
    from eeg2vid.stages.training.state import FolderKeeper

    settings = ctx.settings
    devices = devices_of(ctx.device, settings.batch_size)
    net = _network(ctx, fold, material, devices[0])
    beta = betas_of(ctx, fold, material)
    told = _some(fold.validation, settings.validation_clips)
    films, held = (
        Films(material.latents, material.states, beta, material.rows(clips), devices[0]) for clips in (fold.train, told)
    )
    tuner = Tuner(net, schedule, settings, len(fold.train), material.empty, devices)
    pictures = part.state / "pictures"
    with stopping.at(f"fold {fold.fold}"):
        passes = tune(
            tuner,
            films,
            held if told else None,
            seed=ctx.seed(fold.fold),
            watch=Watch(
                report=_sheets(ctx, fold, material, schedule, beta, tuner, pictures) if settings.sample_every else None,
                progress=lambda done, total, text: ctx.reporter.within(f"{fold.fold} {text}", done, total),
                should_stop=ctx.should_stop,
                keeper=FolderKeeper(part.state, ctx.save_every_s, code_record(source_digest(_ROOMS))),
            ),
        )
    net.save_pretrained(part.model_folder(role, fold.fold))
    part.media(role, f"{fold.fold}/loss.png").write_bytes(draw_losses(passes))
    for picture in sorted(pictures.glob("*.png")):
        link_or_copy(picture, part.media(role, f"{fold.fold}/{picture.name}"))
    _keep_rows(ctx, part, role, fold, len(told), sum(weight.numel() for weight in tuner.learned), passes)


def _network(ctx: Context, fold: Learned, material: Material, device: str) -> InflatedUNet:
    from eeg2vid.stages.diffusion.inflated import InflatedUNet
    from eeg2vid.stages.pretrained.unet import load_unet
    from eeg2vid.stages.training.randomness import seeded

    base = ctx.model("unet")
    unet = load_unet(base.folder, device)
    require_fit(ctx, unet, material)
    with seeded(ctx.seed(fold.fold, "first weights"), device):
        net = InflatedUNet.inflate(unet, ctx.settings.inflation, base.identity)
    if ctx.settings.gradient_checkpointing:
        net.enable_gradient_checkpointing()
    return net


def _sheets(
    ctx: Context, fold: Learned, material: Material, schedule: Schedule, beta: np.ndarray, tuner: Tuner, folder: Path
) -> Report:
    """Return what draws a sheet of some clips after every so many steps, in whole passes."""
    from eeg2vid.stages.diffusion.sampler import Sampler
    from eeg2vid.stages.diffusion.sheets import Sheets
    from eeg2vid.stages.pretrained.vae import load_vae

    settings, clips = ctx.settings, _some(fold.validation or fold.train, ctx.settings.sample_clips)
    rows = material.rows(clips)
    assert material.empty is not None  # it was read, for sheets are drawn
    sheets = Sheets(
        load_vae(ctx.model("vae").folder, tuner.device),
        Sampler(schedule, settings.sampling),
        material.latents[rows],
        material.states[rows],
        material.empty,
        beta=beta[rows] if settings.noise == "mixed" else 0 * beta[rows],
        seeds=[ctx.seed("sheet", clip) for clip in clips],
        device=tuner.device,
        precision=settings.precision,
    )

    def report(row: EpochRow, planned: int) -> None:
        before, now = tuner.steps_until(row.epoch - 1), tuner.steps_until(row.epoch)
        if now // settings.sample_every > before // settings.sample_every:
            folder.mkdir(parents=True, exist_ok=True)
            sheets.write(folder / f"step-{now:06d}.png", tuner.net)

    return report


def _keep_rows(
    ctx: Context,
    part: WorkPart,
    role: str,
    fold: Learned,
    told: int,
    parameters: int,
    passes: list[tuple[int, EpochRow]],
) -> None:
    last = passes[-1][1]
    row = VideoModel(
        fold=fold.fold,
        path=fold.fold,
        clips=len(fold.train),
        left_out=fold.left_out,
        validation_clips=told,
        steps=ctx.settings.steps,
        parameters=parameters,
        train_loss=last.train_loss,
        validation_loss=last.validation_loss,
    )
    history = [
        TunedPass(path=fold.fold, step=step, train_loss=one.train_loss, validation_loss=one.validation_loss)
        for step, one in passes
    ]
    part.rows(role, "models", [row])
    part.rows(role, "clips", [LearnedClip(path=fold.fold, clip=clip) for clip in fold.train])
    part.rows(role, "history", history)


def _some(clips: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Return clips evenly spread over those given, at most so many."""
    return clips[:: -(-len(clips) // most)][:most] if clips and most else ()
