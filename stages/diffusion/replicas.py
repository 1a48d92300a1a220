"""One model on several devices: each computes a share of a batch, the first learns from the sum of the gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor


class Replicas:
    """A model and its copies. One process holds them all: nothing but it reads clips, draws, saves or stops.

    Parameters
    ----------
    net
        On the first device; `adapter()` is what learns.
    devices
        Where it and its copies compute.
    """

    def __init__(self, net: Any, devices: Sequence[str]) -> None:
        self.devices = tuple(devices)
        self.nets = [net, *(copy.deepcopy(net).to(device) for device in self.devices[1:])]
        self.learned = [_learned(one) for one in self.nets]
        self._threads = ThreadPoolExecutor(len(self.nets)) if len(self.nets) > 1 else None

    def backward(self, size: int, compute: Callable[[int, Tensor], Tensor]) -> Tensor:
        """Divide a batch among the devices; leave the sum of all gradients with the first one.

        Parameters
        ----------
        size
            Samples in the batch.
        compute
            Given a device's place and its samples, does the backward passes there and returns the loss's share.

        Returns
        -------
        The sum of the shares, on the first device.
        """
        shares = torch.arange(size).chunk(len(self.nets))
        if self._threads is None:
            return compute(0, shares[0])
        self._tell()
        found = list(self._threads.map(compute, range(len(shares)), shares))
        self._gather()
        return torch.stack([loss.to(self.devices[0]) for loss in found]).sum()

    @torch.no_grad()
    def _tell(self) -> None:
        """Give all copies the first one's weights."""
        for copied in self.learned[1:]:
            for weight, first in zip(copied, self.learned[0], strict=True):
                weight.copy_(first)
                weight.grad = None

    @torch.no_grad()
    def _gather(self) -> None:
        """Add the copies' gradients to the first one's, always in the same order."""
        for copied in self.learned[1:]:
            for weight, first in zip(copied, self.learned[0], strict=True):
                if weight.grad is not None:
                    there = weight.grad.to(first.device)
                    first.grad = there if first.grad is None else first.grad + there


def devices_of(device: str, most: int) -> list[str]:
    """Return the devices that share a batch: all CUDA devices that are visible, at most so many, or the one named."""
    if device != "cuda":
        return [device]
    return [f"cuda:{k}" for k in range(min(most, torch.cuda.device_count()))]


def _learned(net: Any) -> list[Tensor]:
    return [weight for weight in net.adapter().parameters() if weight.requires_grad]
