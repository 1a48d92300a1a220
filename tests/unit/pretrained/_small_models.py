"""Small random models of the classes that the profiles name, saved as the big ones are."""

import json
import string

import numpy as np
import torch
from PIL import Image

WORDS = "a the of in on with and red green blue dog cat fish car boat man woman walks runs swims beach road".split()
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", *WORDS]
SIDE = 32
WIDE = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
PICTURE = {**WIDE, "image_size": SIDE, "patch_size": 8}


def seeded(build):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build()


def save_tokenizer(folder):
    """Write a CLIP tokenizer whose merges spell out `WORDS`."""
    units = [*string.ascii_lowercase, *(f"{letter}</w>" for letter in string.ascii_lowercase)]
    merges = []
    for word in WORDS:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            merge = (parts[0], parts[1])
            if merge not in merges:
                merges.append(merge)
            parts = ["".join(merge), *parts[2:]]
    vocabulary = list(dict.fromkeys([*units, *("".join(merge) for merge in merges)]))
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: k for k, token in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(merge) for merge in merges) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "CLIPTokenizer",
                "model_max_length": 77,
                "bos_token": "<|startoftext|>",
                "eos_token": "<|endoftext|>",
                "unk_token": "<|endoftext|>",
                "pad_token": "<|endoftext|>",
            }
        )
    )
    return {token: k for k, token in enumerate(vocabulary)}


def text_config(vocabulary):
    size = len(vocabulary)
    return {**WIDE, "vocab_size": size, "bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}


def save_text_encoder(folder, vocabulary, projected=False):
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    kind = CLIPTextModelWithProjection if projected else CLIPTextModel
    config = CLIPTextConfig(**text_config(vocabulary), projection_dim=20)
    seeded(lambda: kind(config)).save_pretrained(folder)


def save_clip(folder, vocabulary):
    """Write a whole CLIP, as the hub has it."""
    from transformers import CLIPConfig, CLIPModel

    config = CLIPConfig(text_config=text_config(vocabulary), vision_config=PICTURE, projection_dim=24)
    seeded(lambda: CLIPModel(config)).save_pretrained(folder)
    save_processor(folder, "CLIPImageProcessor", size={"shortest_edge": SIDE}, crop_size=SIDE, do_center_crop=True)


def save_processor(folder, kind, **facts):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"image_processor_type": kind, "do_resize": True, "do_normalize": True, **facts})
    (folder / "preprocessor_config.json").write_text(text)


def save_captioner(folder):
    from transformers import BertTokenizer, BlipConfig, BlipForConditionalGeneration

    ids = {"vocab_size": len(BERT), "bos_token_id": 4, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
    text = {**WIDE, **ids, "encoder_hidden_size": 32, "max_position_embeddings": 64, "initializer_range": 0.5}
    vision = {**PICTURE, "initializer_range": 0.3}  # wide enough that pictures matter
    model = seeded(lambda: BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision)))
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(BERT) + "\n")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    save_processor(folder, "BlipImageProcessor", size={"height": SIDE, "width": SIDE})


def save_classifiers(folder):
    """Write a ViT and a VideoMAE of 16 pictures with random weights, that resize and crop as the published ones do."""
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification, ViTConfig, ViTForImageClassification

    wide = {**PICTURE, "initializer_range": 0.3, "num_labels": 12}  # wide enough that pictures matter
    still = ViTConfig(**wide)
    moving = VideoMAEConfig(**wide, num_frames=16, tubelet_size=2, use_mean_pooling=True)
    seeded(lambda: ViTForImageClassification(still)).save_pretrained(folder / "image_classifier")
    seeded(lambda: VideoMAEForVideoClassification(moving)).save_pretrained(folder / "video_classifier")
    save_processor(folder / "image_classifier", "ViTImageProcessor", size={"height": SIDE, "width": SIDE})
    cut = {"size": {"shortest_edge": SIDE}, "crop_size": SIDE, "do_center_crop": True}
    save_processor(folder / "video_classifier", "VideoMAEImageProcessor", **cut)


def save_profile(folder):
    """Write all of them and a profile that names them; return the profile's file."""
    vocabulary = save_tokenizer(folder / "tokenizer")
    save_text_encoder(folder / "text_encoder", vocabulary)
    save_clip(folder / "image_encoder", vocabulary)
    save_captioner(folder / "captioner")
    roles = ("tokenizer", "text_encoder", "image_encoder", "captioner")
    lines = ['name = "small"', *(f'[roles.{role}]\nfolder = "{role}"' for role in roles)]
    (folder / "small.toml").write_text("\n".join(lines) + "\n")
    return folder / "small.toml"


def pictures(count, height=36, width=64, seed=0):
    """Return smooth random pictures, uint8 `(count, height, width, 3)`."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 5, 7, 3), dtype=np.uint8)
    return np.stack(
        [np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BICUBIC)) for one in coarse]
    )
