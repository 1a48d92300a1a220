"""Pictures and films to probabilities of classes.

ViT (Dosovitskiy et al., ICLR 2021) sees pictures, VideoMAE (Tong et al., NeurIPS 2022) films.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.pretrained.loading import Precision, computing, load_pretrained
from eeg2vid.stages.pretrained.processors import PictureProcessor, load_processor


class Classifier:
    """A classifier of pictures or of films.

    Parameters
    ----------
    processor
        Makes its input of pictures.
    model
        `ViTForImageClassification` or `VideoMAEForVideoClassification` of transformers.
    frames
        How many frames of a film it takes; None: it takes pictures.
    """

    def __init__(self, processor: PictureProcessor, model: Any, frames: int | None) -> None:
        self.processor = processor
        self.model = model
        self.frames = frames
        self.classes = tuple(str(model.config.id2label[k]) for k in range(int(model.config.num_labels)))

    def classify(
        self, videos: NDArray[np.uint8], *, batch: int = 16, precision: Precision = "float32"
    ) -> NDArray[np.float32]:
        """Return the probability of each class, float32 `(n, class)`.

        Parameters
        ----------
        videos
            uint8 `(n, frame, height, width, 3)`, sRGB. One frame of pictures; of films as many as the model takes.
        batch
            Pictures or films at a time.
        precision
            What it computes in.

        Raises
        ------
        ValueError
            If there are more or fewer frames.
        """
        wanted = self.frames or 1
        if videos.shape[1] != wanted:
            raise ValueError(f"expected {wanted} frames, found {videos.shape[1]}")
        found = np.empty((len(videos), len(self.classes)), np.float32)
        for start in range(0, len(videos), batch):
            some = videos[start : start + batch]
            pixels = self.processor(some.reshape(-1, *some.shape[2:])).to(self.model.device)
            if self.frames is not None:
                pixels = pixels.reshape(len(some), self.frames, *pixels.shape[1:])
            with computing(str(self.model.device), precision):
                found[start : start + batch] = self.model(pixel_values=pixels).logits.float().softmax(1).cpu().numpy()
        return found


def load_image_classifier(folder: Path, device: str = "cpu") -> Classifier:
    """Load a `ViTForImageClassification` from a folder with `preprocessor_config.json`, never from the network.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent or damaged.
    """
    from transformers import ViTForImageClassification

    return Classifier(load_processor(folder), load_pretrained(ViTForImageClassification, folder, device), None)


def load_video_classifier(folder: Path, device: str = "cpu") -> Classifier:
    """Load a `VideoMAEForVideoClassification` from a folder with `preprocessor_config.json`, never from the network.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent or damaged.
    """
    from transformers import VideoMAEForVideoClassification

    model = load_pretrained(VideoMAEForVideoClassification, folder, device)
    return Classifier(load_processor(folder), model, int(model.config.num_frames))
