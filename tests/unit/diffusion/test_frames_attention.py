"""Attention between frames against loops in plain torch, frame by frame and head by head."""

import math

import pytest
import torch
from diffusers.models.attention_processor import Attention

from eeg2vid.stages.diffusion.frames import Frames
from eeg2vid.stages.diffusion.frames_attention import ClipCross, SparseCausal, TemporalAttention, frame_code

CLIPS, PLACES, CHANNELS, HEADS = 2, 5, 12, 3


@pytest.fixture(autouse=True)
def _seeded():
    torch.set_num_threads(1)
    torch.manual_seed(3)


def attention(cross=None):
    made = Attention(query_dim=CHANNELS, cross_attention_dim=cross, heads=HEADS, dim_head=4, bias=False, out_bias=True)
    return made.requires_grad_(False)


def by_hand(query, key, value, heads=HEADS):
    """Softmax of scaled products, head by head, for `(token, channel)` each."""
    heads_out = []
    for q, k, v in zip(query.chunk(heads, -1), key.chunk(heads, -1), value.chunk(heads, -1), strict=True):
        weights = torch.exp(q @ k.T / math.sqrt(q.shape[-1]))
        heads_out.append(weights / weights.sum(-1, keepdim=True) @ v)
    return torch.cat(heads_out, -1)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_sparse_causal_attention_sees_the_first_frame_and_the_one_before(count):
    layer, frames = attention(), Frames()
    layer.set_processor(SparseCausal(frames))
    x = torch.randn(CLIPS * count, PLACES, CHANNELS)
    with frames.of(count):
        found = layer(x).reshape(CLIPS, count, PLACES, CHANNELS)
    clips = x.reshape(CLIPS, count, PLACES, CHANNELS)
    for clip in range(CLIPS):
        for frame in range(count):
            # as published: always both, also where the frame before is the first one, or there is none
            seen = torch.cat([clips[clip, 0], clips[clip, max(frame - 1, 0)]])
            wanted = by_hand(layer.to_q(clips[clip, frame]), layer.to_k(seen), layer.to_v(seen))
            torch.testing.assert_close(found[clip, frame], layer.to_out[0](wanted))


def test_all_frames_of_a_clip_look_at_its_own_text():
    layer = attention(cross=7)
    layer.set_processor(ClipCross())
    x, states = torch.randn(CLIPS * 3, PLACES, CHANNELS), torch.randn(CLIPS, 4, 7)
    found = layer(x, encoder_hidden_states=states)
    for picture in range(len(x)):
        text = states[picture // 3]
        wanted = by_hand(layer.to_q(x[picture]), layer.to_k(text), layer.to_v(text))
        torch.testing.assert_close(found[picture], layer.to_out[0](wanted))


@pytest.mark.parametrize("positions", [False, True])
def test_attention_over_time_sees_one_place_in_all_frames(positions):
    frames, count = Frames(), 4
    layer = TemporalAttention(CHANNELS, HEADS, 12, positions, frames).requires_grad_(False)
    layer.to_out.weight.normal_()
    layer.to_out.bias.normal_()
    layer.norm.weight.normal_()
    x = torch.randn(CLIPS * count, PLACES, CHANNELS)
    with frames.of(count):
        found = layer(x).reshape(CLIPS, count, PLACES, CHANNELS)
    clips = x.reshape(CLIPS, count, PLACES, CHANNELS)
    for clip in range(CLIPS):
        for place in range(PLACES):
            there = clips[clip, :, place]
            spread = there.var(-1, correction=0, keepdim=True)
            seen = (there - there.mean(-1, keepdim=True)) / (spread + 1e-5).sqrt() * layer.norm.weight
            if positions:
                seen = seen + frame_code(count, CHANNELS)
            wanted = layer.to_out(by_hand(layer.to_q(seen), layer.to_k(seen), layer.to_v(seen)))
            torch.testing.assert_close(found[clip, :, place], wanted)


def test_without_positions_time_has_no_order_and_with_them_it_has():
    x = torch.randn(1, 4, PLACES, CHANNELS)
    for positions in (False, True):
        frames = Frames()
        layer = TemporalAttention(CHANNELS, HEADS, 12, positions, frames).requires_grad_(False)
        layer.to_out.weight.normal_()
        with frames.of(4):
            forwards, backwards = layer(x[0]), layer(x[0].flip(0)).flip(0)
        assert torch.allclose(forwards, backwards, atol=1e-5) is not positions


def test_the_code_of_frames_is_that_of_the_paper():
    code = frame_code(40, 6)
    for frame in (0, 1, 39):
        for pair in range(3):
            angle = frame / 10_000 ** (2 * pair / 6)
            assert code[frame, 2 * pair] == pytest.approx(math.sin(angle), abs=1e-5)
            assert code[frame, 2 * pair + 1] == pytest.approx(math.cos(angle), abs=1e-5)
    assert frame_code(3, 7).shape == (3, 7)


def test_what_is_called_outside_the_network_says_so():
    layer = attention()
    layer.set_processor(SparseCausal(Frames()))
    with pytest.raises(RuntimeError, match="outside InflatedUNet"):
        layer(torch.randn(2, PLACES, CHANNELS))
