"""The denoising network of Stable Diffusion (Rombach et al., CVPR 2022), of any size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.pretrained.loading import FETCH, load_pretrained, quiet

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

    # accelerate is optional here, and only it can load without a full copy in memory
    model: UNet2DConditionModel = load_pretrained(
        UNet2DConditionModel, _home(folder), device, dtype=dtype, low_cpu_mem_usage=False
    )
    return model


def empty_unet(folder: Path) -> UNet2DConditionModel:
    """Return the network of a folder without its values, which can be counted and takes no memory.

    Raises
    ------
    MissingPackageError, BadDataError
        If its config is absent or describes no such network.
    """
    from diffusers import UNet2DConditionModel

    path = _home(folder) / "config.json"
    if not path.is_file():
        raise MissingPackageError(f"No UNet2DConditionModel in {folder}: config.json is absent.", FETCH)
    try:
        with quiet(), torch.device("meta"):
            model: UNet2DConditionModel = UNet2DConditionModel.from_config(json.loads(path.read_text("utf-8")))
    except (ValueError, RuntimeError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadDataError(f"{path} describes no UNet2DConditionModel: {first}", FETCH) from error
    return model


def _home(folder: Path) -> Path:
    """Return the folder itself, or its subfolder `unet` where the network is there."""
    inside = folder / "unet"
    return folder if (folder / "config.json").is_file() or not (inside / "config.json").is_file() else inside
