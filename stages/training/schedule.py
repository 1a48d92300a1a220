"""Learning rates as functions of the steps done, so that a training goes on after a stop as if there had been none."""

from __future__ import annotations

import math

from torch.optim import Optimizer


def cosine(step: int, total: int) -> float:
    """Return the factor of the learning rate in a step (from 0): from 1 down to 0 after all steps, half a cosine.

    Loshchilov and Hutter (2017), without restarts.
    """
    return 0.5 * (1 + math.cos(math.pi * min(step, total) / total))


def follow_cosine(optimizer: Optimizer, total: int) -> None:
    """Set an optimizer's rate for its next step, and count that step.

    First rate and count stand in the optimizer's groups, with which the state of a training keeps them.

    Parameters
    ----------
    optimizer
        To be asked once before each of its steps.
    total
        Steps of the whole training.
    """
    for group in optimizer.param_groups:
        first, done = group.setdefault("first_lr", group["lr"]), group.setdefault("steps", 0)
        group["lr"] = first * cosine(done, total)
        group["steps"] = done + 1
