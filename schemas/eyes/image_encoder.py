"""Settings of the eye `image-encoder`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.eyes.eye import Eye


class ImageEncoderEye(Eye):
    """CLIP's image encoder on key frames: array `image`, projected, not normalised; with `each` also `frames`.

    Pictures are resized and cropped as the encoder's `preprocessor_config.json` says: CLIP sees the middle square.
    """

    builds = "eeg2vid.stages.eyes.image_encoder:ImageEncoderLook"
    cites = ("radford2021clip",)
    roles = ("image_encoder",)

    name: Literal["image-encoder"] = "image-encoder"
    frame: Literal["first", "middle", "all", "each"] = Field(
        "middle",
        description="which frame is looked at; all: each, and the mean of the embeddings is kept; each: the mean, and "
        "the embedding of every frame beside it",
    )

    def methods(self) -> str:
        """Return which frames it sees."""
        frame = {"first": "the first frame", "middle": "the middle frame"}.get(
            self.frame, "every frame (the mean kept)"
        )
        return f"CLIP's image encoder on {frame}"
