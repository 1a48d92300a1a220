"""What a unit that trains reads and writes: it follows from its inputs, its targets and whom it trains on."""

from __future__ import annotations

from dataclasses import replace

from eeg2vid.schemas.checkpoints import CHECKPOINTS
from eeg2vid.schemas.decoding import DecodingSettings, encoders_of
from eeg2vid.schemas.embeddings import EMBEDDINGS
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.features import EPOCHS, FEATURES
from eeg2vid.schemas.latents import LATENTS
from eeg2vid.schemas.percepts import PERCEPTS
from eeg2vid.schemas.recordings import CLIPS, EVENTS
from eeg2vid.schemas.splits import FOLDS
from eeg2vid.schemas.videos import VIDEOS
from eeg2vid.stages.cohort.inputs import roles_of
from eeg2vid.stages.engine.stage import Needs, Per, Read, Whose, Write
from eeg2vid.stages.targets.table import find_targets

SIGNALS = {"epochs": Read(EPOCHS), "features": Read(FEATURES), "events": Read(EVENTS), "folds": Read(FOLDS)}
TARGETS = {
    "clips": Read(CLIPS),
    "latents": Read(LATENTS),
    "text": Read(EMBEDDINGS),
    "percepts": Read(PERCEPTS),
    "stimuli": Read(VIDEOS),
}
"""All that the targets of the table are loaded from."""


def inputs_of(settings: DecodingSettings) -> tuple[str, ...]:
    """Return the names of the inputs: those given, else the network's own."""
    network = settings.network  # type: ignore[attr-defined]  # a stage's settings add it
    return tuple(settings.inputs or type(network).inputs)


def training_needs(needs: Needs, role: str, settings: DecodingSettings, unit: Per) -> Needs:
    """Return what a kind of unit needs: a pooled model is the study's and reads everybody's EEG."""
    if settings.pooled != (unit == "study"):
        return replace(needs, reads={}, writes={})
    whose: Whose = "all" if settings.pooled else "own"
    names = inputs_of(settings)
    encoders = encoders_of(names)
    wanted = {
        *(SIGNALS if encoders else roles_of(names)),
        "events",
        "folds",
    }  # which of them an encoder reads, it knows
    reads = {name: replace(read, whose=whose) for name, read in SIGNALS.items() if name in wanted}
    if settings.pooled:
        reads["clips"] = TARGETS["clips"]  # which clips show one film, whoever saw them
    if encoders:
        if role == "encoders" or len(encoders) > 1:
            raise UsageError(
                f"Inputs {', '.join(names)}: one encoder can be read, and by a mapper.",
                "Train a mapper on it: eeg2vid train-mapper --inputs encoder:VARIANT",
            )
        reads["encoders"] = Read(CHECKPOINTS, variant=encoders[0])
    for target in find_targets(settings.targets):
        for name, read in target.reads(settings).items():
            if reads.setdefault(name, read) != read:
                raise UsageError(
                    f"Targets {', '.join(settings.targets)} come from different variants of role '{name}'.",
                    "Train them in variants of their own.",
                )
    for name in settings.network.also_reads():  # type: ignore[attr-defined]
        reads.setdefault(name, TARGETS[name])
    resources = replace(needs.resources, memory_gb=needs.resources.memory_gb * (4 if settings.pooled else 1))
    return replace(needs, reads=reads, writes={role: Write(CHECKPOINTS, unit)}, resources=resources)
