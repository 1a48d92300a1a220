"""Conditions: what takes the place of the decoded EEG, or of a part of it. Each is declared here, once.

A condition acts at one place. From there on it is part of the variant's name (`ridge~shuffled-runs`); what lies
before is shared with the full condition.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from eeg2vid.schemas.errors import UsageError

FULL = "full"
POSITION_VOTE = "position-vote"
"""Stands for a condition where no EEG is decoded: what a clock alone gets, from the time in the block."""
SHUFFLED_RUNS = "shuffled-runs"
SHUFFLES = (SHUFFLED_RUNS,)
"""Conditions that decode the EEG of another run: every pairing of other runs is a draw of them."""

Place = Literal["train", "predict", "generate", "score"]


class Condition(BaseModel):
    """One condition.

    Attributes
    ----------
    kind
        control: knows less than the full system; ceiling: is told what no decoder is told; ablation: the system
        without one of its parts; clock: knows nothing but the time.
    replaces
        What it replaces by what: 'eeg', 'clips' (the videos themselves) or the name of a target. A unit does not
        read what is replaced.
    constant
        What it shows is the same for every clip of a fold, in words; empty where it is not.
    maker
        "module:function" of what makes it; empty: nothing makes it yet, and it is refused when asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    at: Place
    kind: Literal["control", "ceiling", "ablation", "clock"]
    replaces: dict[str, str] = {}
    constant: str = ""
    sentence: str
    maker: str = ""


_HOME = "eeg2vid.stages.conditions"

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
        ),
        Condition(
            name="shuffled-clips",
            at="predict",
            kind="control",
            replaces={"eeg": "of another clip of the run"},
            sentence="Decoded from the EEG of another clip of the same run. What the run alone gives away.",
        ),
        Condition(
            name="noise-eeg",
            at="predict",
            kind="control",
            replaces={"eeg": "noise"},
            sentence="Decoded from noise with the spectrum of EEG.",
        ),
        Condition(
            name="no-eeg",
            at="predict",
            kind="control",
            replaces={"eeg": "its mean"},
            sentence="Decoded from EEG replaced by its mean. What the model shows when it sees nothing.",
        ),
        Condition(
            name="mean-video",
            at="generate",
            kind="control",
            replaces={"clips": "the mean of the training clips"},
            constant="the mean training video",
            sentence="The mean of the training clips, every time. It has never seen EEG.",
            maker=f"{_HOME}.mean_video:make",
        ),
        Condition(
            name="grey",
            at="generate",
            kind="control",
            replaces={"clips": "grey"},
            constant="a grey video",
            sentence="A flat grey picture, every time. It has never seen anything.",
            maker=f"{_HOME}.grey:make",
        ),
        Condition(
            name="nearest-training-video",
            at="generate",
            kind="control",
            replaces={"clips": "a training clip"},
            sentence="A clip of the training films instead of a generated one.",
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
            at="train",
            kind="clock",
            replaces={"eeg": "the time in the block"},
            sentence="Trained on the time since the start of the block instead of the EEG.",
        ),
        Condition(
            name="hint-only-window",
            at="train",
            kind="control",
            replaces={"eeg": "of the hint"},
            sentence="Decoded from the EEG recorded before the clip began.",
        ),
        Condition(
            name="shuffled-training",
            at="train",
            kind="control",
            replaces={"eeg": "of another clip, in training"},
            sentence="Trained on wrong pairs of EEG and clip.",
        ),
        Condition(
            name="class-predicted",
            at="predict",
            kind="ablation",
            replaces={"text": "of the decoded class", "latents": "of the decoded class"},
            sentence="Made from the class that was decoded, nothing else.",
        ),
        Condition(
            name="class-true",
            at="predict",
            kind="ceiling",
            replaces={"text": "of the true class", "latents": "of the true class"},
            sentence="Made from the true class, which no decoder is told. A ceiling.",
        ),
        Condition(
            name="true-text",
            at="generate",
            kind="ceiling",
            replaces={"text": "true"},
            sentence="Made with the true caption, which no decoder is told. A ceiling.",
        ),
        Condition(
            name="true-latents",
            at="generate",
            kind="ceiling",
            replaces={"latents": "true"},
            sentence="Made with the true latents, which no decoder is told. A ceiling.",
        ),
        Condition(
            name="true-both",
            at="generate",
            kind="ceiling",
            replaces={"text": "true", "latents": "true"},
            sentence="Made with the true caption and latents, which no decoder is told. A ceiling.",
        ),
        Condition(
            name="no-seq2seq",
            at="generate",
            kind="ablation",
            replaces={"latents": "none"},
            sentence="The system without its decoder of latents.",
        ),
        Condition(
            name="no-dana",
            at="generate",
            kind="ablation",
            replaces={"fast": "none"},
            sentence="The system without its noise that follows decoded motion.",
        ),
        Condition(
            name="no-text",
            at="generate",
            kind="ablation",
            replaces={"text": "none"},
            sentence="The system without decoded text.",
        ),
    )
}


def acting_at(place: str) -> tuple[str, ...]:
    """Return the conditions that act at a place, as a stage names it; none where it names none."""
    return tuple(name for name, one in CONDITIONS.items() if place and one.at == place)


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
