"""Choices: looked up when they are validated, told apart by name, serialised as what was chosen."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field, ValidationError

from eeg2vid.cli.signature import union_members
from eeg2vid.schemas.choice import Choice, ChoiceOf, choices_of
from eeg2vid.schemas.errors import UsageError
from eeg2vid.schemas.networks import NETWORKS, GlmnetSettings, LdaSettings, Network
from eeg2vid.schemas.settings import Settings
from eeg2vid.stages.engine.settings import resolve_settings
from eeg2vid.stages.train_encoder import TrainEncoder


class Apple(Choice):
    name: Literal["apple"] = "apple"
    builds: ClassVar[str] = "fractions:Fraction"
    seeds: int = Field(5, ge=0)


class Pear(Choice):
    name: Literal["pear"] = "pear"
    weight_kg: float = 0.2


class Plum(Choice):
    name: Literal["plum"] = "plum"
    blue: bool = True


TABLE = {"apple": Apple, "pear": Pear}


class Basket(Settings):
    fruit: Annotated[Choice, ChoiceOf(TABLE)] = Apple()
    core: Annotated[Choice, ChoiceOf(TABLE, lambda choice: "seeds" in choice.model_fields)] = Apple()


def test_chosen_by_name_and_serialised_as_chosen():
    basket = Basket.model_validate({"fruit": {"name": "pear", "weight_kg": 1}})
    assert basket.fruit == Pear(weight_kg=1)
    assert basket.model_dump()["fruit"] == {"name": "pear", "weight_kg": 1.0}
    assert Basket.model_validate_json(basket.model_dump_json()) == basket
    assert Basket.model_validate({"fruit": basket.fruit}) == basket
    assert Basket.model_validate(basket.model_dump(mode="json")) == basket
    assert Apple.built().__name__ == "Fraction"


def test_the_table_is_read_when_a_value_is_validated(monkeypatch):
    monkeypatch.setitem(TABLE, "plum", Plum)
    assert Basket.model_validate({"fruit": {"name": "plum", "blue": False}}).fruit == Plum(blue=False)
    assert list(choices_of(Basket.model_fields["fruit"])) == ["apple", "pear", "plum"]
    assert list(choices_of(Basket.model_fields["core"])) == ["apple"]
    monkeypatch.delitem(TABLE, "plum")
    with pytest.raises(ValidationError, match="there is no 'plum'"):
        Basket.model_validate({"fruit": Plum()})


@pytest.mark.parametrize(
    ("given", "place", "says"),
    [
        ({"name": "peer"}, ("fruit",), "Did you mean 'pear'"),
        ({"name": "quince"}, ("fruit",), "Known: apple, pear"),
        ({"seeds": 3}, ("fruit",), "expected a table with a name, one of apple, pear"),
        ("pear", ("fruit",), "expected a table with a name"),
        ({"name": "apple", "seeds": -1}, ("fruit", "apple", "seeds"), "greater than or equal to 0"),
        ({"name": "pear", "seeds": 1}, ("fruit", "pear", "seeds"), "Extra inputs"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(given, place, says):
    with pytest.raises(ValidationError, match=says) as caught:
        Basket.model_validate({"fruit": given})
    assert caught.value.errors()[0]["loc"] == place


def test_a_stage_shows_and_checks_its_networks(monkeypatch):
    field = TrainEncoder.Settings.model_fields["network"]
    assert list(union_members(field)) == list(choices_of(field))
    for given, says in (
        ({"name": "glmnet", "hiden": [1]}, "no setting 'train-encoder.network.glmnet.hiden'. Did you mean 'hidden'"),
        ({"name": "ldaa"}, "setting 'train-encoder.network': there is no 'ldaa'. Did you mean 'lda'\\?$"),
    ):
        with pytest.raises(UsageError) as caught:
            resolve_settings(TrainEncoder(), {"recipe": {"network": given}})
        assert caught.match(says.rstrip("$").rstrip("\\?"))
    found = resolve_settings(TrainEncoder(), {"recipe": {"network": {"hidden": [3]}}}).settings.network
    assert found == GlmnetSettings(hidden=(3,))
    found = resolve_settings(TrainEncoder(), {"recipe": {"network": {"name": "lda"}}}).settings.network
    assert found == LdaSettings()

    class Mine(Network):
        learns: ClassVar[frozenset[str]] = frozenset({"label", "value"})
        name: Literal["mine"] = "mine"

    monkeypatch.setitem(NETWORKS, "mine", Mine)
    assert "mine" in union_members(field)
    found = resolve_settings(TrainEncoder(), {"recipe": {"network": {"name": "mine"}}}).settings.network
    assert isinstance(found, Mine)
