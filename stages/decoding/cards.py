"""What a card of trained models needs to know besides manifest and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eeg2vid.schemas.manifest import Manifest
from eeg2vid.schemas.predictions import PREDICTIONS
from eeg2vid.stages.cohort.inputs import ROLES
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.exchange.cards import CardFacts, Port, card
from eeg2vid.stages.store.reader import Artifact
from eeg2vid.stages.store.writer import Derive


def decoder_card(
    ctx: Context,
    people: Sequence[str],
    names: Sequence[str],
    shapes: Mapping[str, tuple[int, ...]],
    classes: Mapping[str, tuple[str, ...]],
) -> Derive:
    """Return what writes the card of decoders.

    Parameters
    ----------
    ctx
        The unit.
    people
        Learned from.
    names
        The networks' inputs: signals, or encoders of other artifacts.
    shapes
        Of one event, by value target.
    classes
        By label target.
    """
    inputs = [_port(ctx, name, people[0]) for name in names]
    outputs = [Port(name, _axes(name, shape), shape, "1") for name, shape in shapes.items()]
    outputs += [Port(name, ("class",), (len(found),), "1") for name, found in classes.items()]
    first = ctx.read_each("events")[people[0]]
    return _writes(CardFacts(_stage(ctx), _data(ctx, first), tuple(people), tuple(inputs), tuple(outputs), classes))


def video_model_card(ctx: Context, frames: int, latents: Sequence[int], text: Sequence[int]) -> Derive:
    """Return what writes the card of tuned video models: of clips with so many frames, latents and text states."""
    clip = Port("latents", ("frame", "channel", "latent row", "latent column"), (frames, *latents), "scaled latents")
    words = Port("text", ("token", "state"), tuple(text), "1")
    first = next(iter(ctx.read_each("events").values()))
    return _writes(CardFacts(_stage(ctx), _data(ctx, first), inputs=(words, clip), outputs=(clip,)))


def _stage(ctx: Context) -> Any:
    return ctx.study.stages[ctx.node.stage]


def _axes(name: str, shape: Sequence[int]) -> tuple[str, ...]:
    """Return what predictions call the axes of a target."""
    spec = PREDICTIONS.spec_of(name, len(shape) + 1)
    return spec.dims[1:] if spec else ()


def _writes(facts: CardFacts) -> Derive:
    def write(manifest: Manifest, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
        address = f"{manifest.stage}/{manifest.variant}/{manifest.unit}/{manifest.role}"
        return card(manifest, tables, facts, f"eeg2vid export '{address}' --out models")

    return write


def _port(ctx: Context, name: str, subject: str) -> Port:
    """Return an input: of a stored signal all is known, of another network's states only whose."""
    if name not in ROLES:
        return Port(name, (), (), "states of that encoder")
    entry = ctx.read_each(ROLES[name])[subject].entries[name]
    return Port(name, entry.dims[1:], entry.shape[1:], entry.unit)


def _data(ctx: Context, artifact: Artifact) -> str:
    """Return the name of the data set's folder, from whichever ancestor read it."""
    roots = (one.manifest.source_root for one in ctx.ancestry(artifact))
    return next((Path(root).name for root in roots if root), "")
