"""What a mapper leaves unexplained: kept with its model, carried to what it decodes."""

import numpy as np
import pytest

from eeg2vid.schemas.checkpoints import TrainedModel
from eeg2vid.schemas.entities import ClipKey, Event, Fold
from eeg2vid.schemas.splits import Part
from eeg2vid.stages.store.layout import STUDY, Address
from eeg2vid.stages.store.reader import open_artifact

SEQ2SEQ = ["width=8", "heads=2", "feed_forward=8", "encoder_layers=1", "decoder_layers=1"]


def opened(workspace, stage, variant, role, unit="sub-1"):
    return open_artifact(workspace, Address(stage, variant, unit, role))


def variances(workspace):
    """Return the variance of a training latent about the mean of its place, by fold."""
    latents = opened(workspace, "encode-latents", "default", "latents", STUDY)
    row = {key.clip: k for k, key in enumerate(latents.table("clips", ClipKey))}
    events = opened(workspace, "ingest", "default", "events").table("events", Event)
    values = latents.read("latents").astype(np.float64)[[row[event.clip] for event in events]]
    folds = opened(workspace, "split", "default", "folds")
    parts = zip(folds.table("folds", Fold), folds.read("assignment"), strict=True)
    return {fold.fold: values[part == Part.TRAIN].var(axis=0).mean() for fold, part in parts}


@pytest.mark.parametrize("network", ["ridge", "seq2seq"])
def test_residuals_are_what_the_score_leaves_of_the_training_variance(network, workspace, cli_ok):
    here = ("-w", workspace, "--subject", 1, "--variant", network, "--new")
    if network == "seq2seq":
        small = [word for field in SEQ2SEQ for word in ("--set", f"network.{field}")]
        few = ("--set", "training.epochs=1", "--set", "training.batch_size=16", "--folds", "block-1,block-3")
        cli_ok("train-mapper", *here, "--network", network, *small, *few)
        cli_ok("predict", *here, "--from", f"mappers=train-mapper/{network}", "--from", "encoders=none")
    rows = opened(workspace, "train-mapper", network, "mappers").table("models", TrainedModel)
    variance = variances(workspace)
    by_hand = {row.fold: (1 - row.validation_scores["latents"]) * variance[row.fold] for row in rows}
    assert len(by_hand) > 1
    assert {row.fold: row.residuals["latents"] for row in rows} == pytest.approx(by_hand)
    facts = opened(workspace, "predict", network, "predictions").attributes().targets
    assert facts["latents"].residuals == pytest.approx(by_hand)


def test_labels_have_none_and_say_nothing_of_it(workspace):
    stored = opened(workspace, "train-encoder", "lda", "encoders")
    lines = (stored.folder / "models.jsonl").read_text()
    assert "validation_scores" in lines
    assert "residuals" not in lines  # an artifact without them is digested as before there were any
    facts = opened(workspace, "predict", "ridge", "predictions").manifest.attributes["targets"]
    assert "residuals" not in facts["concept"]
    assert "residuals" in facts["latents"]


def test_values_made_of_a_class_have_none(workspace, cli_ok):
    cli_ok("run", "-w", workspace, "--subject", 1, "--until", "predict", "--condition", "class-true")
    facts = opened(workspace, "predict", "ridge~class-true", "predictions").attributes().targets
    assert facts["latents"].residuals == {}
