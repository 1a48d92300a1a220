"""Training one model of one fold: what the two training stages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eeg2vid.schemas.checkpoints import TrainedModel
from eeg2vid.schemas.entities import Electrode
from eeg2vid.stages.engine.protocol import Context

if TYPE_CHECKING:
    from eeg2vid.stages.networks.examples import Examples
    from eeg2vid.stages.store.work import WorkPart


@dataclass(frozen=True)
class Job:
    """What one model is trained for."""

    fold: str
    task: str
    threshold: float | None = None


def fit_and_store(
    ctx: Context,
    part: WorkPart,
    role: str,
    job: Job,
    *,
    train: Examples,
    validation: Examples,
    classes: tuple[str, ...] = (),
) -> None:
    """Train the settings' network on one fold and keep model and table row in a part.

    A stopped training leaves its state beside the part and goes on from there.
    """
    from eeg2vid.stages.networks.build import build, code_digest
    from eeg2vid.stages.networks.checkpoint import save_decoder
    from eeg2vid.stages.networks.context import UNITS, BuildContext, Sensor, TargetForm
    from eeg2vid.stages.training.state import FolderKeeper

    settings = ctx.settings
    if settings.training.scaling == "own":
        ctx.stamp("transductive scaling")
    shape = train.targets[job.task].shape[1:]
    electrodes = ctx.read("features").table("electrodes", Electrode)
    decoder = build(
        settings.network,
        context=BuildContext(
            inputs=train.inputs.shapes(),
            targets=(TargetForm(job.task, "label", classes) if classes else TargetForm(job.task, "value", (), shape),),
            electrodes=tuple(Sensor(row.electrode, row.x, row.y, row.z) for row in electrodes),
            sfreq_hz=ctx.read("epochs").attributes().sfreq if "epochs" in train.inputs.arrays else None,
            units={name: UNITS[name] for name in train.inputs.arrays if name in UNITS},
        ),
        training=settings.training,
    )
    report = decoder.fit(
        train,
        validation if len(validation) else None,
        seed=ctx.seed(job.fold, job.task),
        device=ctx.device,
        should_stop=ctx.should_stop,
        keeper=FolderKeeper(part.state, ctx.save_every_s, code_digest()),
    )
    path = f"{job.fold}/{job.task}"
    save_decoder(part.model_folder(role, path), decoder)
    row = TrainedModel(
        fold=job.fold,
        task=job.task,
        path=path,
        network=settings.network.name,
        parameters=decoder.parameters(),
        train_events=report.train_events,
        validation_events=report.validation_events,
        validation_score=report.score,
        threshold=job.threshold,
        detail=report.detail,
    )
    part.rows(role, "models", [row])
