"""Conditions named by a variant: one that changes nothing is refused, and what `from` names follows it."""

import pytest

from eeg2vid.schemas.conditions import CONDITIONS
from eeg2vid.schemas.errors import UsageError
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.stage import Read, Write
from eeg2vid.stages.store.layout import Address
from tests.unit.engine.test_engine import RECIPE, STAGES, TOY, Draw, Guess, open_study


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


class Picky(Draw):
    """Draws nothing under one condition, and reads the signal under another if what it reads says 'x'."""

    reads = {"guesses": Read(TOY), "signal": Read(TOY)}

    def needs(self, settings, condition, unit):
        return super().needs(settings, condition, unit).without("signal")

    def needs_under(self, needs, condition, upstream):
        said = [settings.word for settings in upstream("guesses")]
        return needs.reading(signal=self.reads["signal"]) if condition == "mean-video" and said == ["x"] else needs

    def refuses(self, settings, condition, upstream):
        return f"word '{settings.word}' will not do" if condition == "grey" and settings.word == "a" else ""


@pytest.fixture
def picky(monkeypatch):
    monkeypatch.setitem(STAGES, "draw", Picky())


def test_a_condition_that_a_stage_refuses_is_left_out(root, picky):
    study = open_study(root)
    assert study.variants("draw") == ("toy", "toy~shuffled-runs")
    assert study.impossible("grey") == "word 'a' will not do"
    assert study.left_out() == ["Condition 'grey' is left out: word 'a' will not do."]
    assert study.impossible("shuffled-runs") == study.impossible("full") == ""
    with pytest.raises(UsageError, match="'toy~grey' cannot be made: word 'a' will not do"):
        study.require_condition("draw", "toy~grey")


def test_a_condition_that_some_variants_refuse_is_left_out_of_those(root, picky):
    (root / "toy.toml").write_text(RECIPE + '[draw.other]\nword = "b"\n')
    study = open_study(root)
    assert study.variants("draw") == ("toy", "other", "toy~shuffled-runs", "other~shuffled-runs", "other~grey")
    assert study.impossible("grey") == ""
    assert study.left_out() == ["Condition 'grey' is left out of draw/toy: word 'a' will not do."]


def test_why_a_condition_is_impossible_here(root, monkeypatch):
    without = CONDITIONS["no-text"].model_copy(update={"name": "no-maker", "maker": ""})
    monkeypatch.setitem(CONDITIONS, "no-maker", without)
    study = open_study(root)
    assert study.impossible("no-maker") == "nothing makes it yet"
    assert study.impossible("clock-only") == "it acts at preprocess, which is not planned"
    with pytest.raises(UsageError, match="There is no condition 'gray'"):
        study.impossible("gray")


def test_what_is_read_under_a_condition_may_follow_from_what_is_read(root, picky):
    for word, roles in (("g", {"guesses"}), ("x", {"guesses", "signal"})):
        (root / "toy.toml").write_text(RECIPE.replace('word = "g"', f'word = "{word}"'))
        study = open_study(root)
        assert set(study.inputs(Node("draw", "toy~mean-video", "sub-1"), ["1"])) == roles
        assert set(study.inputs(Node("draw", "toy", "sub-1"), ["1"])) == {"guesses"}


class Second(Guess):
    """Another stage where the same conditions act, on what the first made of the variant that its settings name."""

    name = "second"
    reads = {"guesses": Read(TOY, variant="toy")}
    writes = {"seconds": Write(TOY, "subject")}


def test_a_variant_that_settings_name_follows_the_condition(root, monkeypatch):
    """A mapper on an encoder: where both are trained on wrong pairs, the encoder must not be the right one."""
    monkeypatch.setitem(STAGES, "second", Second())
    (root / "toy.toml").write_text(RECIPE + "[guess.other]\n[second.toy]\n")
    study = open_study(root)

    def read(variant):
        return study.inputs(Node("second", variant, "sub-1"), ["1"])["guesses"]

    assert read("toy") == read("toy~grey") == guesses("toy")
    assert read("toy~shuffled-runs") == guesses("toy~shuffled-runs")


def test_conditions_of_the_command_line_stand_beside_the_recipes(root):
    study = open_study(root, conditions=("mean-video", "grey"))
    assert study.conditions == ("shuffled-runs", "grey", "mean-video")
