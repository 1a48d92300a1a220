"""Group norms over a clip, where the published network has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn
from torch.nn.functional import group_norm

from eeg2vid.stages.diffusion.frames import Frames

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel


class ClipGroupNorm(nn.Module):
    """A group norm (Wu & He, ECCV 2018) whose mean and variance are those of all frames of a clip.

    Parameters
    ----------
    norm
        The group norm of pictures; its weight and bias are used, not copied.
    frames
        Knows the number of frames.
    """

    def __init__(self, norm: nn.GroupNorm, frames: Frames) -> None:
        super().__init__()
        self.groups, self.eps, self.frames = norm.num_groups, norm.eps, frames
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, x: Tensor) -> Tensor:
        """Return `(clip * frame, channel, row, column)` normalised."""
        clips = torch.unflatten(x, 0, (-1, self.frames.count)).transpose(1, 2)
        return group_norm(clips, self.groups, self.weight, self.bias, self.eps).transpose(1, 2).flatten(0, 1)


def average_over_clips(unet: UNet2DConditionModel, frames: Frames) -> None:
    """Let the norms of residual blocks, and the last one, average over clips.

    So they do in the published code, where they see `(clip, channel, frame, row, column)`; the norms of transformers
    see frames there, and are left alone.
    """
    for part in unet.modules():
        if isinstance(part, ResnetBlock2D):
            part.norm1, part.norm2 = ClipGroupNorm(part.norm1, frames), ClipGroupNorm(part.norm2, frames)
    unet.conv_norm_out = ClipGroupNorm(unet.conv_norm_out, frames)
