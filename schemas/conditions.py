"""Conditions: what takes the place of the decoded EEG, or of a part of it. Each is declared here, once.

A condition acts at one place. From there on it is part of the variant's name (`ridge~shuffled-runs`); what lies
before is shared with the full condition.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from eeg2vid.schemas.errors import UsageError

FULL = "full"
POSITION_VOTE = "position-vote"
"""Stands for a condition where no EEG is decoded: what a clock alone gets, from the time in the block."""
SHUFFLED_RUNS = "shuffled-runs"
SHUFFLES = (SHUFFLED_RUNS,)
"""Conditions that decode the EEG of another run: every pairing of other runs is a draw of them."""

Place = Literal["preprocess", "train", "predict", "generate", "score"]
Makes = Literal["", "settings", "epochs", "places", "signals", "values", "videos", "frames"]


class Condition(BaseModel):
    """One condition.

    Attributes
    ----------
    kind
        control: knows less than the full system; ceiling: is told what no decoder is told; ablation: the system
        without one of its parts; clock: knows nothing but the time.
    replaces
        What it replaces by what: 'eeg', 'clips' (the videos themselves), 'motion' or the name of a target.
    constant
        What it shows is the same for every clip of a fold, in words; empty where it is not.
    maker
        "module:function" of what makes it; empty: nothing makes it yet, and it is refused when asked for.
    makes
        What the maker returns. settings: the stage's, for these events. epochs: in place of the recorded ones. places:
        of the event whose EEG (predict) or whose clip (train) each event gets. signals: all that decoders read. values:
        of the targets that are replaced. videos: in place of the decoded ones. frames: of the decoded videos.
    reads
        What the maker looks at that would not be read otherwise: an input, or a role.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    at: Place
    kind: Literal["control", "ceiling", "ablation", "clock"]
    replaces: dict[str, str] = {}
    constant: str = ""
    sentence: str
    maker: str = ""
    makes: Makes = ""
    reads: tuple[str, ...] = ()


_HOME = "eeg2vid.stages.conditions"
_TRUE = "eeg2vid.stages.decoding.generating:true_values"
_NONE = "eeg2vid.stages.decoding.generating:no_values"

CONDITIONS: dict[str, Condition] = {
    one.name: one
    for one in (
        Condition(
            name=SHUFFLED_RUNS,
            at="predict",
            kind="control",
            replaces={"eeg": "of another run"},
            sentence="Decoded the same way, but from the EEG of another run. What scores without any tie to the clip.",
            maker=f"{_HOME}.shuffled_runs:sources",
            makes="places",
        ),
        Condition(
            name="shuffled-clips",
            at="predict",
            kind="control",
            replaces={"eeg": "of another clip of the run"},
            sentence="Decoded from the EEG of another clip of the same run. What the run alone gives away: only what "
            "scores better was decoded of the clip itself.",
            maker=f"{_HOME}.shuffled_clips:sources",
            makes="places",
        ),
        Condition(
            name="noise-eeg",
            at="predict",
            kind="control",
            replaces={"eeg": "noise"},
            sentence="Decoded from noise with the mean spectrum and the mean correlations between electrodes of the "
            "training EEG, the same for every clip.",
            maker=f"{_HOME}.noise_eeg:make",
            makes="signals",
            reads=("epochs",),
        ),
        Condition(
            name="no-eeg",
            at="predict",
            kind="control",
            replaces={"eeg": "its mean"},
            sentence="Decoded from the mean of the training EEG, every time. What the model shows that sees nothing.",
            maker=f"{_HOME}.no_eeg:make",
            makes="signals",
        ),
        Condition(
            name="mean-video",
            at="generate",
            kind="control",
            replaces={"clips": "the mean of the training clips"},
            constant="the mean training video",
            sentence="The mean of the training clips, every time. It has never seen EEG.",
            maker=f"{_HOME}.mean_video:make",
            makes="videos",
        ),
        Condition(
            name="grey",
            at="generate",
            kind="control",
            replaces={"clips": "grey"},
            constant="a grey video",
            sentence="A flat grey picture, every time. It has never seen anything.",
            maker=f"{_HOME}.grey:make",
            makes="videos",
        ),
        Condition(
            name="frozen-frame",
            at="generate",
            kind="ablation",
            replaces={"motion": "none"},
            sentence="The first decoded frame, held. What scores as well does not come from motion.",
            maker=f"{_HOME}.frozen_frame:hold",
            makes="frames",
        ),
        Condition(
            name="nearest-training-video",
            at="generate",
            kind="ablation",
            replaces={"clips": "the nearest training clip"},
            sentence="The training clip that is most like what was decoded, instead of a generated one.",
            maker=f"{_HOME}.nearest_video:nearest",
            makes="videos",
            reads=("predictions",),
        ),
        Condition(
            name=POSITION_VOTE,
            at="score",
            kind="clock",
            replaces={"eeg": "the time in the block"},
            sentence="No EEG at all: the class that training clips vote for at the same time in their blocks. What a "
            "clock alone gets. Where it beats chance, the order of presentation can pass for decoding.",
        ),
        Condition(
            name="clock-only",
            at="preprocess",
            kind="clock",
            replaces={"eeg": "the time in the block"},
            sentence="The whole system, trained and tested on nothing but the time since the start of the block. What "
            "it gets without a brain.",
            maker=f"{_HOME}.clock_only:tell_time",
            makes="epochs",
        ),
        Condition(
            name="hint-only-window",
            at="preprocess",
            kind="control",
            replaces={"eeg": "of the hint"},
            sentence="The whole system, trained and tested on the EEG of the hint before each run. What is known "
            "before any clip is shown.",
            maker=f"{_HOME}.hint_only:settings",
            makes="settings",
        ),
        Condition(
            name="shuffled-training",
            at="train",
            kind="control",
            replaces={"eeg": "of another run, in training"},
            sentence="Trained anew after the clips of runs changed places at random within their blocks. What the way "
            "of training gives without any tie between EEG and clip.",
            maker=f"{_HOME}.shuffled_training:partners",
            makes="places",
        ),
        Condition(
            name="class-predicted",
            at="predict",
            kind="ablation",
            replaces={"values": "the mean of the decoded class"},
            sentence="Made from the class that was decoded, nothing else: the mean of its training clips.",
            maker=f"{_HOME}.class_means:class_means",
            makes="values",
            reads=("clips",),
        ),
        Condition(
            name="class-true",
            at="predict",
            kind="ceiling",
            replaces={"values": "the mean of the true class"},
            sentence="Made from the true class, which no decoder is told: the mean of its training clips. A ceiling.",
            maker=f"{_HOME}.class_means:class_means",
            makes="values",
            reads=("clips",),
        ),
        Condition(
            name="true-text",
            at="generate",
            kind="ceiling",
            replaces={"text": "true"},
            sentence="Made with the true caption, which no decoder is told. A ceiling.",
            maker=_TRUE,
            makes="values",
        ),
        Condition(
            name="true-latents",
            at="generate",
            kind="ceiling",
            replaces={"latents": "true"},
            sentence="Made with the true latents, which no decoder is told. A ceiling.",
            maker=_TRUE,
            makes="values",
        ),
        Condition(
            name="true-both",
            at="generate",
            kind="ceiling",
            replaces={"text": "true", "latents": "true"},
            sentence="Made with the true caption and latents, which no decoder is told. A ceiling.",
            maker=_TRUE,
            makes="values",
        ),
        Condition(
            name="true-motion",
            at="generate",
            kind="ceiling",
            replaces={"fast": "true"},
            sentence="Made with the true motion label, which no decoder is told. A ceiling.",
            maker=_TRUE,
            makes="values",
        ),
        Condition(
            name="no-seq2seq",
            at="generate",
            kind="ablation",
            replaces={"latents": "none"},
            sentence="The system without its decoder of latents: it starts from noise.",
            maker=_NONE,
            makes="values",
        ),
        Condition(
            name="no-dana",
            at="generate",
            kind="ablation",
            replaces={"fast": "none"},
            sentence="The system without its noise that follows decoded motion: frames share none of it.",
            maker=_NONE,
            makes="values",
        ),
        Condition(
            name="no-text",
            at="generate",
            kind="ablation",
            replaces={"text": "none"},
            sentence="The system without decoded text.",
            maker=_NONE,
            makes="values",
        ),
    )
}


def acting_at(place: str) -> tuple[str, ...]:
    """Return the conditions that act at a place, as a stage names it; none where it names none."""
    return tuple(name for name, one in CONDITIONS.items() if place and one.at == place)


def makes_at(place: str, name: str) -> str:
    """Return what the maker of a condition returns that acts at a place; empty for 'full' and for any other."""
    return CONDITIONS[name].makes if name in acting_at(place) else ""


def made_by(name: str) -> Callable[..., Any]:
    """Return what makes a condition."""
    module, _, function = require_maker(name).maker.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def require_maker(name: str) -> Condition:
    """Return a condition that can be made.

    Raises
    ------
    UsageError
        If nothing makes it: decoded under its name, the full system would pass for it.
    """
    found = CONDITIONS[name]
    if not found.maker:
        known = ", ".join(other for other, one in CONDITIONS.items() if one.maker)
        raise UsageError(f"Nothing makes the condition '{name}' yet.", f"These can be made: {known}.")
    return found
