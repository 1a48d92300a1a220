"""Scaling the loss for float16, whose small gradients vanish; what it is scaled by is saved with the training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

_FIRST, _PATIENCE = 2.0**16, 2000


class LossScale(nn.Module):
    """Dynamic loss scaling (Micikevicius et al., ICLR 2018): halved where a gradient overflows, doubled in calm.

    Its state is two buffers, so that it is saved and restored like weights; that of torch's GradScaler is no module's.

    Parameters
    ----------
    active
        Scale at all; otherwise losses are left as they are.
    """

    factor: Tensor
    calm: Tensor

    def __init__(self, active: bool) -> None:
        super().__init__()
        self.active = active
        self.register_buffer("factor", torch.tensor(_FIRST if active else 1.0))
        self.register_buffer("calm", torch.tensor(0, dtype=torch.int64))  # steps since it last changed

    def of(self, loss: Tensor) -> Tensor:
        """Return the scaled loss."""
        return loss * self.factor.to(loss.device) if self.active else loss

    @torch.no_grad()
    def step(self, optimizer: Optimizer, weights: Sequence[Tensor], clip_norm: float | None) -> None:
        """Unscale and shorten the gradients and let the optimizer step; where one overflowed, leave the step out."""
        if self.active:
            for weight in weights:
                if weight.grad is not None:
                    weight.grad.div_(self.factor)
            finite = all(bool(torch.isfinite(weight.grad).all()) for weight in weights if weight.grad is not None)
            if not finite:
                self.factor /= 2
                self.calm.zero_()
                return
            self.calm += 1
            if self.calm == _PATIENCE:
                self.factor *= 2
                self.calm.zero_()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(weights, clip_norm)
        optimizer.step()
