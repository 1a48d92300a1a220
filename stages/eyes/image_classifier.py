"""`image-classifier`: every picture to what a ViT says of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import ImageClassifierEye
from eeg2vid.stages.eyes.eye import Arrays, Build, Eye
from eeg2vid.stages.pretrained.classifiers import ImageClassifier


class ImageClassifierLook(Eye):
    """The logits of every picture, and of the attributes."""

    settings: ImageClassifierEye

    def __init__(self, settings: ImageClassifierEye, build: Build) -> None:
        super().__init__(settings, build)
        self.classifier = ImageClassifier(build.folders["image_classifier"], build.device)
        self.classes, self.concept_of_class = self.classifier.classes, self.classifier.concept_of_class

    def look(self, frames: NDArray[np.uint8]) -> Arrays:
        """Return `logits` and the attributes, each `(clip, frame, class)`."""
        clips, count = frames.shape[:2]
        found = self.show(self.classifier, frames.reshape(-1, *frames.shape[2:]), "pictures")
        return {name: values.reshape(clips, count, *values.shape[1:]) for name, values in found.items()}
