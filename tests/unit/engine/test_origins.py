"""Where each value of the settings comes from: worked out by hand."""

import pytest

from eeg2vid.stages.engine.origins import origins_of
from eeg2vid.stages.engine.settings import resolve_settings
from eeg2vid.stages.registry import STAGES

RECIPE, TOML, LINE = "recipe mine", "eeg2vid.toml", "command line"


def traced(stage, *layers):
    resolved = resolve_settings(STAGES[stage], dict(layers))
    return resolved.dump(), resolved.origins_of_values()


def test_every_value_has_an_origin():
    values, origins = traced("train-encoder")
    assert set(origins.values()) == {"default"}
    assert {"network.name", "training.epochs", "targets", "seed"} <= origins.keys()
    assert "network" not in origins and values["network"]["name"] == "glmnet"


def test_the_last_layer_that_states_a_value_decides_it():
    _, origins = traced(
        "train-encoder",
        (RECIPE, {"training": {"epochs": 7, "patience": 3}, "seed": 1}),
        (TOML, {"training": {"epochs": 8}}),
        (LINE, {"targets": ["concept"]}),
    )
    assert origins["training.epochs"] == TOML
    assert origins["training.patience"] == RECIPE
    assert origins["training.batch_size"] == "default"
    assert (origins["seed"], origins["targets"]) == (RECIPE, LINE)


def test_another_choice_keeps_nothing_of_what_was_said_of_the_first():
    layers = [(RECIPE, {"network": {"name": "ridge", "penalties": 9}}), (LINE, {"network": {"name": "latent-cnn"}})]
    values, origins = traced("train-mapper", *layers)
    assert values["network"]["name"] == "latent-cnn" and origins["network.name"] == LINE
    assert {origins[path] for path in origins if path.startswith("network.")} == {LINE, "default"}


def test_the_same_choice_named_again_keeps_what_was_said_of_it():
    layers = [(RECIPE, {"network": {"name": "ridge", "penalties": 9}}), (LINE, {"network": {"name": "ridge"}})]
    values, origins = traced("train-mapper", *layers)
    assert values["network"]["penalties"] == 9
    assert (origins["network.name"], origins["network.penalties"]) == (LINE, RECIPE)


def test_a_part_of_the_default_choice_needs_no_name():
    _, origins = traced("train-mapper", (TOML, {"network": {"penalties": 9}}), (LINE, {"network": {"log10_low": -2}}))
    assert (origins["network.penalties"], origins["network.log10_low"]) == (TOML, LINE)
    assert origins["network.name"] == "default"


@pytest.mark.parametrize("said", [{"a": {}}, {"a": {"b": {"c": 1}}}])
def test_empty_and_deep_tables(said):
    assert origins_of(said, {}, {LINE: said}) == dict.fromkeys(
        ["a"] if said == {"a": {}} else ["a.b.c"], "default" if said == {"a": {}} else LINE
    )
