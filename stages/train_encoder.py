"""`train-encoder`: EEG classifiers, one per fold and target."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS
from eeg2vid.schemas.decoding import DecodingSettings
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.networks import EncoderNetwork, GlmnetSettings
from eeg2vid.stages.decoding.needs import SIGNALS, TARGETS, training_needs
from eeg2vid.stages.decoding.refitting import require_refits
from eeg2vid.stages.decoding.training import train_folds
from eeg2vid.stages.decoding.upgrades import training_settings
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Printed, Resources, Stage, Write

PUBLISHED_THRESHOLD = 1.799  # of EEG2Video, on the motion scores that come with SEED-DV


class TrainEncoderSettings(DecodingSettings):
    """Settings of `train-encoder`."""

    network: EncoderNetwork = Field(GlmnetSettings(), description="classifier")
    targets: tuple[str, ...] = Field(
        ("concept", "fast"),
        min_length=1,
        description="what to classify, repeated: concept, group, color, fast, number, human, face",
    )
    permutations: int = Field(
        0,
        ge=0,
        le=100_000,
        description="relabelings of runs to which each model is fitted anew, so that `score` has an exact null over "
        "folds (lda); 0: none",
    )


class TrainEncoder(Stage):
    """Train classifiers of concept, motion and other labels on the training part of each fold.

    Scalers and the fast/slow threshold come from training events only; the validation block chooses
    epochs and is otherwise unseen until the final fit. Networks: GLMNet on band features or raw
    epochs (EEG2Video), shrinkage LDA. Where a data set brings no motion scores, `--fast-scores flow` takes
    those of `split-videos --motion`; only then are the stimuli read. `--pooled` trains one model on everybody.

    Condition `shuffled-training`, where named: trained anew after the clips of runs changed places within their blocks.
    """

    name = "train-encoder"
    version = 2
    Settings = TrainEncoderSettings
    reads = {**SIGNALS, **TARGETS}
    writes = {"encoders": Write(CHECKPOINTS, "subject")}
    acts = "train"
    uses_torch = True
    panel = "Decode"
    trains = True
    divided = "one target in one fold"
    prints = Printed(
        "encoders",
        "models",
        ("fold", "targets", "network", "train_events", "validation_scores", "best_epoch", "detail"),
        lines="eeg2vid.stages.services.training_lines:training_lines",
    )
    resources = Resources(gpus=1, cpus=4, memory_gb=8, minutes=30)
    examples = (
        "eeg2vid train-encoder --subject 17 --variant glmnet --new",
        "eeg2vid train-encoder --variant lda --new --network lda --targets concept --targets human",
        "eeg2vid train-encoder --targets fast --fast-scores flow",
        "eeg2vid train-encoder --variant lda --new --network lda --permutations 1000",
    )

    def needs(self, settings: TrainEncoderSettings, condition: str, unit: Per) -> Needs:
        """Read the inputs in use and what the targets come from."""
        return training_needs(super().needs(settings, condition, unit), "encoders", settings, unit)

    def upgraded_settings(self, settings: dict[str, Any], version: int) -> dict[str, Any] | None:
        """Version 1 named its targets `tasks`."""
        return training_settings(settings, version, self, {"targets": settings.get("tasks")})

    def run(self, ctx: Context) -> None:
        """Fit every target in every fold."""
        _require_own_units(ctx.settings)
        require_refits(ctx.settings)
        train_folds(ctx, "encoders")


def _require_own_units(settings: TrainEncoderSettings) -> None:
    """Refuse the published threshold on scores that it was not made for."""
    by_flow = settings.fast_scores == "flow" and "fast" in settings.targets
    if by_flow and settings.fast_threshold == PUBLISHED_THRESHOLD:
        raise UsageError(
            f"The published threshold {settings.fast_threshold:g} is of SEED-DV's own motion scores; "
            "flow scores are measured otherwise.",
            "Use --fast-scores data-set, or --protocol corrected: the median of the training clips.",
        )
