from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.schemas.networks import (
    GlmnetRawSettings,
    GlmnetSettings,
    LatentCnnSettings,
    LdaSettings,
    RidgeSettings,
    TrainingSettings,
)
from eeg2vid.stages.networks.decoder import Context, Examples
from eeg2vid.stages.networks.table import NETWORKS, build
from eeg2vid.stages.training.checkpoint import load_decoder, save_decoder
from eeg2vid.stages.training.inputs import Inputs

ELECTRODES = ("FZ", "O1", "OZ")
SETTINGS = {
    "glmnet": GlmnetSettings(hidden=(8,), embedding=4, local_electrodes=("O1", "OZ")),
    "glmnet-raw": GlmnetRawSettings(filters=4, embedding=4, local_electrodes=("O1",), kernel=5, pool=7),
    "lda": LdaSettings(),
    "ridge": RidgeSettings(),
    "latent-cnn": LatentCnnSettings(width=8, depth=1, components=5),
    "latent-cnn full": LatentCnnSettings(width=8, depth=1, head="full"),
}


def fitted(name, seed=0, scaling="train"):
    rng = np.random.default_rng(0)
    epochs, de = rng.normal(size=(24, 3, 60)).astype(np.float32), rng.normal(size=(24, 2, 3, 5)).astype(np.float32)
    kept = {"glmnet": {"de": de}, "glmnet-raw": {"epochs": epochs}}.get(name, {"epochs": epochs, "de": de})
    mapper = name in ("ridge", "latent-cnn", "latent-cnn full")
    targets = rng.normal(size=(24, 3, 2, 4)).astype(np.float32) if mapper else np.arange(24) % 3
    found = Examples(Inputs(kept), targets, np.arange(24) // 8, np.arange(24) // 2)
    context = Context(
        found.inputs.shapes(),
        classes=() if mapper else ("cat", "dög", "fish"),
        target=(3, 2, 4) if mapper else (),
        electrodes=ELECTRODES,
    )
    decoder = build(SETTINGS[name], context=context, training=TrainingSettings(epochs=3, batch_size=8, scaling=scaling))
    decoder.fit(found.take(found.groups < 2), found.take(found.groups == 2), seed=seed)
    return decoder, found.inputs


def test_the_table_is_complete():
    assert {name.split()[0] for name in SETTINGS} == set(NETWORKS)
    for name, (settings, _) in NETWORKS.items():
        assert settings().name == name
        for field in settings.model_fields.values():
            assert field.description or field.annotation is not None


@pytest.mark.parametrize("name", SETTINGS)
def test_round_trip_gives_equal_predictions(name, tmp_path):
    decoder, inputs = fitted(name)
    save_decoder(tmp_path / "fold-1" / "concept", decoder)
    folder = tmp_path / "fold-1" / "concept"
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.safetensors", "scaler.safetensors"]
    again = load_decoder(folder)
    np.testing.assert_array_equal(again.predict(inputs), decoder.predict(inputs))
    assert again.config() == decoder.config()
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
    np.testing.assert_array_equal(load_decoder(tmp_path).predict(inputs), decoder.predict(inputs))
    few = inputs.take(np.arange(10))
    assert not np.array_equal(decoder.predict(few), decoder.predict(inputs)[:10])
    plain = fitted("glmnet")[0]
    np.testing.assert_allclose(plain.predict(few), plain.predict(inputs)[:10], rtol=1e-5)


@pytest.mark.parametrize("name", ["lda", "ridge", "latent-cnn", "glmnet"])
def test_what_does_not_fit_is_bad_data(name, tmp_path):
    save_decoder(tmp_path, fitted(name)[0])
    model = tmp_path / "model.safetensors"
    arrays = load_file(model)
    for key, value in arrays.items():
        save_file({**arrays, key: np.zeros((*value.shape, 2), dtype=value.dtype)}, model)
        with pytest.raises(BadDataError):
            load_decoder(tmp_path)
        save_file({other: v for other, v in arrays.items() if other != key}, model)
        with pytest.raises(BadDataError, match=r"holds|incomplete"):
            load_decoder(tmp_path)
    save_file(arrays, model)
    save_file({}, tmp_path / "scaler.safetensors")
    with pytest.raises(BadDataError, match="is incomplete"):
        load_decoder(tmp_path)


def test_damaged_files_are_bad_data(tmp_path):
    save_decoder(tmp_path, fitted("lda")[0])
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes(b"garbage")
    with pytest.raises(BadDataError, match=r"model.safetensors cannot be read"):
        load_decoder(tmp_path)
    for change in ({"format": 2}, {"network": {"name": "none"}}, {"network": {"name": "lda", "x": 1}}, {"inputs": 3}):
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
