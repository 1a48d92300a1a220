"""An inflated UNet of Stable Diffusion 1.4's size at the published size of clips: a pass, and a step of training."""

import importlib.util
import resource
import time
from pathlib import Path

import pytest
import torch

from eeg2vid.schemas.inflation import InflationSettings
from eeg2vid.stages.diffusion.inflated import InflatedUNet

_spec = importlib.util.spec_from_file_location("_unets", Path(__file__).with_name("_unets.py"))
unets = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(unets)

pytestmark = [pytest.mark.study, pytest.mark.timeout(3600)]


def told(what, start):
    """Print seconds of CPU, which a busy machine does not change much, and memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what}: {time.process_time() - start:.0f} CPU s, peak so far {peak:.2f} GiB", flush=True)


def test_a_pass_and_a_step_of_training_at_full_size():
    """Base in bfloat16, what is trained in float32, blocks checkpointed: as on a GPU of 8 GB."""
    torch.manual_seed(0)
    torch.set_num_threads(2)
    start = time.process_time()
    torch.set_default_dtype(torch.bfloat16)
    try:
        unet = unets.UNet2DConditionModel(**unets.SD14)
    finally:
        torch.set_default_dtype(torch.float32)
    model = InflatedUNet.inflate(unet, InflationSettings(group_norm="clip", positions=False))
    unet.to(memory_format=torch.channels_last)
    told("built", start)
    x, t, states = torch.randn(1, 6, 4, 36, 64), torch.tensor([500]), torch.randn(1, 77, 768)
    start = time.process_time()
    with torch.no_grad():
        made = model(x.bfloat16(), t, states.bfloat16())
    told("a pass of 6 frames of 36 x 64", start)
    assert made.shape == x.shape
    assert bool(made.isfinite().all())

    model.adapter().float()
    model.enable_gradient_checkpointing()
    trained = [part for part in model.parameters() if part.requires_grad]
    assert sum(part.numel() for part in trained) == 74_354_880
    optimizer = torch.optim.AdamW(trained, lr=3e-5, weight_decay=1e-2)
    before = [part.detach().clone() for part in trained]
    start = time.process_time()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = (model(x, t, states).float() - x).square().mean()
    told("forward of a step", start)
    loss.backward()
    told("and backward", start)
    assert all(bool(part.grad.isfinite().all()) for part in trained)
    optimizer.step()
    told("a step of training", start)
    # at first only output projections and, through the picture network, queries have a gradient: others decay
    assert all(not torch.equal(old, new) for old, new in zip(before, trained, strict=True) if old.any() or new.any())
