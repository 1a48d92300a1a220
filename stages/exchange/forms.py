"""The one table of what can come from files without ids: whose rows, which table, which attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import ClipKey, EpochKey, Row
from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.schemas.videos import VideoKey, key_alone
from eeg2vid.stages.exchange.foreign import MULTIPLE
from eeg2vid.stages.exchange.items import Item, Known

Sizes = Mapping[str, int]
_SD_SCALING = 0.18215  # of Stable Diffusion's VAE, whose latents the published files are


@dataclass(frozen=True)
class Form:
    """How a schema is filled from arrays or videos without ids.

    Attributes
    ----------
    table
        The table with one row per item; empty: the one of the array's own name.
    row
        Makes that row.
    attributes
        Attributes that the sizes, the workspace and the field's habits suggest.
    whole
        Every event must be there.
    others
        Tables that come from the workspace.
    tested
        Only test events may be in it: the row names the fold.
    """

    table: str
    row: Callable[[Item, Known], Row]
    attributes: Callable[[Sizes, Known, Sequence[Item]], dict[str, Any]]
    whole: bool = False
    others: Mapping[str, Callable[[Known], Sequence[Row]]] | None = None
    tested: bool = False


def _nothing(*_: object) -> dict[str, Any]:
    return {}


def _event_key(item: Item, _: Known) -> EpochKey:
    assert item.event is not None
    return EpochKey(event=item.event.event, clip=item.clip.clip)


def _clip_key(item: Item, _: Known) -> ClipKey:
    return ClipKey(clip=item.clip.clip)


def _video_key(item: Item, known: Known) -> VideoKey:
    if item.event is None:
        return key_alone(item.clip.clip) if known.subject is not None else VideoKey(clip=item.clip.clip)
    return VideoKey(clip=item.clip.clip, event=item.event.event, fold=fold_of(item, known))


def _prediction_key(item: Item, known: Known) -> PredictionKey:
    event = item.event
    assert event is not None
    run = f"{event.session}/{event.run}"
    fold = fold_of(item, known)
    return PredictionKey(event=event.event, clip=event.clip, run=run, fold=fold, source_event=event.event)


def fold_of(item: Item, known: Known) -> str:
    """Return the fold that tests an event.

    Raises
    ------
    BadDataError
        If none does: what was decoded from training events is no result.
    """
    assert item.event is not None
    fold = known.folds.get(item.event.event)
    if fold is None:
        raise BadDataError(
            f"Event '{item.event.event}' is in no fold's test part.", "Import test events only (`blocks`)."
        )
    return fold


def _electrodes(known: Known) -> Sequence[Row]:
    return known.electrodes


def _feature_attributes(_: Sizes, known: Known, __: Sequence[Item]) -> dict[str, Any]:
    return {name: known.reference[name] for name in ("bands", "window_s", "method") if name in known.reference}


def _epoch_attributes(sizes: Sizes, _: Known, items: Sequence[Item]) -> dict[str, Any]:
    seconds = items[0].event.duration_s if items and items[0].event else 1.0
    return {"sfreq": sizes["sample"] / seconds, "tmin_s": 0.0}


def _latent_attributes(sizes: Sizes, known: Known, _: Sequence[Item]) -> dict[str, Any]:
    """Take rate and picture size from the workspace's stimuli where they fit the latents."""
    padded = {"height": sizes["latent_row"] * MULTIPLE, "width": sizes["latent_column"] * MULTIPLE}
    given = {name: int(known.reference.get(name, 0)) for name in padded}
    fits = all(0 <= padded[name] - given[name] < MULTIPLE for name in padded)
    return {
        "fps": known.reference.get("fps", 3.0),
        **(given if fits else padded),
        "scaling_factor": known.reference.get("scaling_factor", _SD_SCALING),
    }


def _prediction_attributes(sizes: Sizes, known: Known, items: Sequence[Item]) -> dict[str, Any]:
    facts = _latent_attributes(sizes, known, items) if "latent_row" in sizes else {}
    return {"targets": {"latents": {"kind": "value", "attributes": facts}}} if facts else {}


def _video_attributes(sizes: Sizes, known: Known, _: Sequence[Item]) -> dict[str, Any]:
    padded = {"height": sizes["row"], "width": sizes["column"]}
    given = {name: int(known.reference.get(name, 0)) for name in padded}
    fits = all(0 <= padded[name] - given[name] < MULTIPLE for name in padded)
    return {"fps": known.reference.get("fps", 3.0), **(given if fits else padded)}


FORMS: dict[str, Form] = {
    "epochs": Form("events", _event_key, _epoch_attributes, whole=True, others={"electrodes": _electrodes}),
    "features": Form("events", _event_key, _feature_attributes, whole=True, others={"electrodes": _electrodes}),
    "latents": Form("clips", _clip_key, _latent_attributes),
    "embeddings": Form("clips", _clip_key, _nothing),
    "percepts": Form("clips", _clip_key, _nothing),
    "videos": Form("clips", _video_key, _video_attributes, tested=True),
    "predictions": Form("", _prediction_key, _prediction_attributes, tested=True),
}
WHOLE = {"folds", *(name for name, form in FORMS.items() if form.whole)}  # of every event, in the events table's order


def form_of(schema: Schema, what: str, array: str | None = None) -> Form:
    """Return how a schema is filled from arrays or videos.

    Raises
    ------
    UsageError
        If it is not.
    """
    form = FORMS.get(schema.name)
    if form is None or (array is not None and schema.spec_of(array) is None):
        raise UsageError(
            f"Schema '{schema.name}' is not read from {what}.",
            "It comes in as a folder that `eeg2vid export` wrote, or in the form that it has there.",
        )
    return form
