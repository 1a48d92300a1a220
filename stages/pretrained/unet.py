"""The denoising network of Stable Diffusion (Rombach et al., CVPR 2022), of any size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from eeg2vid.stages.pretrained.loading import load_pretrained

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel


def load_unet(folder: Path, device: str = "cpu", dtype: torch.dtype = torch.float32) -> UNet2DConditionModel:
    """Load a `UNet2DConditionModel` from a folder, never from the network.

    Parameters
    ----------
    folder
        Holds `config.json` and `diffusion_pytorch_model.safetensors`, or has a subfolder `unet` that does.
    device, dtype
        Where it computes and in what precision.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, or the weights are not those of such a model.
    """
    from diffusers import UNet2DConditionModel

    if not (folder / "config.json").is_file() and (folder / "unet" / "config.json").is_file():
        folder = folder / "unet"
    # accelerate is optional here, and only it can load without a full copy in memory
    model: UNet2DConditionModel = load_pretrained(
        UNet2DConditionModel, folder, device, dtype=dtype, low_cpu_mem_usage=False
    )
    return model
