"""An inflated UNet on disk: the adapter alone, loaded whole or refused."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from eeg2vid.schemas.errors import BadDataError, MissingInputError
from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.inflated import InflatedUNet

_spec = importlib.util.spec_from_file_location("_unets", Path(__file__).with_name("_unets.py"))
unets = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(unets)

WEIGHTS = "adapter.safetensors"


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def saved(folder, name="tiny", dtype=torch.float32, **settings):
    unet = unets.build(name).to(dtype)
    model = unets.stir(InflatedUNet.inflate(unet, InflationSettings(**settings), base="sha256:base"))
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("trained", ["published", "temporal", "lora"])
@pytest.mark.parametrize("name", unets.CONFIGS)
@torch.no_grad()
def test_what_is_loaded_computes_what_was_saved(tmp_path, name, trained):
    model = saved(tmp_path, name, trained=trained, lora_rank=3, lora_alpha=7.0, group_norm="clip")
    again = InflatedUNet.from_pretrained(tmp_path, unets.build(name), base="sha256:base")
    assert again.settings == model.settings
    given = unets.given(model.unet)
    torch.testing.assert_close(again(*given), model(*given), atol=0, rtol=0)
    untrained = InflatedUNet.inflate(unets.build(name), model.settings)
    assert (untrained(*given) - again(*given)).abs().max() > 1e-2
    again.save_pretrained(tmp_path / "again")
    for file in ("config.json", WEIGHTS):
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / file).read_bytes()


def test_only_the_adapter_is_saved_and_in_float32(tmp_path):
    model = saved(tmp_path, dtype=torch.bfloat16)
    found = load_file(tmp_path / WEIGHTS)
    assert found.keys() == model.adapter().state_dict().keys()
    assert all(value.dtype == torch.float32 for value in found.values())
    assert not any("conv" in name or ("to_k" in name and "temporal" not in name) for name in found)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["base"] == "sha256:base"
    assert (
        InflationSettings(**{k: v for k, v in config.items() if k in InflationSettings.model_fields}) == model.settings
    )
    half = InflatedUNet.from_pretrained(tmp_path, unets.build().bfloat16(), base="sha256:base")
    assert {part.dtype for part in half.parameters()} == {torch.bfloat16}


def _drop(values):
    del values[min(values)]


def _add(values):
    values["foreign.weight"] = torch.zeros(2)


def _reshape(values):
    values[min(values)] = values[min(values)][:-1].contiguous()


def _spoil(values):
    values[min(values)].view(-1)[3] = float("nan")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_drop, "1 tensor is missing, the first is down_blocks/0"),
        (_add, "1 tensor is of no such network, the first is foreign.weight"),
        (_reshape, "1 tensor has another shape, the first is down_blocks/0"),
        (_spoil, "1 tensor is not finite, the first is down_blocks/0"),
    ],
)
def test_other_values_are_refused(tmp_path, harm, told):
    saved(tmp_path)
    values = load_file(tmp_path / WEIGHTS)
    harm(values)
    save_file(values, tmp_path / WEIGHTS)
    with pytest.raises(BadDataError, match=told):
        InflatedUNet.from_pretrained(tmp_path, unets.build(), base="sha256:base")


def test_another_picture_network_is_refused(tmp_path):
    saved(tmp_path)
    for base in ("", "sha256:other"):
        with pytest.raises(BadDataError, match=r"tuned on the UNet sha256:base, expected"):
            InflatedUNet.from_pretrained(tmp_path, unets.build(), base=base)
    with pytest.raises(BadDataError, match=r"are missing|another shape|no such"):
        InflatedUNet.from_pretrained(tmp_path, unets.build("sd1"), base="sha256:base")


def test_files_that_are_absent_or_none_are_refused(tmp_path):
    saved(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"no tensors")
    with pytest.raises(BadDataError, match="cannot be read"):
        InflatedUNet.from_pretrained(tmp_path, unets.build(), base="sha256:base")
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(MissingInputError, match=r"adapter\.safetensors is absent"):
        InflatedUNet.from_pretrained(tmp_path, unets.build(), base="sha256:base")
    for config in ("[]", "{", "{}", '{"base": "sha256:base", "rank": 3}', '{"base": "sha256:base", "lora_rank": 0}'):
        (tmp_path / "config.json").write_text(config)
        with pytest.raises(BadDataError, match="not the config of an inflated UNet"):
            InflatedUNet.from_pretrained(tmp_path, unets.build(), base="sha256:base")
    (tmp_path / "config.json").unlink()
    with pytest.raises(MissingInputError, match=r"config\.json is absent"):
        InflatedUNet.from_pretrained(tmp_path, unets.build(), base="sha256:base")


def test_unets_of_other_kinds_are_refused():
    unet = unets.build()
    InflatedUNet.inflate(unet, InflationSettings())
    with pytest.raises(BadDataError, match="inflated before"):
        InflatedUNet.inflate(unet, InflationSettings())
    small = unets.CONFIGS["tiny"]
    others = {
        "class_embed_type": small | {"class_embed_type": "timestep"},
        "asks for more": small | {"addition_embed_type": "text", "encoder_hid_dim": None},
        "lacks self- or cross-": small | {"only_cross_attention": True},
        "attentions, where": small | {"down_block_types": ("AttnDownBlock2D", "DownBlock2D")},
    }
    for told, config in others.items():
        with pytest.raises(BadDataError, match=told):
            InflatedUNet.inflate(unets.UNet2DConditionModel(**config), InflationSettings())
