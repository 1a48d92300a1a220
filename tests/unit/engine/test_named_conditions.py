"""Conditions named by a variant: one that changes nothing is refused, and what `from` names follows it."""

import pytest

from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.store.layout import Address
from tests.unit.engine.test_engine import RECIPE, open_study


@pytest.fixture
def root(tmp_path):
    (tmp_path / "toy.toml").write_text(RECIPE)
    return tmp_path


@pytest.mark.parametrize(
    ("stage", "variant", "said"),
    [
        ("features", "default~grey", "acts at generate; expected one that acts at features"),
        ("features", "default~shuffled-runs", "acts at predict"),
        ("features", "mine~shuffled-runs", "acts at predict"),
        ("guess", "toy~grey", "acts at generate"),
        ("guess", "mine~mean-video", "acts at generate"),
        ("score", "toy~grey", "expected one that acts at score"),  # reads every condition itself
        ("guess", "toy~gray", "There is no condition 'gray'. Did you mean 'grey'"),
        ("ingest", "default~nonsense", "There is no condition 'nonsense'"),
        ("draw", "toy~full", "expected a condition after '~'"),
    ],
)
def test_a_condition_that_changes_nothing_is_refused(root, stage, variant, said):
    with pytest.raises(UsageError, match=said):
        open_study(root).require_condition(stage, variant)


@pytest.mark.parametrize(
    ("stage", "variant"),
    [
        ("guess", "toy"),
        ("guess", "mine"),
        ("guess", "toy~shuffled-runs"),
        ("guess", "mine~shuffled-runs"),
        ("draw", "toy~shuffled-runs"),
        ("draw", "toy~mean-video"),  # acts here, though the recipe does not ask for it
    ],
)
def test_a_condition_that_acts_here_or_before_is_none_to_refuse(root, stage, variant):
    open_study(root).require_condition(stage, variant)


def drawn_from(study, variant):
    inputs = study.inputs(Node("draw", variant, "sub-1"), ["1"])
    return inputs["guesses"]


def guesses(variant):
    return [Address("guess", variant, "sub-1", "guesses")]


@pytest.mark.parametrize("named", ["guess/toy", "table"])
def test_what_is_named_follows_the_condition(root, named):
    """Else the full system would pass for its control."""
    inputs = {}
    if named == "table":
        (root / "toy.toml").write_text(RECIPE.replace("[draw.toy]", "[draw.toy]\nfrom = {guesses = 'guess/toy'}"))
    else:
        inputs = {"guesses": named}
    study = open_study(root, stage="draw", inputs=inputs)
    assert drawn_from(study, "toy") == guesses("toy")
    assert drawn_from(study, "toy~shuffled-runs") == guesses("toy~shuffled-runs")
    assert drawn_from(study, "toy~grey") == guesses("toy")  # acts on what is drawn, not on what is read


def test_a_condition_named_with_an_input_stays(root):
    study = open_study(root, stage="draw", inputs={"guesses": "guess/toy~shuffled-runs"})
    assert drawn_from(study, "toy") == drawn_from(study, "toy~grey") == guesses("toy~shuffled-runs")


def test_an_input_under_an_unknown_condition_is_refused(root):
    study = open_study(root, stage="draw", inputs={"guesses": "guess/toy~gray"})
    with pytest.raises(UsageError, match="There is no condition 'gray'"):
        drawn_from(study, "toy")
