"""What a network learns from another one: `encoder:VARIANT` is what that encoder of the same fold makes of the EEG.

The encoder is frozen, and its vectors of training events are in sample: it has learned from these events (as the
published systems have it). It is kept with the model that reads it, so that what is stored can be used alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2vid.schemas.checkpoints import CheckpointAttributes, TrainedModel
from eeg2vid.schemas.decoding import ENCODER, encoders_of
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.foreign import is_foreign
from eeg2vid.stages.engine.protocol import Context

if TYPE_CHECKING:
    from eeg2vid.stages.networks.decoder import Decoder
    from eeg2vid.stages.training.inputs import Inputs
    from eeg2vid.stages.training.scaler import Unseen

Encoders = Mapping[str, Sequence["Decoder"]]  # by name of the input
_FOLDER = "encoders"


def signals_of(ctx: Context, names: Sequence[str]) -> tuple[str, ...]:
    """Return the inputs that are read from EEG artifacts: those named, and those of the encoders named."""
    own = [name for name in names if not name.startswith(ENCODER)]
    if encoders_of(names):
        attributes: CheckpointAttributes = ctx.read("encoders").attributes()
        own += attributes.inputs
    return tuple(dict.fromkeys(own))


def fold_encoders(ctx: Context, names: Sequence[str], fold: str) -> Encoders:
    """Return the encoders that a fold's network reads.

    Raises
    ------
    UsageError
        If the encoder was not trained on this fold: that of another has seen this one's test events.
    """
    from eeg2vid.stages.networks.checkpoint import load_decoder

    found = {}
    for variant in encoders_of(names):
        artifact = ctx.read("encoders")
        rows = [row for row in artifact.table("models", TrainedModel) if row.fold == fold]
        if not rows:
            raise UsageError(
                f"{artifact.address} has no model of fold '{fold}', and that of another fold has seen its test events.",
                "Train both with the same --folds.",
            )
        found[f"{ENCODER}{variant}"] = [load_decoder(artifact.model(row.path), row.targets[0]) for row in rows]
    return found


def keep_encoders(folder: Path, encoders: Encoders) -> None:
    """Keep encoders in the folder of the model that reads them."""
    from eeg2vid.stages.networks.checkpoint import save_decoder

    for name, decoders in encoders.items():
        for k, decoder in enumerate(decoders):
            save_decoder(folder / _FOLDER / name.removeprefix(ENCODER) / str(k), decoder)


def kept_encoders(folder: Path, names: Sequence[str]) -> Encoders:
    """Return the encoders that are kept with a model."""
    from eeg2vid.stages.networks.checkpoint import load_decoder

    places = {f"{ENCODER}{variant}": folder / _FOLDER / variant for variant in encoders_of(names)}
    return {name: [load_decoder(one) for one in _numbered(place)] for name, place in places.items()}


def _numbered(folder: Path) -> list[Path]:
    """Return the encoders in the order in which the model read them: 2 before 10."""
    return sorted((one for one in folder.iterdir() if not is_foreign(one.name)), key=lambda one: int(one.name))


def embedded(
    inputs: Inputs,
    names: Sequence[str],
    encoders: Encoders,
    device: str,
    *,
    unseen: Unseen = "pooled",
    own: Inputs | None = None,
) -> Inputs:
    """Return the named inputs of some events; those of encoders are computed."""
    import numpy as np

    from eeg2vid.stages.training.inputs import Inputs

    if not encoders:
        return inputs.only(names)
    arrays = {name: inputs.gather(name) for name in names if name not in encoders}
    for name, decoders in encoders.items():
        vectors = [
            decoder.embed(
                inputs.only(decoder.context.inputs),
                device=device,
                unseen=unseen,
                own=None if own is None else own.only(decoder.context.inputs),
            )
            for decoder in decoders
        ]
        arrays[name] = np.concatenate(vectors, axis=1)
    return Inputs(arrays, person=inputs.people(), subjects=inputs.subjects)
