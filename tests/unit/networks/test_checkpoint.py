from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import (
    NETWORKS,
    EvokedRhythmsSettings,
    GlmnetRawSettings,
    GlmnetSettings,
    LatentCnnSettings,
    LdaSettings,
    RidgeSettings,
    SemanticMlpSettings,
    Seq2SeqSettings,
    TextHeadSettings,
    TrainingSettings,
)
from eeg2vid.stages.networks.build import build
from eeg2vid.stages.networks.checkpoint import load_decoder, save_decoder
from eeg2vid.stages.networks.decoder import Decoder
from eeg2vid.stages.training.inputs import Inputs

_spec = importlib.util.spec_from_file_location("_networks", Path(__file__).with_name("_networks.py"))
_networks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_networks)
context, labelled, valued = _networks.context, _networks.labelled, _networks.valued

ELECTRODES = ("FZ", "O1", "OZ")
SMALL = {"width": 8, "heads": 2, "feed_forward": 12, "encoder_layers": 1, "decoder_layers": 1, "window_s": 0.4}
SMALL |= {"step_s": 0.1}
SETTINGS = {
    "glmnet": GlmnetSettings(hidden=(8,), embedding=4, local_electrodes=("O1", "OZ")),
    "glmnet-raw": GlmnetRawSettings(filters=4, embedding=4, local_electrodes=("O1",), kernel=5, pool=7),
    "lda": LdaSettings(),
    "evoked-rhythms": EvokedRhythmsSettings(design="concepts", components=2),
    "evoked-rhythms mapper": EvokedRhythmsSettings(design="concepts", components=2),
    "ridge": RidgeSettings(),
    "latent-cnn": LatentCnnSettings(width=8, depth=1, components=5),
    "latent-cnn full": LatentCnnSettings(width=8, depth=1, head="full"),
    "seq2seq": Seq2SeqSettings(**SMALL),
    "seq2seq published": Seq2SeqSettings(
        **SMALL, embedder="glmnet", decoding="shifted", standardise=False, scaler="sample", optimizer="adam"
    ),
    "semantic-mlp": SemanticMlpSettings(width=8, depth=2, label_like=True, pretrain_epochs=1),
    "text-head": TextHeadSettings(components=5),
    "text-head mlp": TextHeadSettings(kind="mlp", components=5, hidden=8, readout="nearest"),
}
ENCODERS = ("glmnet", "glmnet-raw", "lda", "evoked-rhythms")


def fitted(name, seed=0, scaling="train", people=()):
    rng = np.random.default_rng(0)
    epochs, de = rng.normal(size=(24, 3, 60)).astype(np.float32), rng.normal(size=(24, 2, 3, 5)).astype(np.float32)
    wanted = NETWORKS[name.split()[0]].inputs
    kept = {key: values for key, values in (("epochs", epochs), ("de", de)) if key in wanted}
    mapper = name not in ENCODERS
    targets = rng.normal(size=(24, 3, 2, 4)).astype(np.float32) if mapper else np.arange(24) % 3
    inputs = Inputs(kept, person=np.arange(24) % len(people), subjects=people) if people else Inputs(kept)
    found = (valued if mapper else labelled)(inputs, targets, np.arange(24) // 8, np.arange(24) // 2)
    found = replace(found, known={"concept": np.arange(24) % 3})
    classes = () if mapper else ("cat", "dög", "fish")
    built_for = context(inputs.shapes(), classes, (3, 2, 4), ELECTRODES, people)
    decoder = build(
        SETTINGS[name], context=built_for, training=TrainingSettings(epochs=3, batch_size=8, scaling=scaling)
    )
    decoder.fit(found.take(found.groups < 2), found.take(found.groups == 2), seed=seed)
    return decoder, found.inputs


def predicted(decoder, inputs):
    (values,) = decoder.predict(inputs).values()
    return values


def test_the_table_is_complete():
    assert {name.split()[0] for name in SETTINGS} == set(NETWORKS)
    for name, settings in NETWORKS.items():
        assert settings().name == name
        assert settings.learns
        built = settings.built()
        assert issubclass(built, Decoder) if isinstance(built, type) else callable(built)
        for field in settings.model_fields.values():
            assert field.description or field.annotation is not None


@pytest.mark.parametrize("people", [(), ("7",), ("7", "12")])
@pytest.mark.parametrize("name", SETTINGS)
def test_round_trip_gives_equal_predictions(name, people, tmp_path):
    decoder, inputs = fitted(name, people=people)
    save_decoder(tmp_path / "fold-1" / "concept", decoder)
    folder = tmp_path / "fold-1" / "concept"
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.safetensors", "scaler.safetensors"]
    again = load_decoder(folder)
    np.testing.assert_array_equal(predicted(again, inputs), predicted(decoder, inputs))
    assert again.config() == decoder.config()
    assert again.context == decoder.context
    assert again.people == decoder.people == (people or ("",))
    assert again.parameters() == decoder.parameters() > 0


@pytest.mark.parametrize("name", SETTINGS)
def test_same_seed_same_bytes(name, tmp_path):
    for place in ("one", "other"):
        save_decoder(tmp_path / place, fitted(name)[0])
    for file in ("config.json", "model.safetensors", "scaler.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_own_scaling_survives(tmp_path):
    decoder, inputs = fitted("glmnet", scaling="own")
    save_decoder(tmp_path, decoder)
    np.testing.assert_array_equal(predicted(load_decoder(tmp_path), inputs), predicted(decoder, inputs))
    few = inputs.take(np.arange(10))
    assert not np.array_equal(predicted(decoder, few), predicted(decoder, inputs)[:10])
    plain = fitted("glmnet")[0]
    np.testing.assert_allclose(predicted(plain, few), predicted(plain, inputs)[:10], rtol=1e-5)


def mutilations(arrays):
    """Yield what a file may hold instead of these arrays: one missing, foreign, reshaped or not finite."""
    yield {**arrays, "foreign": np.zeros(2, dtype=np.float32)}
    for key, value in arrays.items():
        yield {other: kept for other, kept in arrays.items() if other != key}
        yield {**arrays, key: np.zeros((*value.shape, 2), dtype=value.dtype)}
        if value.size > 1:
            yield {**arrays, key: value.reshape(-1)[: value.size - 1]}
        if np.issubdtype(value.dtype, np.floating) and value.size:
            for wrong in (np.nan, np.inf):
                broken = value.copy()
                broken.flat[-1] = wrong
                yield {**arrays, key: broken}


@pytest.mark.parametrize("file", ["model", "scaler"])
@pytest.mark.parametrize("name", SETTINGS)
def test_mutilated_models_are_refused(name, file, tmp_path):
    save_decoder(tmp_path, fitted(name, people=("7", "12") if name == "latent-cnn" else ())[0])
    path = tmp_path / f"{file}.safetensors"
    for wrong in mutilations(load_file(path)):
        save_file(wrong, path)
        with pytest.raises(BadDataError, match=r"holds|incomplete|shape|hold|do not fit"):
            load_decoder(tmp_path)


@pytest.mark.parametrize("name", ["glmnet", "ridge"])
def test_format_1_is_still_read(name, tmp_path):
    decoder, inputs = fitted(name)
    folder = tmp_path / "block-7" / decoder.target.name
    save_decoder(folder, decoder)
    now = json.loads((folder / "config.json").read_text())
    then = {
        "format": 1,
        "network": now["network"],
        "training": {**now["training"], "seed": 0},
        "inputs": now["context"]["inputs"],
        "classes": now["context"]["targets"][0]["classes"],
        "target": now["context"]["targets"][0]["shape"],
        "electrodes": list(ELECTRODES),
    }
    (folder / "config.json").write_text(json.dumps(then))
    again = load_decoder(folder)
    assert (again.context.targets, again.context.names) == (decoder.context.targets, ELECTRODES)
    np.testing.assert_array_equal(predicted(again, inputs), predicted(decoder, inputs))
    assert load_decoder(folder, "other").target.name == "other"
    del then["classes"]
    (folder / "config.json").write_text(json.dumps(then))
    with pytest.raises(BadDataError, match="does not describe a decoder"):
        load_decoder(folder)


def test_damaged_files_are_bad_data(tmp_path):
    save_decoder(tmp_path, fitted("lda")[0])
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes(b"garbage")
    with pytest.raises(BadDataError, match=r"model.safetensors cannot be read"):
        load_decoder(tmp_path)
    wrong = [{"format": 3}, {"network": {"name": "none"}}, {"network": {"name": "lda", "x": 1}}, {"context": 3}]
    for change in (*wrong, {"training": {"x": 1}}, {"people": None}):
        (tmp_path / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(BadDataError, match=r"config.json"):
            load_decoder(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(BadDataError, match="cannot be read"):
        load_decoder(tmp_path)


def test_other_inputs_are_refused(tmp_path):
    decoder, inputs = fitted("lda")
    with pytest.raises(BadDataError, match="was made for"):
        decoder.predict(Inputs({"de": inputs.arrays["de"]}))
