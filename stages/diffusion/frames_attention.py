"""Attention between frames: sparse-causal, over time, and from all frames of a clip to its text.

Hidden states are `(clip * frame, place, channel)`, as the network of pictures has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from eeg2vid.stages.diffusion.frames import Frames

if TYPE_CHECKING:
    from diffusers.models.attention_processor import Attention


def _heads(x: Tensor, heads: int) -> Tensor:
    """Return `(batch, token, channel)` as `(batch, head, token, part)`."""
    return torch.unflatten(x, -1, (heads, -1)).transpose(1, 2)


def _attend(attention: Attention, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return the attention of `(batch, token, channel)` to other tokens, heads side by side."""
    heads = attention.heads
    found = scaled_dot_product_attention(_heads(query, heads), _heads(key, heads), _heads(value, heads))
    return found.transpose(1, 2).flatten(2)


def _out(attention: Attention, x: Tensor) -> Tensor:
    project, dropout = attention.to_out
    return dropout(project(x))


class SparseCausal:
    """Processor of self-attention: a frame's places look at those of the first frame and of the frame before.

    The first frame looks at itself, as the network of pictures has it; the second at the first alone: the published
    code shows both the same places twice, which gives the same weights.
    """

    def __init__(self, frames: Frames) -> None:
        self.frames = frames

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """Return hidden states of the shape given."""
        count = self.frames.count
        query, key, value = (
            torch.unflatten(layer(hidden_states), 0, (-1, count)) for layer in (attn.to_q, attn.to_k, attn.to_v)
        )
        early = query[:, :2]
        found = _attend(attn, early.flatten(1, 2), key[:, 0], value[:, 0]).reshape(early.shape)
        if count > 2:
            both = (torch.cat([x[:, :1].expand(-1, count - 2, -1, -1), x[:, 1:-1]], dim=2) for x in (key, value))
            later = _attend(attn, query[:, 2:].flatten(0, 1), *(x.flatten(0, 1) for x in both))
            found = torch.cat([found, torch.unflatten(later, 0, (-1, count - 2))], dim=1)
        return _out(attn, found.flatten(0, 1))


class ClipCross:
    """Processor of cross-attention: all frames of a clip look at the clip's one text, whose keys are made once."""

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """Return hidden states of the shape given; `encoder_hidden_states` is `(clip, token, channel)`."""
        query = attn.to_q(hidden_states)
        clips = query.reshape(len(encoder_hidden_states), -1, query.shape[-1])
        found = _attend(attn, clips, attn.to_k(encoder_hidden_states), attn.to_v(encoder_hidden_states))
        return _out(attn, found.reshape(query.shape))


def frame_code(count: int, channels: int) -> Tensor:
    """Return the sinusoidal code of the frames, float32 `(frame, channel)` (Vaswani et al., NeurIPS 2017, 3.5)."""
    rates = torch.exp(torch.arange(0, channels, 2) * (-torch.log(torch.tensor(1e4)) / channels))
    angles = torch.arange(count)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :channels]


class TemporalAttention(nn.Module):
    """Attention over the frames at each place, added to a transformer block's output; nothing before it is trained.

    Its output projection starts at zero, weight and bias. (The published code zeroes the weight alone, so that its
    network begins as another than the picture network.)

    Parameters
    ----------
    channels, heads, inner
        Of the block: channels of its hidden states, heads of its attention and their channels together.
    positions
        Whether the code of the frame is added to what is attended to.
    frames
        Knows the number of frames.
    """

    def __init__(self, channels: int, heads: int, inner: int, positions: bool, frames: Frames) -> None:
        super().__init__()
        self.heads, self.positions, self.frames = heads, positions, frames
        self.norm = nn.LayerNorm(channels)
        self.to_q = nn.Linear(channels, inner, bias=False)
        self.to_k = nn.Linear(channels, inner, bias=False)
        self.to_v = nn.Linear(channels, inner, bias=False)
        self.to_out = nn.Linear(inner, channels)
        nn.init.zeros_(self.to_out.weight)
        nn.init.zeros_(self.to_out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return what is to be added to hidden states `(clip * frame, place, channel)`."""
        count = self.frames.count
        seen = torch.unflatten(self.norm(x), 0, (-1, count))
        if self.positions:
            seen = seen + frame_code(count, x.shape[-1]).to(seen)[:, None]
        # (clip, frame, place, channel) to (clip, place, head, frame, part): only then are frames what is attended to
        query, key, value = (
            torch.unflatten(layer(seen), -1, (self.heads, -1)).permute(0, 2, 3, 1, 4)
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        found = scaled_dot_product_attention(query, key, value)
        return self.to_out(found.permute(0, 3, 1, 2, 4).flatten(3).flatten(0, 1))

    def follow(self, block: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """Add it to a block's output: a forward hook."""
        return output + self(output)
