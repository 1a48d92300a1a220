"""What is read, and what is refused, under conditions on values: of predictions and of generators."""

from types import SimpleNamespace
from typing import ClassVar, Literal

import pytest

from eeg2vid.schemas.eyes import EYES
from eeg2vid.schemas.generators import GENERATORS, Generator
from eeg2vid.stages.decoding.of_class import why_no_classes
from eeg2vid.stages.registry import STAGES


class Both(Generator):
    """Of text and latents; it can do without text."""

    targets = ("text", "latents")
    without: ClassVar[tuple[str, ...]] = ("text",)
    roles = ("vae",)
    name: Literal["both"] = "both"


class TextOnly(Generator):
    targets = ("text",)
    name: Literal["text-only"] = "text-only"


@pytest.fixture
def settings(monkeypatch):
    """Return settings of `generate` by name of the generator."""
    monkeypatch.setitem(GENERATORS, "both", Both)
    monkeypatch.setitem(GENERATORS, "text-only", TextOnly)
    return lambda name: STAGES["generate"].Settings(generator={"name": name})


def upstream(scheme="leave-one-block-out", **roles):
    """Return what tells the settings of what is read: the targets of encoders and mappers, and the split's scheme."""
    found = {"encoders": [], "mappers": [], "folds": [SimpleNamespace(scheme=scheme)]}
    found |= {role: [SimpleNamespace(targets=targets) for targets in some] for role, some in roles.items()}
    return found.__getitem__


PLAIN = {"predictions", "stimuli", "folds"}


@pytest.mark.parametrize(
    ("name", "condition", "reads"),
    [
        ("both", "full", PLAIN),
        ("both", "frozen-frame", PLAIN),
        ("both", "grey", {"stimuli", "folds"}),
        ("both", "true-text", PLAIN | {"text", "events"}),
        ("both", "true-latents", PLAIN | {"latents", "events"}),
        ("both", "true-both", {"stimuli", "folds", "text", "latents", "events"}),
        ("both", "no-text", PLAIN | {"events"}),
        ("text-only", "true-text", {"stimuli", "folds", "text", "events"}),
        ("both", "nearest-training-video", PLAIN | {"text", "events"}),
        ("decode", "nearest-training-video", PLAIN | {"latents", "events"}),
        ("decode", "true-latents", {"stimuli", "folds", "latents", "events"}),
    ],
)
def test_what_a_generator_reads(settings, name, condition, reads):
    stage, chosen = STAGES["generate"], settings(name)
    needs = stage.needs(chosen, condition, "subject")
    assert set(needs.reads) == reads
    shows_others = condition in ("grey", "nearest-training-video")
    assert needs.roles == (() if shows_others else type(chosen.generator).roles)
    assert condition == "full" or stage.refuses(chosen, condition, upstream()) == ""


@pytest.mark.parametrize(
    ("name", "condition", "why"),
    [
        ("decode", "true-text", "generator 'decode' reads no text, only latents"),
        ("decode", "true-both", "generator 'decode' reads no text, only latents"),
        ("decode", "no-text", "generator 'decode' reads no text, only latents"),
        ("text-only", "true-latents", "generator 'text-only' reads no latents, only text"),
        ("text-only", "no-text", "generator 'text-only' makes nothing without text"),
    ],
)
def test_what_a_generator_refuses(settings, name, condition, why):
    assert STAGES["generate"].refuses(settings(name), condition, upstream()) == why


@pytest.mark.parametrize(
    ("condition", "roles", "why"),
    [
        ("class-true", {"mappers": [("latents",)]}, ""),
        ("class-predicted", {"mappers": [("latents",)], "encoders": [("concept", "fast")]}, ""),
        ("class-predicted", {"mappers": [("concept", "latents")]}, ""),
        ("class-predicted", {"mappers": [("latents",)], "encoders": [("fast",)]}, "no 'concept' is decoded"),
        ("class-true", {"encoders": [("concept",)]}, "only labels are decoded"),
        ("noise-eeg", {"encoders": [("concept",)]}, ""),
        (
            "class-true",
            {"mappers": [("image",), ("percept:other-eye",)]},
            "the decoded values come from different variants of role 'percepts'",
        ),
    ],
)
def test_what_predictions_of_a_class_refuse(condition, roles, why, monkeypatch):
    monkeypatch.setitem(EYES, "other-eye", EYES["image-encoder"])
    found = why_no_classes(condition, upstream(**roles))
    assert found.startswith(why) if why else found == ""


def test_whoever_saw_none_of_the_training_clips_is_refused(settings):
    split = {"scheme": "leave-subjects-out", "mappers": [("latents",)], "encoders": [("concept",)]}
    for condition in ("class-true", "class-predicted"):
        assert why_no_classes(condition, upstream(**split)).startswith("the split holds whole people out")
    generate, chosen = STAGES["generate"], settings("decode")
    assert generate.refuses(chosen, "nearest-training-video", upstream(**split)).startswith("the split holds whole")
    assert generate.refuses(chosen, "true-latents", upstream(**split)) == ""


def test_predictions_of_a_class_read_the_true_values():
    stage = STAGES["predict"]
    plain = stage.needs(stage.Settings(), "full", "subject")
    assert set(plain.reads) == {"epochs", "features", "events", "folds", "encoders", "mappers"}
    known = upstream(mappers=[("latents", "pooled")], encoders=[("concept",)])
    under = stage.needs_under(plain, "class-true", known)
    assert set(under.reads) == set(plain.reads) | {"clips", "latents", "text"}
    assert stage.needs_under(plain, "noise-eeg", known) == plain
