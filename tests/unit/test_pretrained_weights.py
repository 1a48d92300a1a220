"""Every loader takes whole files only: weights missing, foreign, reshaped or not finite are refused by name."""

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.pretrained.captioner import load_captioner
from eeg2vid.stages.pretrained.classifiers import load_image_classifier, load_video_classifier
from eeg2vid.stages.pretrained.image_encoder import load_image_encoder
from eeg2vid.stages.pretrained.text import load_text_encoder
from eeg2vid.stages.pretrained.unet import load_unet
from eeg2vid.stages.pretrained.vae import load_vae

_spec = importlib.util.spec_from_file_location("_small_models", Path(__file__).with_name("_small_models.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

TINY = Path(__file__).resolve().parents[2] / "stages" / "profiles" / "tiny"
DIFFUSION, TRANSFORMERS = "diffusion_pytorch_model.safetensors", "model.safetensors"
LOADERS = {
    "vae": (load_vae, DIFFUSION, "decoder."),
    "unet": (load_unet, DIFFUSION, "up_blocks."),
    "text_encoder": (lambda folder: load_text_encoder(folder, TINY / "tokenizer"), TRANSFORMERS, "text_model.encoder."),
    "image_encoder": (load_image_encoder, TRANSFORMERS, "vision_model.encoder."),
    "captioner": (load_captioner, TRANSFORMERS, "text_decoder."),
    "image_classifier": (load_image_classifier, TRANSFORMERS, "vit."),
    "video_classifier": (load_video_classifier, TRANSFORMERS, "videomae."),
}
RENAMED = ("image_classifier", "video_classifier")  # the library has other names for what is in their files
ROLES = pytest.mark.parametrize("role", LOADERS)


def middle(weights):
    """Return the name of a weight matrix in the middle of the file."""
    wide = sorted(name for name, value in weights.items() if value.ndim > 1 and value.shape[0] != value.shape[1])
    return wide[len(wide) // 2]


def one_missing(weights, half):
    del weights[name := middle(weights)]
    return name, "missing"


def half_missing(weights, half):
    gone = [name for name in weights if name.startswith(half)]
    assert 1 < len(gone) < len(weights)
    for name in gone:
        del weights[name]
    return min(gone), "missing"


def one_foreign(weights, half):
    weights["adapter.down.weight"] = torch.ones(2, 3)
    return "adapter.down.weight", "foreign"


def all_renamed(weights, half):
    renamed = {f"_orig_mod.{name}": value for name, value in weights.items()}
    weights.clear()
    weights |= renamed
    return "_orig_mod.", "missing"


def one_reshaped(weights, half):
    weights[name := middle(weights)] = weights[middle(weights)][:, :-1].contiguous()
    return name, "shape"


def one_nan(weights, half):
    weights[name := middle(weights)].flatten()[-1] = float("nan")
    return name, "not finite"


def one_inf(weights, half):
    name = min(name for name, value in weights.items() if value.ndim == 1)
    weights[name][0] = float("-inf")
    return name, "not finite"


MUTILATIONS = (one_missing, half_missing, one_foreign, all_renamed, one_reshaped, one_nan, one_inf)


@ROLES
@pytest.mark.parametrize("mutilate", MUTILATIONS, ids=lambda one: one.__name__)
def test_a_mutilated_file_is_refused(role, mutilate, tmp_path):
    """Seven loaders, seven mutilations: 49 of 49, each by the name of the weight."""
    load, file, half = LOADERS[role]
    shutil.copytree(TINY / role, tmp_path / role)
    weights = load_file(tmp_path / role / file)
    name, word = mutilate(weights, half)
    save_file(weights, tmp_path / role / file)
    with pytest.raises(BadDataError, match=word) as refused:
        load(tmp_path / role)
    said = str(refused.value)
    assert str(tmp_path / role) in said
    if role in RENAMED and mutilate is not one_foreign and mutilate is not all_renamed:
        whole = load(TINY / role).model.state_dict()
        first = re.search(r"first (\S+?)[.:] ", said)[1]
        assert first in whole and first.rsplit(".", 1)[1] == name.rsplit(".", 1)[1]
    else:
        assert name in said


@ROLES
def test_a_whole_file_is_loaded_in_silence(role, capfd):
    LOADERS[role][0](TINY / role)
    assert capfd.readouterr() == ("", "")


@ROLES
def test_a_file_in_shards_is_loaded_and_held_to_its_index(role, tmp_path):
    load, file, _ = LOADERS[role]
    folder = tmp_path / role
    shutil.copytree(TINY / role, folder)
    weights = load_file(folder / file)
    (folder / file).unlink()
    names, places = sorted(weights), {}
    stem = file.removesuffix(".safetensors")
    for k, some in enumerate((names[: len(names) // 2], names[len(names) // 2 :]), start=1):
        shard = f"{stem}-0000{k}-of-00002.safetensors"
        save_file({name: weights[name] for name in some}, folder / shard, {"format": "pt"})
        places |= dict.fromkeys(some, shard)
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (folder / f"{file}.index.json").write_text(json.dumps(index))
    whole, sharded = load(TINY / role), load(folder)
    one, two = (getattr(model, "model", model).state_dict() for model in (whole, sharded))
    assert all(torch.equal(one[name], two[name]) for name in one)
    last = {name: weights[name] for name in names[len(names) // 2 :]}
    save_file({name: last[name] for name in names[len(names) // 2 : -1]}, folder / shard, {"format": "pt"})
    with pytest.raises(BadDataError, match="missing from their shards"):
        load(folder)
    save_file(last | {"adapter.weight": torch.ones(2)}, folder / shard, {"format": "pt"})
    with pytest.raises(BadDataError, match=r"not in its index, first adapter\.weight"):
        load(folder)
    (folder / shard).unlink()
    with pytest.raises(BadDataError, match="cannot be loaded"):
        load(folder)


def test_older_names_are_understood(tmp_path):
    """Stable Diffusion 1.4's own files: the VAE's attention by its first names, CLIP's `position_ids`."""
    from diffusers import AutoencoderKL

    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    small.seeded(lambda: AutoencoderKL(block_out_channels=(8, 8), norm_num_groups=4, **blocks)).save_pretrained(
        tmp_path
    )
    expected = load_vae(tmp_path).state_dict()
    weights = load_file(tmp_path / DIFFUSION)
    first = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    for name in [name for name in weights if ".attentions.0.to_" in name]:
        today = next(part for part in first if f".{part}." in name)
        weights[name.replace(today, first[today])] = weights.pop(name)
    assert any(".query." in name for name in weights)
    save_file(weights, tmp_path / DIFFUSION)
    found = load_vae(tmp_path).state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)

    for role in ("text_encoder", "image_encoder"):
        shutil.copytree(TINY / role, tmp_path / role)
        weights = load_file(tmp_path / role / TRANSFORMERS)
        part = "text_model" if role == "text_encoder" else "vision_model"
        weights[f"{part}.embeddings.position_ids"] = torch.arange(77)[None]
        save_file(weights, tmp_path / role / TRANSFORMERS)
        LOADERS[role][0](tmp_path / role)


def test_parts_of_a_whole_clip_are_passed_over_only_where_it_is_one(tmp_path):
    vocabulary = small.save_tokenizer(tmp_path / "tokenizer")
    small.save_clip(tmp_path / "whole", vocabulary)
    load_image_encoder(tmp_path / "whole")
    load_text_encoder(tmp_path / "whole", tmp_path / "tokenizer")
    weights = load_file(tmp_path / "whole" / TRANSFORMERS)
    save_file(weights | {"adapter.weight": torch.ones(2)}, tmp_path / "whole" / TRANSFORMERS)
    for load in (load_image_encoder, lambda folder: load_text_encoder(folder, tmp_path / "tokenizer")):
        with pytest.raises(BadDataError, match=r"foreign to it, first adapter\.weight"):
            load(tmp_path / "whole")
    shutil.copytree(TINY / "image_encoder", tmp_path / "half")
    weights = load_file(tmp_path / "half" / TRANSFORMERS)
    save_file(weights | {"text_model.final_layer_norm.weight": torch.ones(2)}, tmp_path / "half" / TRANSFORMERS)
    with pytest.raises(BadDataError, match=r"foreign to it, first text_model"):
        load_image_encoder(tmp_path / "half")


def test_weights_beside_the_model_are_not_the_model(tmp_path):
    """A classifier's heads stand in a file of their own."""
    shutil.copytree(TINY / "image_classifier", tmp_path / "heads")
    (tmp_path / "heads" / TRANSFORMERS).unlink()
    with pytest.raises(MissingPackageError, match=r"model\.safetensors is absent"):
        load_image_classifier(tmp_path / "heads")
