"""The big models' classes at their published sizes, on torch's meta device: shapes without memory.

Sizes are those of the public configs; parameter counts follow from them and are the published ones.
"""

import json

import pytest
import torch

from eeg2vid.stages.engine.profile import Models

PATCHES = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
CLIP_TEXT = {**PATCHES, "vocab_size": 49408, "max_position_embeddings": 77, "hidden_act": "quick_gelu"}
CLIP_VISION = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
BLIP_TEXT = {**PATCHES, "vocab_size": 30524, "bos_token_id": 30522, "eos_token_id": 2, "sep_token_id": 102}
BLIP_VISION = {"image_size": 384, "patch_size": 16}


def unet():
    from diffusers import UNet2DConditionModel

    model = UNet2DConditionModel(
        sample_size=64, in_channels=4, out_channels=4, layers_per_block=2, cross_attention_dim=768,
        block_out_channels=(320, 640, 1280, 1280), attention_head_dim=8, norm_num_groups=32,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    )  # fmt: skip
    return model, model(torch.empty(2, 4, 36, 64), torch.empty(2), torch.empty(2, 77, 768)).sample


def vae():
    from diffusers import AutoencoderKL

    model = AutoencoderKL(
        sample_size=512, latent_channels=4, layers_per_block=2, block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, norm_num_groups=32,
    )  # fmt: skip
    return model, model.encode(torch.empty(2, 3, 288, 512)).latent_dist.mean


def text_encoder():
    from transformers import CLIPTextConfig, CLIPTextModel

    model = CLIPTextModel(CLIPTextConfig(**CLIP_TEXT))
    return model, model(torch.zeros(2, 77, dtype=torch.long)).last_hidden_state


def image_encoder():
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(**CLIP_VISION, image_size=224, patch_size=14, projection_dim=768)
    model = CLIPVisionModelWithProjection(config)
    return model, model(torch.empty(2, 3, 224, 224)).image_embeds


def captioner(**vision):
    from transformers import BlipConfig, BlipForConditionalGeneration

    text = {**BLIP_TEXT, "encoder_hidden_size": vision["hidden_size"]}
    model = BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config={**BLIP_VISION, **vision}))
    return model, model(torch.empty(2, 3, 384, 384), torch.zeros(2, 9, dtype=torch.long)).logits


def image_classifier():
    from transformers import ViTConfig, ViTForImageClassification

    model = ViTForImageClassification(ViTConfig(**PATCHES, image_size=224, patch_size=16, num_labels=1000))
    return model, model(torch.empty(2, 3, 224, 224)).logits


def video_classifier():
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification

    config = VideoMAEConfig(
        **PATCHES, image_size=224, patch_size=16, num_frames=16, tubelet_size=2, num_labels=400, use_mean_pooling=True
    )
    model = VideoMAEForVideoClassification(config)
    return model, model(torch.empty(2, 16, 3, 224, 224)).logits


BUILT = {
    "unet": (unet, (2, 4, 36, 64), 859_520_964),
    "vae": (vae, (2, 4, 36, 64), 83_653_863),
    "text_encoder": (text_encoder, (2, 77, 768), 123_060_480),
    "image_encoder": (image_encoder, (2, 768), 303_966_208),
    "captioner (base)": (lambda: captioner(**PATCHES), (2, 9, 30524), 223_971_644),
    "captioner": (lambda: captioner(**CLIP_VISION), (2, 9, 30524), 446_290_492),
    "image_classifier": (image_classifier, (2, 1000), 86_567_656),
    "video_classifier": (video_classifier, (2, 400), 86_534_800),
}


@pytest.mark.parametrize("role", BUILT)
def test_a_full_size_model_has_the_shapes_that_the_stages_count_on(role):
    build, shape, parameters = BUILT[role]
    with torch.device("meta"), torch.inference_mode():
        model, out = build()
    assert out.shape == shape and out.is_meta
    assert sum(weight.numel() for weight in model.parameters()) == parameters


def test_the_profile_names_a_source_for_every_role():
    roles = Models("sd").profile.roles
    assert {name.split()[0] for name in BUILT} | {"tokenizer", "scheduler"} == set(roles)
    assert all(source.hub and source.folder is None for source in roles.values())
    diffusion = {"vae", "unet", "text_encoder", "tokenizer", "scheduler"}
    assert {roles[role].hub for role in diffusion} == {"CompVis/stable-diffusion-v1-4"}
    assert all(roles[role].subfolder == role for role in diffusion)


def test_a_tokenizer_without_config_json_is_a_model(tmp_path):
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer" / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 77}))
    (tmp_path / "own.toml").write_text('name = "own"\n[roles.tokenizer]\nfolder = "tokenizer"\n')
    assert Models(str(tmp_path / "own.toml")).locate("tokenizer").identity.startswith("sha256:")
