"""Frames as the networks want them: in training with torch, afterwards by `preprocessor_config.json`.

CLIP and BLIP take squares only. The whole frame is squeezed into one: nothing is cropped away.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

_BILINEAR = 2  # Pillow's number


def to_pixels(frames: NDArray[np.uint8], side: int) -> torch.Tensor:
    """Turn uint8 `(n, height, width, 3)` into float32 `(n, 3, side, side)` in [-1, 1], close to what Pillow does."""
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
    pixels = torch.nn.functional.interpolate(pixels, size=(side, side), mode="bilinear", antialias=True)
    return pixels.round() / 127.5 - 1


def save_processor(folder: Path, kind: str, side: int) -> None:
    """Write `preprocessor_config.json` for `CLIPImageProcessor` or `BlipImageProcessor`."""
    config = {
        "image_processor_type": kind,
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": side, "width": side},
        "resample": _BILINEAR,
        "do_center_crop": False,
        "crop_size": {"height": side, "width": side},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
