"""`image-encoder`: key frames to CLIP's image embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import ImageEncoderEye
from eeg2vid.stages.eyes.eye import Build, Eye
from eeg2vid.stages.pretrained.image_encoder import load_image_encoder
from eeg2vid.stages.stimuli.key_frames import key_frames


class ImageEncoderLook(Eye):
    """The projected embedding of the key frame, or the mean over all frames."""

    settings: ImageEncoderEye

    def __init__(self, settings: ImageEncoderEye, build: Build) -> None:
        super().__init__(settings, build)
        self.encoder = load_image_encoder(build.folders["image_encoder"], build.device)

    def look(self, frames: NDArray[np.uint8]) -> dict[str, NDArray[np.floating]]:
        """Return `image` `(clip, image_channel)`."""
        shown = key_frames(frames, self.settings.frame)
        pictures = shown.reshape(-1, *shown.shape[2:])
        found = self.encoder.encode(pictures, batch=self.build.batch, precision=self.build.precision)
        return {"image": found.reshape(*shown.shape[:2], -1).mean(axis=1)}
