"""Judge networks that name what they see: ViT for pictures (Dosovitskiy et al., ICLR 2021), VideoMAE for films
(Tong et al., NeurIPS 2022)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eeg2vid.schemas.errors import BadDataError
from eeg2vid.stages.pretrained.heads import load_heads
from eeg2vid.stages.pretrained.loading import Precision, computing, load_pretrained
from eeg2vid.stages.pretrained.processors import load_processor

_UNNAMED = re.compile(r"LABEL_\d+")  # what transformers calls a class that has no name
Arrays = dict[str, NDArray[np.floating]]


class _Classifier(ABC):
    """A network with a processor and attribute heads, if its folder has them.

    Attributes
    ----------
    classes
        Names of the classes of `logits` and of each head; absent where the network does not know them.
    concept_of_class
        The concept that each class of `logits` belongs to, 0 for none; empty where unknown.
    """

    read_by_heads: str  # what the heads are trained on, as their file says it

    def __init__(self, folder: Path, model: Any, device: str) -> None:
        self.folder, self.model, self.device = folder, model, device
        self.processor = load_processor(folder)
        config = model.config
        names = tuple(str(config.id2label[k]) for k in range(config.num_labels))
        heads = load_heads(folder, self.read_by_heads, len(names), int(config.hidden_size), device)
        self.heads, self.concept_of_class = heads.by_name, heads.concept_of_class
        self.classes = {} if all(_UNNAMED.fullmatch(name) for name in names) else {"logits": names}
        self.classes.update({name: head.labels for name, head in self.heads.items() if head.labels})

    @abstractmethod
    def _features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return what the head of the classes reads, `(n, feature)`, of pixels as the processor makes them."""

    def _pixels(self, pictures: NDArray[np.uint8]) -> torch.Tensor:
        pixels = self.processor(pictures)
        side = self.model.config.image_size
        size = (side, side) if isinstance(side, int) else tuple(side)
        if tuple(pixels.shape[2:]) != size:
            raise BadDataError(
                f"{self.folder}: preprocessor_config.json makes pictures of {tuple(pixels.shape[2:])} px (height, "
                f"width), config.json expects {size}.",
                "These are files of two models: fetch it anew, `eeg2vid weights fetch`.",
            )
        return pixels.to(self.device)

    def _read(self, pixels: torch.Tensor, precision: Precision) -> Arrays:
        with computing(self.device, precision):
            features = self._features(pixels)
            found = {"features": features, "logits": self.model.classifier(features)}
            found.update({name: head.read(features) for name, head in self.heads.items()})
            return {name: values.float().cpu().numpy() for name, values in found.items()}


class ImageClassifier(_Classifier):
    """A `ViTForImageClassification` from a folder.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, or the files do not make such a model.
    """

    read_by_heads = "vit(pixel_values).last_hidden_state[:, 0]"

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        super().__init__(folder, load_image_classifier(folder, device), device)

    def __call__(self, pictures: NDArray[np.uint8], precision: Precision = "float32") -> Arrays:
        """Return `logits` and the attributes, float32 `(n, class)`, of uint8 `(n, height, width, 3)`."""
        found = self._read(self._pixels(pictures), precision)
        del found["features"]
        return found

    def _features(self, pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.model.vit(pixels).last_hidden_state[:, 0]
        return features


class VideoClassifier(_Classifier):
    """A `VideoMAEForVideoClassification` from a folder.

    Parameters
    ----------
    frames
        Pictures of a clip that it is built for; None: as many as its weights learned from. They are in no file: the
        table of positions is computed, so another number loads without a word.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, the files do not make such a model, or `frames` cannot be looked at in its groups.
    """

    read_by_heads = "fc_norm(videomae(pixel_values).last_hidden_state.mean(1))"

    def __init__(self, folder: Path, device: str = "cpu", frames: int | None = None) -> None:
        super().__init__(folder, load_video_classifier(folder, device, frames), device)
        self.frames = int(self.model.config.num_frames)

    def __call__(self, films: NDArray[np.uint8], precision: Precision = "float32") -> Arrays:
        """Return `logits`, `features`, attributes `(n, class)` and `speed` `(n,)`, float32.

        Films of another number of pictures are brought to that of the network by `spread`.

        Parameters
        ----------
        films
            uint8 `(n, frame, height, width, 3)`.
        """
        pictures = self._pixels(films.reshape(-1, *films.shape[2:]))
        each = pictures.reshape(*films.shape[:2], *pictures.shape[1:])
        return self._read(each[:, spread(films.shape[1], self.frames)], precision)

    def _features(self, pixels: torch.Tensor) -> torch.Tensor:
        states = self.model.videomae(pixels).last_hidden_state
        pooled: torch.Tensor = states[:, 0] if self.model.fc_norm is None else self.model.fc_norm(states.mean(1))
        return pooled


def spread(found: int, wanted: int) -> NDArray[np.intp]:
    """Return which of `found` pictures, in order, stands at each of `wanted` places spread evenly over the same time.

    It is the one that is on in the middle of each of `wanted` equal stretches: 6 pictures at 16 places are shown 3, 2,
    3, 3, 2, 3 times.
    """
    return np.array([(2 * k + 1) * found // (2 * wanted) for k in range(wanted)], np.intp)


def load_image_classifier(folder: Path, device: str = "cpu") -> Any:
    """Load a `ViTForImageClassification` from a folder, never from the network.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, or the weights are not those of such a model.
    """
    from transformers import ViTForImageClassification

    return load_pretrained(ViTForImageClassification, folder, device)


def load_video_classifier(folder: Path, device: str = "cpu", frames: int | None = None) -> Any:
    """Load a `VideoMAEForVideoClassification` from a folder, never from the network.

    Parameters
    ----------
    frames
        Pictures that it is built for; None: as its config says.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, the weights are not those of such a model, or the pictures do not fill its tubelets.
    """
    from transformers import VideoMAEForVideoClassification

    given: dict[str, Any] = {} if frames is None else {"num_frames": frames}
    model = load_pretrained(VideoMAEForVideoClassification, folder, device, **given)
    if model.config.num_frames % model.config.tubelet_size:
        raise BadDataError(
            f"{folder}: the network sees pictures in groups of {model.config.tubelet_size}, "
            f"a clip of {model.config.num_frames} does not divide into them.",
            "Use `frames` repeat.",
        )
    return model
