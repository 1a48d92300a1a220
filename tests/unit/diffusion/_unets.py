"""Random UNets: of the tiny profile's kind, as Stable Diffusion 1.x and 2.x are built, and of SD 1.4's size."""

import torch
from diffusers import UNet2DConditionModel

SMALL = {
    "sample_size": 8, "block_out_channels": (16, 32), "norm_num_groups": 8, "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"), "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}  # fmt: skip
CONFIGS = {
    "tiny": SMALL | {"attention_head_dim": 4, "cross_attention_dim": 24},
    "sd1": SMALL | {"attention_head_dim": 8, "cross_attention_dim": 32, "layers_per_block": 2},
    "sd2": SMALL | {"attention_head_dim": [2, 4], "cross_attention_dim": 40, "use_linear_projection": True,
                    "upcast_attention": True},
}  # fmt: skip
SD14 = {
    "sample_size": 64, "block_out_channels": (320, 640, 1280, 1280), "cross_attention_dim": 768,
    "attention_head_dim": 8, "layers_per_block": 2,
}  # fmt: skip


def build(name="tiny", seed=0):
    """Return a UNet without trivial weights: norms and biases are random too."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        unet = UNet2DConditionModel(**CONFIGS[name]).eval()
        for part in unet.parameters():
            if part.ndim == 1:
                part.data += 0.3 * torch.randn_like(part)
    return unet


def given(unet, clips=2, frames=4, rows=6, columns=10, seed=1):
    """Return noisy latents, times and text states."""
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(clips, frames, 4, rows, columns, generator=draw)
    states = torch.randn(clips, 7, unet.config.cross_attention_dim, generator=draw)
    return x, torch.tensor([11, 640, 999, 250])[:clips], states


def pictures(unet, x, t, states):
    """Return what the picture network makes of each frame by itself."""
    frames = range(x.shape[1])
    return torch.stack([unet(x[:, f], t, encoder_hidden_states=states).sample for f in frames], dim=1)


def stir(model, seed=2, by=0.3):
    """Give the adapter other values, as training would."""
    draw = torch.Generator().manual_seed(seed)
    for part in model.adapter().parameters():
        part.data += by * torch.randn(part.shape, generator=draw)
    return model
