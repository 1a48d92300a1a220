"""Networks from EEG to text states, by the command line: what is read, told, stamped and decoded."""

import json

import numpy as np
import pytest

from eeg2vid.schemas.checkpoints import TrainedModel
from eeg2vid.schemas.predictions import PredictionKey
from eeg2vid.stages.store.layout import Address
from eeg2vid.stages.store.reader import open_artifact

RETRIEVAL = "retrieval: what is decoded is a training clip's"


def opened(workspace, stage, variant, role, unit="sub-1"):
    return open_artifact(workspace, Address(stage, variant, unit, role))


@pytest.fixture
def told(workspace, cli_ok):
    """Return a function that trains a network on text in the last fold and predicts; captions are encoded."""
    cli_ok("encode-text", "-w", workspace)

    def decode(variant, *words, target="text"):
        common = ("-s", 1, "-w", workspace, "--variant", variant, "--new")
        cli_ok("train-mapper", *common, "--targets", target, "--folds", "last", *words)
        cli_ok("predict", *common, "--from", f"mappers=train-mapper/{variant}", "--from", "encoders=none")
        return opened(workspace, "train-mapper", variant, "mappers"), opened(
            workspace, "predict", variant, "predictions"
        )

    return decode


def true_states(workspace, predictions, name):
    """Return the states of the decoded clips and of all clips."""
    text = opened(workspace, "encode-text", "default", "text", "study")
    rows = {row.clip: index for index, row in enumerate(text.table("clips", text.schema.tables["clips"]))}
    shown = [row.clip for row in predictions.table(name, PredictionKey)]
    states = text.read("text_states" if name == "text" else name)
    return states[[rows[clip] for clip in shown]], states


def test_what_is_retrieved_is_a_training_clips_and_says_so(workspace, told):
    mappers, predictions = told("near", "--network", "text-head", "--set", "network.readout=nearest")
    assert RETRIEVAL in mappers.manifest.stamps
    assert RETRIEVAL in predictions.manifest.stamps
    guess = predictions.read("text")
    own, states = true_states(workspace, predictions, "text")
    apart = np.abs(guess[:, None] - states[None]).max(axis=(2, 3))
    np.testing.assert_allclose(apart.min(axis=1), 0, atol=1e-6)
    test = {row.clip for row in predictions.table("text", PredictionKey)}
    assert len(test) == len(guess) == 20
    assert own.shape == guess.shape == (20, 77, 128)


@pytest.mark.parametrize(("target", "shape"), [("text", (77, 128)), ("pooled", (128,))])
def test_prototypes_read_the_concepts(workspace, told, target, shape):
    words = ("--network", "text-head", "--set", "network.readout=prototype")
    mappers, predictions = told("proto", *words, target=target)
    assert "clips" in {ref.role for ref in mappers.manifest.inputs}
    assert RETRIEVAL not in predictions.manifest.stamps
    guess = predictions.read(target)
    assert guess.shape == (20, *shape)
    assert len(np.unique(guess.reshape(20, -1), axis=0)) <= 4


def test_the_published_network_and_its_habits(workspace, told):
    network = '{name = "semantic-mlp", width = 24, label_like = true, pretrain_epochs = 1}'
    config = workspace / "eeg2vid.toml"
    training = "{epochs = 3, batch_size = 16, learning_rate = 5e-4, selection = 'last'}"
    config.write_text(config.read_text() + f"\n[train-mapper.wide]\nnetwork = {network}\ntraining = {training}\n")
    mappers, predictions = told("wide")
    (row,) = mappers.table("models", TrainedModel)
    assert (row.network, row.best_epoch) == ("semantic-mlp", 3)
    assert row.parameters == 620 * 24 + 24 + 3 * (24 * 24 + 24) + 24 * 77 * 128 + 77 * 128
    assert predictions.read("text").shape == (20, 77, 128)


def test_a_head_reads_what_an_encoder_learned(workspace, told, cli_ok):
    mappers, predictions = told("of-lda", "--network", "text-head", "--inputs", "encoder:lda")
    assert json.loads(mappers.manifest.model_dump_json())["settings"]["inputs"] == ["encoder:lda"]
    assert np.isfinite(predictions.read("text")).all()
