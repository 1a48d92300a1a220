"""What of an inflated UNet is trained, and that gradients are the same however they are computed."""

import copy
import importlib.util
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel

from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.inflated import InflatedUNet, lay_out_for_cpu
from eeg2vid.stages.diffusion.lora import LowRank

_spec = importlib.util.spec_from_file_location("_unets", Path(__file__).with_name("_unets.py"))
unets = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(unets)

SETTINGS = {
    "published": {"group_norm": "clip", "positions": False},
    "temporal": {"trained": "temporal"},
    "lora": {"trained": "lora", "lora_rank": 2, "lora_alpha": 3.0},
    "frame": {"self_attention": "frame"},
}
EVERY = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def inflate(name="tiny", stirred=True, **settings):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = InflatedUNet.inflate(unets.build(name), InflationSettings(**settings))
    return unets.stir(model) if stirred else model


def gradients(model, x, t, states):
    model.zero_grad()
    model(x, t, states).square().mean().backward()
    return {name: part.grad.clone() for name, part in model.named_parameters() if part.grad is not None}


def wanted_names(model, trained):
    """Return the names of what should be trained, from the names alone."""
    names = [name for name, _ in model.named_parameters()]
    if trained == "published":
        of_unet = [n for n in names if n.startswith("unet.") and ("attn1.to_q" in n or "attn2.to_q" in n)]
        return {*of_unet, *(n for n in names if "temporal" in n and ".norm." not in n)}
    return {n for n in names if n.startswith("added.")}


@pytest.mark.parametrize("trained", ["published", "temporal", "lora"])
@pytest.mark.parametrize("name", unets.CONFIGS)
def test_exactly_what_is_trained_gets_gradients(name, trained):
    model = inflate(name, trained=trained)
    found = gradients(model, *unets.given(model.unet))
    assert found.keys() == wanted_names(model, trained)
    assert all(bool(value.abs().max() > 0) for value in found.values())
    own = {id(part) for part in model.parameters()}
    assert all(id(part) in own for part in model.adapter().parameters())
    assert {id(p) for p in model.adapter().parameters()} >= {id(p) for p in model.parameters() if p.requires_grad}


def test_an_untrained_network_can_begin_to_learn():
    """With an output projection of zeros only the projection learns at first; nothing else would be worse."""
    model = inflate(stirred=False, trained="temporal")
    found = gradients(model, *unets.given(model.unet))
    assert {name for name, value in found.items() if value.abs().max() > 0} == {n for n in found if "to_out" in n}


@EVERY
@pytest.mark.parametrize("name", unets.CONFIGS)
def test_checkpointing_changes_no_gradient(name, settings):
    model = inflate(name, **settings)
    given = unets.given(model.unet)
    kept = gradients(model, *given)
    model.enable_gradient_checkpointing()
    assert model.unet.mid_block.gradient_checkpointing
    again = gradients(model, *given)
    assert kept.keys() == again.keys()
    for key in kept:
        torch.testing.assert_close(kept[key], again[key], msg=key)
    model.disable_gradient_checkpointing()
    assert not model.unet.mid_block.gradient_checkpointing


@EVERY
def test_clips_of_other_lengths_may_wait_for_one_backward_pass(settings):
    """Checkpointed blocks are computed again when another number of frames has gone through since."""
    model = inflate(**settings)
    long, short = unets.given(model.unet, frames=4), unets.given(model.unet, frames=2)

    def both():
        model.zero_grad()
        (model(*long).square().mean() + model(*short).square().mean()).backward()
        return [part.grad.clone() for part in model.parameters() if part.grad is not None]

    kept = both()
    model.enable_gradient_checkpointing()
    for before, after in zip(kept, both(), strict=True):
        torch.testing.assert_close(before, after)


@EVERY
@torch.no_grad()
def test_clips_do_not_depend_on_their_batch(settings):
    model = inflate(**settings)
    x, t, states = unets.given(model.unet, clips=3)
    alone = torch.cat([model(x[k : k + 1], t[k : k + 1], states[k : k + 1]) for k in range(3)])
    torch.testing.assert_close(model(x, t, states), alone, atol=1e-5, rtol=1e-5)


@EVERY
@torch.no_grad()
def test_a_copy_and_a_neighbour_are_networks_of_their_own(settings):
    model = inflate(**settings)
    given = unets.given(model.unet)
    before = model(*given)
    twin, neighbour = copy.deepcopy(model), inflate("sd2", **settings)
    neighbour(*unets.given(neighbour.unet, frames=3))
    torch.testing.assert_close(twin(*given), before, atol=0, rtol=0)
    unets.stir(twin, by=1.0)
    assert (twin(*given) - before).abs().max() > 1e-2
    torch.testing.assert_close(model(*given), before, atol=0, rtol=0)
    del model
    twin(*given)  # nothing of it hangs on the first


@EVERY
@torch.no_grad()
def test_layout_and_precision_change_digits_only(settings):
    model = inflate(**settings)
    given = unets.given(model.unet)
    exact = model(*given)
    lay_out_for_cpu(model)
    assert model.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(model(*given), exact, atol=1e-5, rtol=1e-4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = model(*given)
    size = float(exact.std())
    assert float((mixed.float() - exact).abs().mean()) < 0.05 * size
    for half in (torch.bfloat16, torch.float16):
        low = copy.deepcopy(model).to(half)
        made = low(given[0].to(half), given[1], given[2].to(half))
        assert made.dtype == half
        assert float((made.float() - exact).abs().mean()) < 0.08 * size


def test_half_a_base_trains_in_full_precision_under_autocast():
    """The base in bfloat16, the adapter in float32, as on a GPU with little memory."""
    model = inflate()
    model.unet.to(torch.bfloat16)
    model.adapter().float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(*unets.given(model.unet)).float().square().mean()
    loss.backward()
    found = [part.grad for part in model.adapter().parameters() if part.requires_grad]
    assert all(grad.dtype == torch.float32 and torch.isfinite(grad).all() for grad in found)


def test_a_low_rank_addition_is_alpha_over_rank_times_up_times_down():
    layer = torch.nn.Linear(5, 3)
    low = LowRank(layer, 2, 6.0)
    layer.register_forward_hook(low.follow)
    x = torch.randn(4, 5)
    torch.testing.assert_close(layer(x), x @ layer.weight.T + layer.bias)
    low.up.weight.data.normal_()
    merged = layer.weight + 6.0 / 2 * low.up.weight @ low.down.weight
    torch.testing.assert_close(layer(x), x @ merged.T + layer.bias)


def test_sd_14_has_as_many_trained_parameters_as_published():
    """6 C^2 + C a block: two queries, four projections over time and a bias; 5, 5 and 6 blocks of 320, 640, 1280."""
    by_hand = sum(blocks * (6 * c**2 + c) for blocks, c in ((5, 320), (5, 640), (6, 1280)))
    with torch.device("meta"):
        unet = UNet2DConditionModel(**unets.SD14)
        base = sum(part.numel() for part in unet.parameters())
        model = InflatedUNet.inflate(unet, InflationSettings(group_norm="clip", positions=False))
    assert base == 859_520_964  # Stable Diffusion 1.4's
    assert model.num_parameters(only_trainable=True) == by_hand == 74_354_880  # published: 74.35 M
    norms = 2 * sum(blocks * c for blocks, c in ((5, 320), (5, 640), (6, 1280)))
    assert sum(part.numel() for part in model.adapter().parameters()) == by_hand + norms
