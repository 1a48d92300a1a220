"""`predict`: what the trained decoders make of held-out EEG."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.checkpoints import CHECKPOINTS
from eeg2vid.schemas.errors import MissingInputError, UsageError
from eeg2vid.schemas.predictions import PREDICTIONS, PredictionAttributes
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.cohort.folds import load_folds
from eeg2vid.stages.cohort.inputs import load_inputs
from eeg2vid.stages.cohort.people import gather
from eeg2vid.stages.decoding.conditioned import foreseen_places, inputs_wanted, read_of_fold, sources_of_folds
from eeg2vid.stages.decoding.needs import SIGNALS, TARGETS
from eeg2vid.stages.decoding.of_class import class_needs, class_values, why_no_classes
from eeg2vid.stages.decoding.prediction import joined_facts, models_by_fold, predict_fold, require_same_signals
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Read, Resources, Stage, Upstream, Write


class PredictSettings(Settings):
    """Settings of `predict`."""

    select: Literal["none", "validation"] = Field(
        "none", description="where several models decode one target: refuse, or take each fold's best on validation"
    )
    unseen: Literal["pooled", "own"] = Field(
        "pooled",
        description="how a person is standardised whom a pooled model was not trained on: by everybody's statistics, "
        "or by those of the person's own EEG that is not tested",
    )
    seed: int = Field(0, ge=0, lt=2**63, description="root of every random number (which run takes whose EEG)")


class Predict(Stage):
    """Decode the test events of every fold that was trained: class probabilities and values.

    A pooled model is one for everybody; each person's EEG is decoded by it. Condition `shuffled-runs`: each run is
    decoded from the EEG of another run of the same fold; all else stays the same. Whatever scores as well as `full`
    there is not decoded from the EEG. `shuffled-clips` takes another clip of the run, `noise-eeg` noise with the
    spectrum of the training EEG, `no-eeg` its mean. `class-predicted` and `class-true` make values of a class alone.
    """

    name = "predict"
    version = 3
    Settings = PredictSettings
    reads = {**SIGNALS, **TARGETS, "encoders": Read(CHECKPOINTS, "many"), "mappers": Read(CHECKPOINTS, "many")}
    writes = {"predictions": Write(PREDICTIONS, "subject")}
    acts = "predict"
    uses_torch = True
    divided = "one fold"
    panel = "Decode"
    resources = Resources(gpus=1, cpus=4, memory_gb=8, minutes=10)
    examples = (
        "eeg2vid predict --subject 17",
        "eeg2vid predict --variant mine --new --from mappers=train-mapper/latent-cnn",
    )

    def needs(self, settings: PredictSettings, condition: str, unit: Per) -> Needs:
        """Read what targets are loaded from only where values are made of a class."""
        return super().needs(settings, condition, unit).without(*TARGETS)

    def needs_under(self, needs: Needs, condition: str, upstream: Upstream) -> Needs:
        """Read the true values that are made of a class."""
        return class_needs(needs, condition, upstream)

    def refuses(self, settings: PredictSettings, condition: str, upstream: Upstream) -> str:
        """Refuse classes where none are decoded, or no values."""
        return why_no_classes(condition, upstream)

    def foreseen(self, ctx: Context) -> UsageError | None:
        """Refuse places to be changed where no event has another to change with."""
        return foreseen_places(ctx)

    def run(self, ctx: Context) -> None:
        """Predict fold by fold with every model."""
        settings: PredictSettings = ctx.settings
        checkpoints = [*ctx.read_many("encoders"), *ctx.read_many("mappers")]
        if not checkpoints:
            raise MissingInputError(
                "The recipe plans no encoder and no mapper; there is nothing to predict with.",
                "Name some: --from mappers=train-mapper/VARIANT, or a [train-mapper.VARIANT] table in eeg2vid.toml.",
            )
        for artifact in checkpoints:
            require_same_signals(ctx, artifact)
        models = models_by_fold(checkpoints, select=settings.select == "validation")
        cohort = gather(ctx)
        read = {fold: sorted({name for model in of_fold for name in model.signals}) for fold, of_fold in models.items()}
        folds = [one for fold, names in read.items() for one in load_folds(ctx, cohort, fold, names)]
        tested = [fold for fold in folds if fold.test.size]  # of a pooled model's folds, those that test this person
        if not tested:
            raise UsageError(
                f"None of the folds {', '.join(models)} tests subject {ctx.subject}.",
                "Train on folds that do, or divide anew: eeg2vid split",
            )
        wanted = {name for names in read.values() for name in names}
        inputs = load_inputs(ctx, inputs_wanted(ctx.condition, wanted), cohort)
        sources, made = sources_of_folds(ctx, cohort, tested), class_values(ctx, cohort, checkpoints)
        for part, [fold] in ctx.parts("folds", tested):
            given = read_of_fold(ctx, cohort, fold, inputs, read[fold.fold], sources[fold.fold])
            predict_fold(ctx, part, fold, models[fold.fold], cohort, inputs, given, settings.unseen, made)
        replaced = () if made is None else made.targets
        ctx.write("predictions").attributes(PredictionAttributes(targets=joined_facts(models, tuple(replaced))))
