"""Networks as the sampler sees them: in their own precision, a time for all clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel

    from eeg2vid.stages.diffusion.inflated import InflatedUNet


class PictureDenoiser:
    """A `UNet2DConditionModel` asked frame by frame: frames of a clip know nothing of each other."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        self.unet = unet

    def __call__(self, x: Tensor, t: int, states: Tensor) -> Tensor:
        """Return what the network predicts of `(clip, frame, channel, row, column)`."""
        flat = x.flatten(0, 1).to(self.unet.dtype)
        told = states.to(self.unet.dtype).repeat_interleave(x.shape[1], dim=0)
        found: Tensor = self.unet(flat, torch.as_tensor(t, device=x.device), encoder_hidden_states=told).sample
        return found.reshape(x.shape)


class ClipDenoiser:
    """An inflated network, which sees all frames of a clip."""

    def __init__(self, model: InflatedUNet) -> None:
        self.model = model

    def __call__(self, x: Tensor, t: int, states: Tensor) -> Tensor:
        """Return what the network predicts of `(clip, frame, channel, row, column)`."""
        dtype = self.model.unet.dtype
        found: Tensor = self.model(x.to(dtype), torch.as_tensor(t, device=x.device), states.to(dtype))
        return found
