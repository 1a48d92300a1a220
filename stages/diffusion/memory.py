"""How much memory sampling needs, told before it starts, and what it needed.

Weights, by their number, and what one pass holds: of the denoising network or of the VAE, whichever is more. A pass
of a network holds so many values at each place of its full resolution: the skip connections of the way down, and a
transformer block's at its widest (eight times the channels before the gate, four behind it, four more of the residual
path). The VAE's decoder holds seven times its narrowest width at each pixel. Measured on a CPU at the size of Stable
Diffusion 1.4, peak of the process: a pass of 6 frames of 36 x 64, loaded from a file, 6.6 GiB in float32 and 2.55 in
bfloat16; the VAE alone with one and two frames of 288 x 512 px 1.26 and 1.69.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

GIB = 2**30
_LIBRARIES = int(0.45 * GIB)  # of a process that imported what generates
_BLOCK = 16  # values at each place in a transformer block, of its channels
_DECODER = 7


@dataclass(frozen=True)
class Network:
    """What is known of a network by its form, without its values.

    Attributes
    ----------
    parameters, convolutions, largest
        How many there are, how many of them are convolutions', and how many the largest weight has.
    held
        Values that a pass holds at each place of a sample.
    """

    parameters: int
    convolutions: int
    largest: int
    held: int


@dataclass(frozen=True)
class Passes:
    """What goes through the networks at a time: samples of so many places, pictures of so many pixels."""

    samples: int
    places: int
    pictures: int
    pixels: int


def size_of_unet(network: nn.Module, config: Mapping[str, Any]) -> Network:
    """Return the size of a denoising network, inflated or not, from its parts and its picture network's config."""
    widths = tuple(config["block_out_channels"])
    layers = config["layers_per_block"]
    each = tuple(layers) if isinstance(layers, list | tuple) else (layers,) * len(widths)
    skips: float = widths[0]
    for k, (width, number) in enumerate(zip(widths, each, strict=True)):
        skips += number * width / 4**k + (width / 4 ** (k + 1) if k + 1 < len(widths) else 0)
    return _size(network, int(skips) + _BLOCK * widths[0])


def size_of_vae(vae: nn.Module, config: Mapping[str, Any]) -> Network:
    """Return the size of a VAE."""
    return _size(vae, _DECODER * int(config["block_out_channels"][0]))


def _size(network: nn.Module, held: int) -> Network:
    weights = list(network.parameters())
    return Network(
        parameters=sum(one.numel() for one in weights),
        convolutions=sum(one.numel() for one in weights if one.ndim == 4),
        largest=max(one.numel() for one in weights),
        held=held,
    )


def expected_bytes(unet: Network, vae: Network, passes: Passes, *, precision: str, device: str) -> int:
    """Return how many bytes sampling and decoding will need at most: of the process on a CPU, of tensors on a GPU.

    Parameters
    ----------
    unet, vae
        The networks; the VAE's weights and values are float32.
    passes
        What goes through them at a time.
    precision
        Of the denoising network.
    device
        On a CPU the libraries count, two copies of the largest weight that convolutions lay out anew, and in float32
        the file's own pages of weights that are kept in another layout.
    """
    width = torch.empty((), dtype=getattr(torch, precision)).element_size()
    kept = width * unet.parameters + 4 * vae.parameters
    if device == "cpu":
        kept += _LIBRARIES + 8 * unet.largest + (width * unet.convolutions if precision == "float32" else 0)
    return kept + max(
        width * unet.held * passes.samples * passes.places, 4 * vae.held * passes.pictures * passes.pixels
    )


def forget_peak(device: str) -> None:
    """Begin a new peak where that is possible: on a GPU."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)


def peak_bytes(device: str) -> int:
    """Return the most bytes that were in use: by tensors on a GPU, else by the process since it began."""
    if device.startswith("cuda"):
        return int(torch.cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)
