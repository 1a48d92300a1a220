"""Sentences about what was trained and decoded: networks, folds, training, video models, videos."""

from __future__ import annotations

from typing import Any, cast

from eeg2vid.schemas.checkpoints import TrainedModel
from eeg2vid.schemas.decoding import DecodingSettings
from eeg2vid.schemas.generators import Generator
from eeg2vid.schemas.networks import Network
from eeg2vid.schemas.video_models import VideoModel
from eeg2vid.stages.reporting.glossary import listed
from eeg2vid.stages.services.methods.made import Made, counted, spread


def trained(made: Made) -> list[str]:
    """Say what was trained to decode what, on whom, with how many parameters."""
    settings = cast(DecodingSettings, made.settings)
    network = cast(Network, settings.network)  # type: ignore[attr-defined]
    role = made.artifacts[0].address.role
    models = made.rows(role, "models", TrainedModel)
    reads = listed(list(dict.fromkeys(name for one in made.artifacts for name in one.attributes().inputs)))
    whose = "one model on everybody" if settings.pooled else "one model per person"
    folds = sorted({row.fold for row in models})
    targets = f"The target {settings.targets[0]} was"
    if len(settings.targets) > 1:
        targets = f"The targets {listed(list(settings.targets))} were"
    found = [
        f"{targets} decoded from {reads} by {network.methods()}.",
        f"There was {whose} and fold ({counted([len(folds)], 'fold', 'folds')}), trained on "
        f"{spread(row.train_events for row in models)} presentations, "
        f"{spread(row.validation_events for row in models)} validating; {_parameters(models)}.",
    ]
    if settings.validation_in_training:
        found.append("The validation events were also trained on, as in the published code.")
    if "fast" in settings.targets:
        cut = (
            "their median over the training clips"
            if settings.fast_threshold is None
            else f"{settings.fast_threshold:g}"
        )
        scores = {"data-set": "the data set's motion scores", "flow": "motion scores by dense optical flow"}
        found.append(f"A clip counted as fast by {scores[settings.fast_scores]}, from {cut} on.")
    if any(one.manifest.tables["history"].rows for one in made.of(role)):
        found.append(_training(settings, models))
    if settings.training.scaling == "own":
        found.append("Inputs were standardised part by part by their own mean and SD, as in the published code.")
    if getattr(settings, "permutations", 0):
        found.append(f"Every model was fitted anew to {settings.permutations} relabelings of runs.")  # type: ignore[attr-defined]
    return [*found, f"Random numbers followed from seed {settings.seed}."]


def _parameters(models: list[TrainedModel]) -> str:
    """Return the number of parameters by target."""
    sizes: dict[str, set[int]] = {}
    for row in models:
        sizes.setdefault(listed(list(row.targets)), set()).add(row.parameters)
    return "; ".join(f"{counted(found, 'parameter', 'parameters')} for {name}" for name, found in sizes.items())


def _training(settings: DecodingSettings, models: list[TrainedModel]) -> str:
    """Return how iterative networks were trained."""
    one = settings.training
    chosen = {row.best_epoch for row in models if row.best_epoch is not None}
    choice = {
        "loss": "the epoch with the least validation loss was kept",
        "accuracy": "the epoch with the best validation accuracy was kept",
        "last": "the last epoch was kept",
    }[one.selection]
    patience = f", stopped after {one.patience} epochs without a better validation" if one.patience else ""
    at = f" (epochs {spread(chosen)})" if chosen and one.selection != "last" else ""
    again = "; then the network was trained anew on training and validation events" if one.refit else ""
    weights = ", classes weighed alike" if one.class_weight == "balanced" else ""
    steps = f"{counted([one.epochs], 'epoch', 'epochs')} in batches of {one.batch_size}"
    return (
        f"Training took at most {steps} at a learning rate of {one.learning_rate:g} and a weight decay of "
        f"{one.weight_decay:g}{patience}{weights}; {choice}{at}{again}."
    )


def tuned(made: Made) -> list[str]:
    """Say how the network of clips was tuned."""
    settings: Any = made.settings
    models = made.rows(made.artifacts[0].address.role, "models", VideoModel)
    what = {"published": "queries and attention over time", "temporal": "attention over time"}
    inflation = settings.inflation
    learned = what.get(inflation.trained, f"attention over time and low-rank additions of rank {inflation.lora_rank}")
    noise = "each frame with its own noise" if settings.noise == "iid" else "part of the noise shared by the frames"
    if settings.noise == "mixed":
        share = f"{settings.beta:g}" if settings.beta is not None else None
        noise += f" ({share or f'{settings.beta_slow:g} in slow, {settings.beta_fast:g} in fast clips'})"
    clips = "the training clips of each fold" if settings.clips == "training" else f"the clips of {settings.clips}"
    looks = f"{inflation.self_attention} attention, group norm over one {inflation.group_norm}"
    steps = f"{counted([settings.steps], 'step', 'steps')} of {settings.batch_size} clips"
    return [
        f"The picture network {made.models} was inflated to clips ({looks}) and tuned on {clips}, "
        f"{spread(row.clips for row in models)} of them, in {steps} at a learning rate of {settings.learning_rate:g} "
        f"(AdamW, weight decay {settings.weight_decay:g}), {noise}; captions were left out in "
        f"{settings.caption_dropout:.0%}. Trained were {learned}, {spread(row.parameters for row in models)} "
        f"parameters; seed {settings.seed}."
    ]


def predicted(made: Made) -> list[str]:
    """Say what was decoded of whom."""
    settings: Any = made.settings
    targets = list(dict.fromkeys(name for one in made.artifacts for name in one.attributes().targets))
    chosen = ", each fold by the model best on its validation events" if settings.select == "validation" else ""
    return [f"The test presentations of every fold were decoded into {listed(targets)}{chosen}."]


def generated(made: Made) -> list[str]:
    """Say how videos came about."""
    settings: Any = made.settings
    generator = cast(Generator, settings.generator)
    weights = f" (weights: {made.models})" if made.models else ""
    counts = counted((one.manifest.arrays["frames"].shape[0] for one in made.of("videos")), "video", "videos")
    return [f"Videos were made by {generator.methods()}{weights}: {counts} of each person."]
