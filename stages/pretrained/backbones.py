"""The networks below LPIPS and DISTS: AlexNet (Krizhevsky, 2014) and VGG16 (Simonyan & Zisserman, ICLR 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from eeg2vid.stages.pretrained.weight_files import Names


@dataclass(frozen=True)
class Plan:
    """Convolutions by stage, each `(out, kernel, stride, padding)`, and their places in torchvision's `features`."""

    flax: str
    stages: tuple[tuple[tuple[int, int, int, int], ...], ...]
    places: tuple[int, ...]

    @property
    def names(self) -> Names:
        """What files call the convolutions: Flax, torchvision, `lpips`, DISTS; the classifier is passed over."""
        flax = rf"{self.flax}_0\.Conv_(\d+)\."
        found: list[tuple[str, str | None]] = [(f"{flax}kernel", r"convs.\1.weight"), (f"{flax}bias", r"convs.\1.bias")]
        for k, place in enumerate(self.places):
            found.append((rf"(?:features|net\.slice\d|stage\d)\.{place}\.(weight|bias)", rf"convs.{k}.\1"))
        return (*found, (r"classifier\..*", None))


def _vgg(*channels: int) -> tuple[tuple[int, int, int, int], ...]:
    return tuple((out, 3, 1, 1) for out in channels)


ALEXNET = Plan(
    "AlexNet",
    (((64, 11, 4, 2),), ((192, 5, 1, 2),), ((384, 3, 1, 1),), ((256, 3, 1, 1),), ((256, 3, 1, 1),)),
    (0, 3, 6, 8, 10),
)
VGG16 = Plan(
    "VGG16",
    (_vgg(64, 64), _vgg(128, 128), _vgg(256, 256, 256), _vgg(512, 512, 512), _vgg(512, 512, 512)),
    (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
)


class Backbone(nn.Module):
    """The convolutions of a plan, without what classifies.

    Parameters
    ----------
    plan
        Of AlexNet or VGG16.
    pools
        What stands before each stage but the first, None: nothing.
    """

    def __init__(self, plan: Plan, pools: Sequence[nn.Module | None]) -> None:
        super().__init__()
        self.plan, self.pools = plan, pools
        self.convs = nn.ModuleList()
        inside = 3
        for out, kernel, stride, padding in (one for stage in plan.stages for one in stage):
            self.convs.append(nn.Conv2d(inside, out, kernel, stride, padding))
            inside = out

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Return what each stage gives after its last ReLU, `(n, channel, row, column)` each."""
        found, convs = [], iter(self.convs)
        for stage, pool in zip(self.plan.stages, (None, *self.pools), strict=True):
            pictures = pictures if pool is None else pool(pictures)
            for _ in stage:
                pictures = F.relu(next(convs)(pictures))
            found.append(pictures)
        return found


def imagenet(pictures: torch.Tensor, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """Standardise the channels of pictures `(n, 3, height, width)`."""
    middle, spread = (torch.tensor(values, device=pictures.device).reshape(3, 1, 1) for values in (mean, std))
    return (pictures - middle) / spread
