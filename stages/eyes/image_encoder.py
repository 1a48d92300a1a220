"""`image-encoder`: key frames to CLIP's image embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import ImageEncoderEye
from eeg2vid.stages.eyes.eye import Build, Eye
from eeg2vid.stages.pretrained.image_encoder import load_image_encoder
from eeg2vid.stages.stimuli.key_frames import key_frames


class ImageEncoderLook(Eye):
    """The projected embedding of the key frame, or the mean over all frames, with or without those of each."""

    settings: ImageEncoderEye

    def __init__(self, settings: ImageEncoderEye, build: Build) -> None:
        super().__init__(settings, build)
        self.encoder = load_image_encoder(build.folders["image_encoder"], build.device)

    def look(self, frames: NDArray[np.uint8]) -> dict[str, NDArray[np.floating]]:
        """Return `image` `(clip, image_channel)`; with `each` also `frames` `(clip, frame, image_channel)`."""
        each = self.settings.frame == "each"
        shown = key_frames(frames, "all" if self.settings.frame == "each" else self.settings.frame)
        pictures = shown.reshape(-1, *shown.shape[2:])
        found = self.encoder.encode(pictures, batch=self.build.batch, precision=self.build.precision)
        by_frame = found.reshape(*shown.shape[:2], -1)
        seen: dict[str, NDArray[np.floating]] = {"image": by_frame.mean(axis=1)}
        return {**seen, "frames": by_frame} if each else seen
