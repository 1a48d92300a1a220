"""Pictures to CLIP's image embeddings (Radford et al., ICML 2021)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eeg2vid.stages.pretrained.loading import Precision, computing, load_pretrained
from eeg2vid.stages.pretrained.processors import PictureProcessor, load_processor
from eeg2vid.stages.pretrained.text import config_of, part_config

_OTHER_HALF = ("text_model.", "text_projection.", "logit_scale")  # of a whole CLIP


class ImageEncoder:
    """A CLIP image encoder with its projection.

    Parameters
    ----------
    processor
        Makes its input of pictures.
    model
        `CLIPVisionModelWithProjection` of transformers.
    """

    def __init__(self, processor: PictureProcessor, model: Any) -> None:
        self.processor = processor
        self.model = model

    def encode(
        self, pictures: NDArray[np.uint8], *, batch: int = 32, precision: Precision = "float32"
    ) -> NDArray[np.float32]:
        """Return the projected embedding of each picture, as it is (not of unit length).

        Parameters
        ----------
        pictures
            uint8 `(n, height, width, 3)`, sRGB.
        batch
            Pictures at a time.
        precision
            What it computes in.

        Returns
        -------
        float32 `(n, image_channel)`.
        """
        found = np.empty((len(pictures), int(self.model.config.projection_dim)), np.float32)
        for start in range(0, len(pictures), batch):
            pixels = self.processor(pictures[start : start + batch]).to(self.model.device)
            with computing(str(self.model.device), precision):
                found[start : start + batch] = self.model(pixel_values=pixels).image_embeds.float().cpu().numpy()
        return found


def load_image_encoder(folder: Path, device: str = "cpu") -> ImageEncoder:
    """Load an image encoder from a folder, never from the network.

    Parameters
    ----------
    folder
        Of a `CLIPVisionModelWithProjection` or of a whole `CLIPModel`, with `preprocessor_config.json`.
    device
        Where it computes.

    Raises
    ------
    MissingPackageError, BadDataError
        If something is absent or damaged.
    """
    from transformers import CLIPVisionModelWithProjection

    processor = load_processor(folder)
    whole = "CLIPModel" in (config_of(folder).get("architectures") or [])
    given = {"config": part_config(folder, "vision_config")} if whole else {}
    return ImageEncoder(
        processor,
        load_pretrained(CLIPVisionModelWithProjection, folder, device, passing=_OTHER_HALF if whole else (), **given),
    )
