"""Every loader refuses a file that is not its model's: missing, foreign, reshaped, not finite; and takes what is."""

import json
import shutil
from importlib import resources
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.pretrained.captioner import load_captioner
from eeg2vid.stages.pretrained.classifiers import load_image_classifier, load_video_classifier
from eeg2vid.stages.pretrained.image_encoder import load_image_encoder
from eeg2vid.stages.pretrained.text import load_text_encoder
from eeg2vid.stages.pretrained.unet import load_unet
from eeg2vid.stages.pretrained.vae import WEIGHTS, load_vae

TINY = Path(str(resources.files("eeg2vid.stages") / "profiles" / "tiny"))
LOADERS = {
    "vae": load_vae,
    "unet": load_unet,
    "text_encoder": lambda folder: load_text_encoder(folder, TINY / "tokenizer"),
    "image_encoder": load_image_encoder,
    "captioner": load_captioner,
    "image_classifier": load_image_classifier,
    "video_classifier": load_video_classifier,
}
MUTILATIONS = {
    "missing": (lambda w, key: w.pop(key), "1 weight .* is missing"),
    "half": (lambda w, key: [w.pop(one) for one in sorted(w)[: len(w) // 2]], "are missing"),
    "prefixed": (lambda w, key: _rename(w, "_orig_mod."), "(is|are) missing|(is|are) of no such model"),
    "foreign": (lambda w, key: w.update({"foreign.weight": torch.zeros(2)}), "is of no such model.*foreign.weight"),
    "reshaped": (lambda w, key: w.update({key: torch.zeros(3, 5)}), "has another shape"),
    "nan": (lambda w, key: w[key].view(-1)[:1].fill_(float("nan")), "are not finite"),
    "inf": (lambda w, key: w[key].view(-1)[-1:].fill_(float("inf")), "are not finite"),
}


def _rename(weights, prefix):
    for key in list(weights):
        weights[prefix + key] = weights.pop(key)


def changed(role, folder, change):
    """Return a copy of a tiny model with other weights."""
    shutil.copytree(TINY / role, folder)
    for file in folder.iterdir():
        file.chmod(0o644)
    (file,) = folder.glob("*model.safetensors")
    weights = {key: value.clone() for key, value in load_file(file).items()}
    change(weights, min(key for key, value in weights.items() if value.is_floating_point()))
    save_file(weights, file)
    return folder


@pytest.mark.parametrize("role", LOADERS)
@pytest.mark.parametrize("how", MUTILATIONS)
def test_a_mutilated_file_is_refused(role, how, tmp_path):
    change, sentence = MUTILATIONS[how]
    with pytest.raises(BadDataError, match=sentence) as caught:
        LOADERS[role](changed(role, tmp_path / role, change))
    assert "weights fetch" in str(caught.value) and "the first is" in caught.value.message


@pytest.mark.parametrize("role", LOADERS)
def test_a_whole_file_loads(role, tmp_path):
    LOADERS[role](changed(role, tmp_path / role, lambda weights, key: None))


def test_every_role_of_the_profile_but_words_has_a_loader():
    roles = {path.name for path in TINY.iterdir() if any(path.glob("*.safetensors"))}
    assert roles == set(LOADERS)


def test_names_of_older_files_still_load(tmp_path):
    """SD 1.4 calls the VAE's attention query, key, value, proj_attn; CLIP of that time counted its positions."""
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    folder = tmp_path / "vae"  # the tiny VAE has no attention
    AutoencoderKL(
        block_out_channels=(8,), norm_num_groups=4, layers_per_block=1, mid_block_add_attention=True
    ).save_pretrained(folder)
    file = folder / WEIGHTS
    weights = load_file(file)
    older = {_older(key, old): value for key, value in weights.items()}
    assert len(older.keys() - weights.keys()) == 2 * 4 * 2  # encoder and decoder, four matrices with biases
    save_file(older, file, metadata={"format": "pt"})
    loaded = load_vae(folder).state_dict()
    assert loaded.keys() == weights.keys() and all(torch.equal(loaded[key], weights[key]) for key in weights)
    older.pop("decoder.mid_block.attentions.0.query.weight")
    save_file(older, file, metadata={"format": "pt"})
    with pytest.raises(BadDataError, match=r"1 weight .* is missing.*to_q\.weight"):
        load_vae(folder)

    def count(weights, _):
        weights["text_model.embeddings.position_ids"] = torch.arange(77)[None]

    LOADERS["text_encoder"](changed("text_encoder", tmp_path / "text", count))


def _older(key, names):
    for new, old in names.items():
        key = key.replace(f".{new}.", f".{old}.") if ".attentions." in key else key
    return key


def test_weights_in_several_files_load(tmp_path):
    folder = changed("text_encoder", tmp_path / "shards", lambda weights, key: None)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    keys = sorted(weights)
    halves = {"model-00001-of-00002.safetensors": keys[::2], "model-00002-of-00002.safetensors": keys[1::2]}
    for name, some in halves.items():
        save_file({key: weights[key] for key in some}, folder / name, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {key: name for name, some in halves.items() for key in some}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    LOADERS["text_encoder"](folder)
    index["weight_map"].pop(keys[0])
    one = {key: weights[key] for key in halves["model-00001-of-00002.safetensors"] if key != keys[0]}
    save_file(one, folder / "model-00001-of-00002.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BadDataError, match="is missing"):
        LOADERS["text_encoder"](folder)


@pytest.mark.parametrize("role", ["vae", "unet", "text_encoder"])
def test_several_files_are_held_to_their_index(role, tmp_path):
    """The index names every weight, but one stands in no file: diffusers would leave it random."""
    folder = changed(role, tmp_path / role, lambda weights, key: None)
    (whole,) = folder.glob("*model.safetensors")
    weights = load_file(whole)
    whole.unlink()
    keys = sorted(weights)
    names = [whole.name.replace(".safetensors", f"-0000{k}-of-00002.safetensors") for k in (1, 2)]
    halves = dict(zip(names, (keys[::2], keys[1::2]), strict=True))
    index = {"metadata": {}, "weight_map": {key: name for name, some in halves.items() for key in some}}
    (folder / f"{whole.name}.index.json").write_text(json.dumps(index))

    def save(name, **others):
        save_file({key: weights[key] for key in halves[name]} | others, folder / name, metadata={"format": "pt"})

    for name in names:
        save(name)
    LOADERS[role](folder)
    save(names[0], foreign=torch.zeros(2))
    with pytest.raises(BadDataError, match="not in the index, the first is foreign"):
        LOADERS[role](folder)
    gone = halves[names[0]].pop()
    save(names[0])
    with pytest.raises(BadDataError, match=f"missing from their files, the first is {gone}"):
        LOADERS[role](folder)
    shutil.copy(next((TINY / role).glob("*model.safetensors")), whole)
    if role == "text_encoder":  # transformers reads the whole file
        LOADERS[role](folder)
    else:  # diffusers reads the shards all the same
        with pytest.raises(BadDataError, match=f"missing from their files, the first is {gone}"):
            LOADERS[role](folder)
    whole.unlink()
    (folder / names[0]).unlink()
    with pytest.raises(BadDataError, match="cannot be loaded"):
        LOADERS[role](folder)
