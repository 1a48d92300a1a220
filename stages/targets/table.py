"""The one table of targets. Nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Sequence

from eeg2vid.schemas.embeddings import EMBEDDINGS
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.latents import LATENTS
from eeg2vid.stages.engine.text import did_you_mean
from eeg2vid.stages.targets.fast import Fast
from eeg2vid.stages.targets.labels import Label
from eeg2vid.stages.targets.percept import PREFIX, Percept, percept_of
from eeg2vid.stages.targets.target import Target
from eeg2vid.stages.targets.values import ClipValue

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Label("concept", "which of the concepts is shown"),
        Label("group", "which of nine coarse groups of concepts"),
        Label("color", "the main colour, of the clips that have one"),
        Fast("fast", "whether much moves: the motion score against a threshold"),
        Label("number", "one object, two, or many"),
        Label("human", "whether a human is shown"),
        Label("face", "whether a face is shown, of the clips with a human"),
        ClipValue("latents", "VAE latents of every frame", "latents", LATENTS, "latents", "eeg2vid encode-latents"),
        ClipValue("text", "text states of the caption", "text", EMBEDDINGS, "text_states", "eeg2vid encode-text"),
        ClipValue("pooled", "pooled text embedding", "text", EMBEDDINGS, "pooled", "eeg2vid encode-text"),
        Percept("image", "CLIP's image embedding of the key frame", "image-encoder", "image"),
    )
}


def find_targets(names: Sequence[str]) -> list[Target]:
    """Return targets by name.

    Raises
    ------
    UsageError
        If there is no such target, or one is named twice.
    """
    found = []
    for name in names:
        if name not in TARGETS and not name.startswith(PREFIX):
            raise UsageError(f"There is no target '{name}'.{did_you_mean(name, TARGETS)}")
        if list(names).count(name) > 1:
            raise UsageError(f"Target '{name}' is named twice.")
        found.append(TARGETS[name] if name in TARGETS else percept_of(name))
    return found
