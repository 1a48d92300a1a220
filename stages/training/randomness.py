"""Seeds of a training: one per epoch, so that the draws of an epoch depend on nothing before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


def epoch_seed(seed: int, phase: str, epoch: int) -> int:
    """Return the seed of one epoch: a hash of the training's seed, its phase and the epoch."""
    digest = hashlib.sha256(f"{seed}/{phase}/{epoch}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@contextmanager
def seeded(seed: int, device: str = "cpu") -> Iterator[None]:
    """Seed PyTorch within a block and give back its state afterwards."""
    devices = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def random_state(device: str) -> dict[str, Tensor]:
    """Return where PyTorch's generators stand, on the CPU and on a CUDA device."""
    states = {"cpu": torch.get_rng_state()}
    return states | ({"cuda": torch.cuda.get_rng_state(device)} if device.startswith("cuda") else {})


def set_random_state(states: dict[str, Tensor], device: str) -> None:
    """Put PyTorch's generators where `random_state` found them."""
    torch.set_rng_state(states["cpu"].cpu())
    if device.startswith("cuda") and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"].cpu(), device)
