"""Pictures as a pretrained network wants them: resized, cropped, normalised as its `preprocessor_config.json` says.

Done with Pillow, whose resampling the checkpoints were trained with; torchvision is not needed, and the result does
not depend on the version of transformers.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from eeg2vid.schemas.errors import BadDataError, MissingPackageError

_BICUBIC, _BILINEAR = 3, 2  # Pillow's numbers, as in the files
_CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_HALVES = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
# What a file that leaves something out means, by the beginning of its `image_processor_type`:
# side, resampling, cropped to a square (else squeezed), mean and std.
_KINDS: dict[str, tuple[int, int, bool, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "CLIP": (224, _BICUBIC, True, _CLIP),
    "Blip": (384, _BICUBIC, False, _CLIP),
    "ViT": (224, _BILINEAR, False, _HALVES),
    "VideoMAE": (224, _BILINEAR, True, _HALVES),
}


@dataclass(frozen=True)
class PictureProcessor:
    """How one network wants its pictures.

    Attributes
    ----------
    height, width
        Size to resize to, px; with `shortest`, the shorter side becomes `height` and the shape is kept.
    shortest
        See above.
    crop
        Height and width of the middle that is cut out, px; None: nothing is.
    resample
        Pillow's number of the method.
    rescale
        Factor from 0..255, before the mean is taken away.
    mean, std
        Per colour.
    """

    height: int
    width: int
    shortest: bool
    crop: tuple[int, int] | None
    resample: int
    rescale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, pictures: NDArray[np.uint8]) -> torch.Tensor:
        """Return uint8 `(n, height, width, 3)` as float32 `(n, 3, height, width)`.

        Raises
        ------
        BadDataError
            If the pictures have another shape or type, or are smaller than the crop once resized.
        """
        if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8:
            raise BadDataError(f"Pictures: expected uint8 (n, h, w, 3), found {pictures.dtype} {pictures.shape}.")
        height, width = self._size(*pictures.shape[1:3])
        top = left = 0
        if self.crop is not None:
            if height < self.crop[0] or width < self.crop[1]:
                raise BadDataError(f"A crop of {self.crop} px does not fit in pictures resized to {(height, width)}.")
            top, left = (height - self.crop[0]) // 2, (width - self.crop[1]) // 2
        rows, columns = self.crop or (height, width)
        out = np.empty((len(pictures), 3, rows, columns), np.float32)
        method = Image.Resampling(self.resample)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)

        def prepare(place: int) -> None:
            resized = np.asarray(Image.fromarray(pictures[place]).resize((width, height), method))
            scaled = resized[top : top + rows, left : left + columns].astype(np.float32) * np.float32(self.rescale)
            out[place] = ((scaled - mean) / std).transpose(2, 0, 1)

        with ThreadPoolExecutor(torch.get_num_threads()) as threads:  # Pillow and numpy let go of the interpreter
            list(threads.map(prepare, range(len(pictures))))
        return torch.from_numpy(out)

    def _size(self, height: int, width: int) -> tuple[int, int]:
        if not self.shortest:
            return self.height, self.width
        if height <= width:
            return self.height, int(self.height * width / height)
        return int(self.height * height / width), self.height


def load_processor(folder: Path) -> PictureProcessor:
    """Read how a network wants its pictures, from `preprocessor_config.json` or `processor_config.json`.

    Raises
    ------
    MissingPackageError
        If neither is in the folder.
    BadDataError
        If it cannot be understood.
    """
    path, facts = _read(folder)
    try:
        return _parse(facts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadDataError(f"{path}: {type(error).__name__}: {error}.") from error


def _read(folder: Path) -> tuple[Path, dict[str, Any]]:
    for name in ("preprocessor_config.json", "processor_config.json"):
        path = folder / name
        if not path.is_file():
            continue
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadDataError(f"{path}: not JSON ({error}).") from error
        for inner in ("image_processor", "video_processor"):  # several processors in one file
            facts = facts.get(inner, facts)
        return path, facts
    raise MissingPackageError(
        f"No image processor in {folder}: preprocessor_config.json is absent.", "Try: eeg2vid weights fetch"
    )


def _parse(facts: dict[str, Any]) -> PictureProcessor:
    named = str(facts.get("image_processor_type") or facts.get("feature_extractor_type") or "")
    kind = next((kind for kind in _KINDS if named.startswith(kind)), None)
    if kind is None:
        raise ValueError(f"image processor '{named}' is none of {', '.join(_KINDS)}")
    side, resample, cropped, (mean, std) = _KINDS[kind]
    if not facts.get("do_resize", True):
        raise ValueError("'do_resize' is false")
    size: Any = facts.get("size", side)
    # a bare number is the shorter side where a square is cut out, else both sides
    size = ({"shortest_edge": size} if cropped else {"height": size, "width": size}) if _is_number(size) else size
    cut: tuple[int, int] | None = None
    if facts.get("do_center_crop", cropped):
        crop: Any = facts.get("crop_size") or side
        cut = (int(crop), int(crop)) if _is_number(crop) else (int(crop["height"]), int(crop["width"]))
    shortest = "shortest_edge" in size
    normed, scaled = facts.get("do_normalize", True), facts.get("do_rescale", True)
    return PictureProcessor(
        height=int(size["shortest_edge"] if shortest else size["height"]),
        width=int(size["shortest_edge"] if shortest else size["width"]),
        shortest=shortest,
        crop=cut,
        resample=int(facts.get("resample", resample)),
        rescale=float(facts.get("rescale_factor", 1 / 255)) if scaled else 1.0,
        mean=tuple(facts.get("image_mean") or mean) if normed else (0.0,) * 3,
        std=tuple(facts.get("image_std") or std) if normed else (1.0,) * 3,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
