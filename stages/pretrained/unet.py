"""The denoiser of a latent diffusion model (Rombach et al., CVPR 2022)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from eeg2vid.stages.pretrained.loading import load_diffusion

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel


def load_unet(folder: Path, device: str = "cpu", dtype: torch.dtype = torch.float32) -> UNet2DConditionModel:
    """Load a `UNet2DConditionModel` from a folder, never from the network.

    Parameters
    ----------
    folder
        Holds `config.json` and `diffusion_pytorch_model.safetensors` (or its shards).
    device, dtype
        Where it computes and in what precision; weights stored as float16 are widened.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent or damaged.
    """
    from diffusers import UNet2DConditionModel

    return load_diffusion(UNet2DConditionModel, folder, device, dtype)
