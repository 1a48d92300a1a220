"""Judge networks that name what they see: ViT for pictures (Dosovitskiy et al., ICLR 2021), VideoMAE for films
(Tong et al., NeurIPS 2022)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eeg2vid.stages.pretrained.loading import load_pretrained


def load_image_classifier(folder: Path, device: str = "cpu") -> Any:
    """Load a `ViTForImageClassification` from a folder, never from the network.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, or the weights are not those of such a model.
    """
    from transformers import ViTForImageClassification

    return load_pretrained(ViTForImageClassification, folder, device)


def load_video_classifier(folder: Path, device: str = "cpu") -> Any:
    """Load a `VideoMAEForVideoClassification` from a folder, never from the network.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent, or the weights are not those of such a model: a file made for another number of
        frames too, since its position table has another shape.
    """
    from transformers import VideoMAEForVideoClassification

    return load_pretrained(VideoMAEForVideoClassification, folder, device)
