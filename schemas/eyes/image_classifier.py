"""Settings of the eye `image-classifier`."""

from __future__ import annotations

from typing import Literal

from eeg2vid.schemas.eyes.eye import Eye


class ImageClassifierEye(Eye):
    """A ViT that names what every picture shows: array `logits`, and one for each attribute that it has a head for.

    Pictures are resized as the classifier's `preprocessor_config.json` says.
    """

    builds = "eeg2vid.stages.eyes.image_classifier:ImageClassifierLook"
    cites = ("dosovitskiy2021vit",)
    roles = ("image_classifier",)

    name: Literal["image-classifier"] = "image-classifier"

    def methods(self) -> str:
        """Return what it is."""
        return "a ViT picture classifier on every frame"
