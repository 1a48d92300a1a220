"""Pictures to latents and back, with any `AutoencoderKL` (Stable Diffusion 1.4's, or the tiny one).

Latents here are always the *scaled* ones that a diffusion model works on: `(z - shift) * scaling_factor`, about
unit variance (Rombach et al., CVPR 2022, section 4.3.2 and appendix G).
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError, MissingPackageError
from eeg2vid.stages.pretrained.loading import Precision, computing, load_pretrained

if TYPE_CHECKING:
    from diffusers import AutoencoderKL

WEIGHTS = "diffusion_pytorch_model.safetensors"
_CACHED_PX = 2**16  # what a CPU computes together: more falls out of its cache, and takes up to twice as long a picture


def load_vae(folder: Path, device: str = "cpu", dtype: torch.dtype = torch.float32) -> AutoencoderKL:
    """Load an `AutoencoderKL` from a folder, never from the network.

    Parameters
    ----------
    folder
        Holds `config.json` and `diffusion_pytorch_model.safetensors` (or its shards and their index), or has a
        subfolder `vae` that does.
    device, dtype
        Where it computes and in what precision; weights stored as float16 are widened.

    Raises
    ------
    MissingPackageError
        If the folder, the config or the weights are absent.
    BadDataError
        If the weights are not those of such an `AutoencoderKL`: missing, foreign, of another shape, not finite.
    """
    if not (folder / "config.json").is_file() and (folder / "vae" / "config.json").is_file():
        folder = folder / "vae"
    for name, others in (("config.json", ()), (WEIGHTS, (f"{WEIGHTS}.index.json",))):
        if not any((folder / one).is_file() for one in (name, *others)):
            raise MissingPackageError(f"No VAE in {folder}: {name} is absent.", "Try: eeg2vid weights fetch")
    from diffusers import AutoencoderKL

    # accelerate is optional here, and only it can load without a full copy in memory
    vae: AutoencoderKL = load_pretrained(AutoencoderKL, folder, device, dtype=dtype, low_cpu_mem_usage=False)
    return vae


def lay_out_for_cpu(vae: AutoencoderKL) -> None:
    """Keep the decoder's weights channels last: a CPU convolves them in a third less time; rounding differs."""
    for part in (vae.decoder, vae.post_quant_conv):
        if part is not None:
            part.to(memory_format=torch.channels_last)


def factor(vae: AutoencoderKL) -> int:
    """Return how many pixels, along each axis, one latent stands for (8 for Stable Diffusion)."""
    return int(2 ** (len(vae.config.block_out_channels) - 1))


def _scale(vae: AutoencoderKL) -> tuple[float, float]:
    shift = getattr(vae.config, "shift_factor", None)
    return 0.0 if shift is None else float(shift), float(vae.config.scaling_factor)


def at_once(device: str, height: int, width: int, batch: int) -> int:
    """Return how many pictures go through the VAE together, of a batch: on a CPU as many as its cache holds."""
    return min(batch, max(2, _CACHED_PX // (height * width))) if device == "cpu" else batch


def _together(vae: AutoencoderKL, number: int, height: int, width: int, batch: int) -> list[slice]:
    """Return which pictures go through the VAE together: a CPU gets few, but none alone, whose last bits differ."""
    if vae.device.type != "cpu" or batch == 1:
        return [slice(start, start + batch) for start in range(0, number, batch)]
    few = at_once("cpu", height, width, batch)
    passes = max(1, min(-(-number // few), number // 2))
    ends = [number * k // passes for k in range(passes + 1)]
    return [slice(start, end) for start, end in itertools.pairwise(ends)]


def encode(
    vae: AutoencoderKL,
    frames: NDArray[np.uint8],
    *,
    batch: int = 16,
    generator: torch.Generator | None = None,
    noise: NDArray[np.float32] | None = None,
    precision: Precision = "float32",
) -> NDArray[np.float32]:
    """Encode pictures as latents.

    Parameters
    ----------
    vae
        From `load_vae`.
    frames
        uint8 `(n, height, width, 3)`, RGB; height and width multiples of `factor(vae)`.
    batch
        Pictures at a time, at most: on a CPU as many as its cache holds.
    generator
        None: the *mean* of the posterior, the best single latent of a picture and the same every time. Given (on
        the CPU): a *sample* of the posterior, mean + std * noise, as the training of diffusion models uses.
    noise
        The same with noise of one's own, standard normal, of the latents' shape.
    precision
        What it computes in; mixed precision unless float32.

    Returns
    -------
    float32 `(n, channel, height / factor, width / factor)`, scaled.

    Raises
    ------
    BadDataError
        If the frames have another shape, type or size.
    """
    step = factor(vae)
    if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
        raise BadDataError(
            f"Frames to encode: expected uint8 (n, height, width, 3), found {frames.dtype} {frames.shape}."
        )
    height, width = frames.shape[1:3]
    if height % step or width % step or not height or not width:
        raise BadDataError(
            f"Frames of {width}x{height} px: the VAE needs multiples of {step}.",
            f"Pad them to {-(-width // step) * step}x{-(-height // step) * step} px.",
        )
    shift, scale = _scale(vae)
    shape = (len(frames), int(vae.config.latent_channels), height // step, width // step)
    out = np.empty(shape, np.float32)
    with computing(str(vae.device), precision):
        for some in _together(vae, len(frames), height, width, batch):
            pixels = torch.from_numpy(np.ascontiguousarray(frames[some]))
            pixels = pixels.to(vae.device).permute(0, 3, 1, 2).to(vae.dtype) / 127.5 - 1
            posterior = vae.encode(pixels).latent_dist
            latents = posterior.mean.float().cpu()
            if generator is not None or noise is not None:
                drawn = torch.randn(latents.shape, generator=generator) if noise is None else noise[some]
                latents = latents + posterior.std.float().cpu() * torch.as_tensor(drawn)
            out[some] = ((latents - shift) * scale).numpy()
    return out


def decode(
    vae: AutoencoderKL, latents: NDArray[np.float32], *, batch: int = 16, precision: Precision = "float32"
) -> NDArray[np.uint8]:
    """Decode scaled latents to pictures.

    Parameters
    ----------
    vae
        From `load_vae`.
    latents
        `(n, channel, height, width)`, scaled as `encode` returns them.
    batch
        Pictures at a time, at most: on a CPU as many as its cache holds.
    precision
        What it computes in; mixed precision unless float32.

    Returns
    -------
    uint8 `(n, factor * height, factor * width, 3)`, RGB.

    Raises
    ------
    BadDataError
        If the latents have another number of axes or channels, or are not finite.
    """
    channels = int(vae.config.latent_channels)
    if latents.ndim != 4 or latents.shape[1] != channels:
        raise BadDataError(f"Latents to decode: expected (n, {channels}, height, width), found {latents.shape}.")
    if not np.isfinite(latents).all():
        raise BadDataError(f"{int((~np.isfinite(latents)).sum())} latents to decode are not finite.")
    shift, scale = _scale(vae)
    step = factor(vae)
    out = np.empty((len(latents), latents.shape[2] * step, latents.shape[3] * step, 3), np.uint8)
    with computing(str(vae.device), precision):
        for some in _together(vae, len(latents), out.shape[1], out.shape[2], batch):
            given = torch.from_numpy(np.ascontiguousarray(latents[some], dtype=np.float32))
            pixels = vae.decode((given / scale + shift).to(vae.device, vae.dtype)).sample
            pixels = ((pixels.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
            out[some] = pixels.permute(0, 2, 3, 1).cpu().numpy()
    return out
