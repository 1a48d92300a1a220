"""Group norms over clips, worked by hand."""

import torch
from torch import nn

from eeg2vid.stages.diffusion.frames import Frames
from eeg2vid.stages.diffusion.group_norm import ClipGroupNorm


def test_a_group_of_a_clip_has_one_mean_and_variance():
    frames = Frames()
    norm = nn.GroupNorm(1, 2, eps=0.0)
    norm.weight.data = torch.tensor([1.0, 2.0])
    norm.bias.data = torch.tensor([0.0, 10.0])
    # one clip of two frames, two channels in one group, one place: 1, 3 and 5, 7: mean 4, variance 5
    x = torch.tensor([[1.0, 3.0], [5.0, 7.0]])[:, :, None, None]
    with frames.of(2):
        found = ClipGroupNorm(norm, frames)(x)[:, :, 0, 0]
    deviation = 5**0.5
    wanted = torch.tensor([[-3 / deviation, 10 - 2 / deviation], [1 / deviation, 10 + 6 / deviation]])
    torch.testing.assert_close(found, wanted)


def test_it_is_the_norm_of_clips_as_torch_has_it():
    torch.manual_seed(0)
    frames, norm = Frames(), nn.GroupNorm(4, 8)
    norm.weight.data.normal_()
    norm.bias.data.normal_()
    x = 2 + 3 * torch.randn(2, 3, 8, 5, 4)
    wanted = norm(x.transpose(1, 2)).transpose(1, 2)  # (clip, channel, frame, row, column), as published
    clip_norm = ClipGroupNorm(norm, frames)
    with frames.of(3):
        torch.testing.assert_close(clip_norm(x.flatten(0, 1)).reshape(x.shape), wanted, atol=1e-5, rtol=1e-5)
        last = x.flatten(0, 1).to(memory_format=torch.channels_last)
        torch.testing.assert_close(clip_norm(last).reshape(x.shape), wanted, atol=1e-5, rtol=1e-5)
        half = clip_norm(x.flatten(0, 1).bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float().reshape(x.shape), wanted, atol=0.1, rtol=0.02)
    with frames.of(1):  # one frame a clip: the picture network's
        pictures = x.flatten(0, 1)
        torch.testing.assert_close(clip_norm(pictures), norm(pictures), atol=1e-5, rtol=1e-5)


def test_weight_and_bias_are_the_very_ones():
    norm = nn.GroupNorm(1, 2)
    clip_norm = ClipGroupNorm(norm, Frames())
    assert clip_norm.weight is norm.weight
    assert clip_norm.state_dict().keys() == norm.state_dict().keys()
