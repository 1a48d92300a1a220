"""What is done to inputs in training, so that a network does not learn few events by heart."""

from __future__ import annotations

import torch
from torch import Tensor


def with_noise(x: Tensor, sd: float) -> Tensor:
    """Return standardised inputs with white noise of a standard deviation."""
    return x + sd * torch.randn_like(x) if sd else x


def without_electrodes(epochs: Tensor, share: float) -> Tensor:
    """Return epochs `(epoch, electrode, sample)` with a share of electrodes silenced, the others louder for it."""
    if not share:
        return epochs
    keep = torch.rand(epochs.shape[:2], device=epochs.device) >= share
    return epochs * keep[..., None] / (1 - share)
