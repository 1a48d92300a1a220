"""Every decoder finds a planted signal in held-out blocks, finds none where there is none, and never sees the test."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from eeg2vid.schemas.errors import BadDataError, UsageError
from eeg2vid.schemas.networks import (
    EncoderNetwork,
    GlmnetRawSettings,
    GlmnetSettings,
    LatentCnnSettings,
    LdaSettings,
    MapperNetwork,
    RidgeSettings,
    SemanticMlpSettings,
    Seq2SeqSettings,
    TextHeadSettings,
    TrainingSettings,
)
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.context import BuildContext, TargetForm
from eeg2vid.stages.networks.examples import Examples
from eeg2vid.stages.training.inputs import Inputs
from eeg2vid.stages.training.loop import TrainingStopped
from eeg2vid.stages.training.state import FolderKeeper

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context, labelled, valued = _networks.context, _networks.labelled, _networks.valued

ELECTRODES = ("F3", "FZ", "F4", "O1", "OZ", "O2")
LOCAL = ("O1", "OZ", "O2")
N_CLASSES, BLOCKS, REPEATS = 4, 5, 12

ENCODERS = {
    "glmnet": (GlmnetSettings(local_electrodes=LOCAL, hidden=(32, 16), embedding=8), ("de",), 15),
    "glmnet-raw": (
        GlmnetRawSettings(local_electrodes=LOCAL, filters=8, kernel=9, pool=15, embedding=8),
        ("epochs",),
        15,
    ),
    "lda": (LdaSettings(), ("epochs", "de"), 1),
    "lda per class": (LdaSettings(covariance="per-class", priors="equal"), ("de",), 1),
}
SMALL = {"width": 32, "heads": 2, "feed_forward": 32, "encoder_layers": 1, "decoder_layers": 1}
MAPPERS = {
    "ridge": (RidgeSettings(), ("epochs", "de"), 1),
    "latent-cnn": (LatentCnnSettings(width=16, depth=2, tokens=2, components=6), ("epochs", "de"), 40),
    "latent-cnn full": (LatentCnnSettings(width=16, depth=2, tokens=3, head="full"), ("epochs",), 40),
    "seq2seq": (Seq2SeqSettings(**SMALL, local_electrodes=LOCAL), ("epochs",), 40),
    "seq2seq glmnet": (Seq2SeqSettings(**SMALL, local_electrodes=LOCAL, embedder="glmnet"), ("epochs",), 40),
    "semantic-mlp": (SemanticMlpSettings(width=32, depth=2), ("de",), 15),
    "text-head": (TextHeadSettings(components=6), ("epochs", "de"), 1),
    "text-head mlp": (TextHeadSettings(kind="mlp", components=6, hidden=32), ("epochs", "de"), 40),
}


def study(kind, names, signal, seed=0):
    """Blocks of events whose EEG carries their class as a pattern over electrodes and time, or nothing."""
    rng = np.random.default_rng(seed)
    n = BLOCKS * N_CLASSES * REPEATS
    labels = np.concatenate([rng.permutation(np.repeat(np.arange(N_CLASSES), REPEATS)) for _ in range(BLOCKS)])
    time = np.arange(80) / 40
    waves = np.stack([np.sin(2 * np.pi * (2 + k) * time + k) for k in range(N_CLASSES)])
    patterns = rng.normal(size=(N_CLASSES, len(ELECTRODES)))
    epochs = rng.normal(0, 10, size=(n, len(ELECTRODES), 80))
    epochs += signal * 8 * patterns[labels][:, :, None] * waves[labels][:, None]
    de = rng.normal(3, 1, size=(n, 2, len(ELECTRODES), 5))
    de += signal * rng.normal(size=(N_CLASSES, 1, len(ELECTRODES), 5))[labels] * 0.6
    arrays = {"epochs": epochs.astype(np.float32), "de": de.astype(np.float32)}
    images = rng.normal(size=(N_CLASSES, 3, 2, 4, 5))
    targets = labels if kind == "encoder" else (images[labels] + rng.normal(size=(n, 3, 2, 4, 5))).astype(np.float32)
    blocks = np.repeat(np.arange(BLOCKS), n // BLOCKS)
    inputs = Inputs({name: arrays[name] for name in names})
    make = labelled if kind == "encoder" else valued
    return make(inputs, targets, blocks, np.arange(n) // 4), labels


def decoder_for(found, settings, epochs, **fields):
    classes = tuple("abcd") if "concept" in found.targets else ()
    built_for = context(found.inputs.shapes(), classes, (3, 2, 4, 5), ELECTRODES, found.inputs.subjects)
    training = TrainingSettings(epochs=epochs, batch_size=48, learning_rate=3e-3, **fields)
    return build(settings, context=built_for, training=training)


def parts(found):
    return tuple(found.take(np.isin(found.groups, blocks)) for blocks in ((0, 1, 2), (3,), (4,)))


@pytest.mark.parametrize("name", ENCODERS)
def test_encoders_find_what_is_there_and_nothing_else(name):
    settings, names, epochs = ENCODERS[name]
    accuracy = {}
    for signal in (0, 1):
        found, _ = study("encoder", names, signal)
        train, validation, test = parts(found)
        decoder = decoder_for(found, settings, epochs)
        report = decoder.fit(train, validation, seed=1)
        probabilities = decoder.predict(test.inputs)["concept"]
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        accuracy[signal] = np.mean(probabilities.argmax(axis=1) == test.targets["concept"])
        assert (report.train_events, report.validation_events) == (144, 48)
    assert accuracy[1] > 0.7
    assert abs(accuracy[0] - 0.25) < 0.19  # 3 standard errors of 48 guesses


@pytest.mark.parametrize("name", MAPPERS)
def test_mappers_find_what_is_there_and_nothing_else(name):
    settings, names, epochs = MAPPERS[name]
    correct = {}
    for signal in (0, 1):
        found, labels = study("mapper", names, signal)
        train, validation, test = parts(found)
        decoder = decoder_for(found, settings, epochs, patience=10)
        report = decoder.fit(train, validation, seed=1)
        guess = decoder.predict(test.inputs)["latents"].reshape(48, -1)
        flat, test_labels = train.targets["latents"].reshape(144, -1), labels[found.groups == 4]
        means = np.stack([flat[labels[:144] == k].mean(axis=0) - flat.mean(axis=0) for k in range(N_CLASSES)])
        correct[signal] = np.mean(((guess - flat.mean(axis=0)) @ means.T).argmax(axis=1) == test_labels)
        assert (report.score > 0.1) == bool(signal)
    assert correct[1] > 0.7
    assert abs(correct[0] - 0.25) < 0.19


@pytest.mark.parametrize("name", ENCODERS | MAPPERS)
def test_test_events_change_nothing(name):
    settings, names, _ = (ENCODERS | MAPPERS)[name]
    found, _ = study("mapper" if name in MAPPERS else "encoder", names, 1)
    states = []
    for change in (False, True):
        arrays = {key: values.copy() for key, values in found.inputs.arrays.items()}
        (target,) = found.targets
        targets = found.targets[target].copy()
        if change:
            for values in arrays.values():
                values[found.groups == 4] *= 100
            targets[found.groups == 4] = 0
        train, validation, _ = parts(Examples(Inputs(arrays), {target: targets}, found.groups, found.runs))
        decoder = decoder_for(found, settings, 2)
        decoder.fit(train, validation, seed=2)
        states.append(decoder.state() | decoder.scaler_state())
    assert states[0].keys() == states[1].keys()
    for key, values in states[0].items():
        np.testing.assert_array_equal(values, states[1][key])


@pytest.mark.parametrize(
    ("name", "refit"),
    [("latent-cnn", True), ("latent-cnn", False), ("text-head mlp", True), ("text-head mlp", False), ("seq2seq", True)],
)
def test_stopped_at_every_step_gives_the_same_network(name, refit, tmp_path):
    settings, names, _ = MAPPERS[name]
    found, _ = study("mapper", names, 1)
    train, validation, _ = parts(found)
    if name == "seq2seq":
        settings = settings.model_copy(update={"width": 8, "feed_forward": 8, "window_s": 0.4, "step_s": 0.4})

    def fit(**options):
        decoder = decoder_for(found, settings, 3, refit=refit)
        return decoder, decoder.fit(train, validation, seed=5, **options)

    steps = []
    straight, report = fit(progress=lambda done, total, text: steps.append((done, total, text)))
    assert steps[0][:2] == (1, 9)
    assert steps[-1][0] == steps[-1][1]
    for stop_at in range(1, len(steps) + 1):
        keeper = FolderKeeper(tmp_path / str(stop_at), every_s=1e9)
        made = []
        with pytest.raises(TrainingStopped):
            fit(
                keeper=keeper,
                progress=lambda *where, made=made: made.append(where),
                should_stop=lambda made=made, k=stop_at: len(made) >= k,
            )
        assert len(made) == stop_at  # it ended within the step
        resumed, again = fit(keeper=keeper)
        assert again == report
        for key, values in straight.state().items():
            np.testing.assert_array_equal(values, resumed.state()[key])


def test_refit_trains_on_both_for_the_chosen_epochs():
    settings, names, _ = ENCODERS["glmnet"]
    found, _ = study("encoder", names, 1)
    train, validation, _ = parts(found)
    decoder = decoder_for(found, settings, 5)
    report = decoder.fit(train, validation, seed=3)
    phases = [row.phase for row in report.history]
    assert phases.count("choose") == 5
    assert phases.count("refit") == report.best_epoch
    kept = decoder_for(found, settings, 5, refit=False)
    again = kept.fit(train, validation, seed=3)
    assert again.score == report.score
    accuracy = np.mean(kept.predict(validation.inputs)["concept"].argmax(axis=1) == validation.targets["concept"])
    assert again.score == pytest.approx(accuracy)


def test_settings_are_told_apart_by_name_and_bounded():
    encoder, mapper = TypeAdapter(EncoderNetwork), TypeAdapter(MapperNetwork)
    assert isinstance(encoder.validate_python({"name": "lda"}), LdaSettings)
    assert isinstance(mapper.validate_python({"name": "latent-cnn", "width": 32}), LatentCnnSettings)
    for wrong in ({"name": "ridge"}, {"name": "glmnet", "hidden": [0]}, {"name": "lda", "x": 1}):
        with pytest.raises(ValidationError):
            encoder.validate_python(wrong)
    for wrong in ({"name": "latent-cnn", "kernel": 4}, {"name": "ridge", "log10_low": 2, "log10_high": 1}):
        with pytest.raises(ValidationError):
            mapper.validate_python(wrong)


GAIN, OFFSET = 30.0, 200.0


def two_people(name, kind):
    """Return a study of two people who share a code; the second one's EEG has another gain and offset."""
    settings, names, epochs = (ENCODERS | MAPPERS)[name]
    found, labels = study(kind, names, 1)
    person = np.arange(len(found)) % 2
    arrays = {}
    for key, values in found.inputs.arrays.items():
        other = person.reshape(-1, *[1] * (values.ndim - 1)).astype(np.float32)
        arrays[key] = values * (1 + other * (GAIN - 1)) + other * OFFSET
    mixed = Inputs(arrays, person=person, subjects=("7", "12"))
    return settings, epochs, found, Examples(mixed, found.targets, found.groups, found.runs), labels


@pytest.mark.parametrize(("name", "kind"), [("lda", "encoder"), ("glmnet", "encoder"), ("ridge", "mapper")])
def test_each_person_is_standardised_by_their_own_events(name, kind):
    settings, epochs, plain, mixed, _ = two_people(name, kind)
    (target,) = mixed.targets
    train, validation, test = parts(mixed)
    decoder = decoder_for(mixed, settings, epochs)
    decoder.fit(train, validation, seed=1)
    assert decoder.people == ("7", "12")
    found = decoder.predict(test.inputs)[target]
    # the same study with two people of one scale: gain and offset make no difference
    same = Inputs(plain.inputs.arrays, person=mixed.inputs.person, subjects=("7", "12"))
    equal = decoder_for(mixed, settings, epochs)
    parts_of_equal = parts(Examples(same, plain.targets, plain.groups, plain.runs))
    equal.fit(*parts_of_equal[:2], seed=1)
    np.testing.assert_allclose(found, equal.predict(parts_of_equal[2].inputs)[target], atol=0.02)


@pytest.mark.parametrize("name", ["lda", "glmnet"])
def test_somebody_unseen_is_pooled_or_takes_their_own_unlabelled_events(name):
    settings, epochs, _, mixed, _ = two_people(name, "encoder")
    first = mixed.take(mixed.inputs.people() == 0)
    train, validation, _ = parts(first)
    decoder = decoder_for(first, settings, epochs)
    decoder.fit(train, validation, seed=1)
    other = mixed.take(mixed.inputs.people() == 1)
    test, unlabelled = other.take(other.groups == 4), other.take(other.groups != 4)
    accuracy = {}
    for unseen in ("pooled", "own"):
        found = decoder.predict(test.inputs, unseen=unseen, own=unlabelled.inputs)["concept"]
        accuracy[unseen] = np.mean(found.argmax(axis=1) == test.targets["concept"])
    assert accuracy["own"] > 0.7
    assert accuracy["pooled"] < 0.5
    seen = first.take(first.groups == 4)
    one, same = (decoder.predict(seen.inputs, unseen=how)["concept"] for how in ("pooled", "own"))
    np.testing.assert_array_equal(one, same)  # who was trained on keeps their own training statistics
    with pytest.raises(UsageError, match="Nobody of label '12'"):
        decoder.predict(test.inputs, unseen="own")


@pytest.mark.parametrize("name", ["glmnet", "glmnet-raw", "latent-cnn", "semantic-mlp", "text-head mlp", "seq2seq"])
def test_gathering_batch_by_batch_gives_the_same_bytes(name, monkeypatch):
    settings, _, _, mixed, _ = two_people(name, "mapper" if name in MAPPERS else "encoder")
    train, validation, test = parts(mixed)
    states = []
    for keep in (2**40, 0):
        monkeypatch.setattr("eeg2vid.stages.training.feed.KEEP_BYTES", keep)
        decoder = decoder_for(mixed, settings, 2)
        decoder.fit(train, validation, seed=2)
        states.append(decoder.state() | decoder.predict(test.inputs))
    for key, values in states[0].items():
        np.testing.assert_array_equal(values, states[1][key])


def test_what_a_network_cannot_learn_is_refused():
    found, _ = study("mapper", ("de",), 1)
    with pytest.raises(UsageError, match="'lda' learns labels, but target 'latents' is a value"):
        decoder_for(found, LdaSettings(), 1)
    forms = tuple(TargetForm(name, "value", (), (2,)) for name in ("text", "latents"))
    with pytest.raises(UsageError, match="'ridge' learns one target, not text, latents"):
        build(RidgeSettings(), context=BuildContext({"de": (2, 6, 5)}, forms))
    with pytest.raises(BadDataError, match="the targets are concept"):
        decoder_for(found, RidgeSettings(), 1).fit(labelled(found.inputs, np.zeros(len(found), dtype=int)))
