"""Clips denoised by a picture model, frame by frame: the base of every inflated network, and its baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel


class PictureDenoiser:
    """A `UNet2DConditionModel` asked frame by frame: frames of a clip know nothing of each other."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        self.unet = unet

    def __call__(self, x: Tensor, t: int, states: Tensor) -> Tensor:
        """Return what the network predicts of `(clip, frame, channel, row, column)`."""
        frames = x.shape[1]
        flat = x.flatten(0, 1).to(self.unet.dtype)
        told = states.to(self.unet.dtype).repeat_interleave(frames, dim=0)
        found: Tensor = self.unet(flat, torch.as_tensor(t, device=x.device), encoder_hidden_states=told).sample
        return found.reshape(x.shape)
