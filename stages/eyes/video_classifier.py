"""`video-classifier`: clips to what a VideoMAE says of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import VideoClassifierEye
from eeg2vid.schemas.words import counted
from eeg2vid.stages.eyes.eye import Arrays, Build, Eye
from eeg2vid.stages.pretrained.classifiers import VideoClassifier


class VideoClassifierLook(Eye):
    """The logits of every clip, what they are read from, and the attributes.

    With `repeat`, the network sees as many pictures as its weights learned from. With `as-they-are` it is built for
    the clip's number, as the published evaluations do: transformers makes the table of positions, which no file holds,
    anew and says nothing. It is said here. The new table begins like the old one: six pictures stand where the first
    six of sixteen stood, faster than what the weights learned from, and fewer places are averaged.
    """

    settings: VideoClassifierEye

    def __init__(self, settings: VideoClassifierEye, build: Build) -> None:
        super().__init__(settings, build)
        self.folder = build.folders["video_classifier"]
        self.classifier = VideoClassifier(self.folder, build.device)
        self.own = self.classifier.frames
        self.classes, self.concept_of_class = self.classifier.classes, self.classifier.concept_of_class

    def look(self, frames: NDArray[np.uint8]) -> Arrays:
        """Return `logits` and the attributes `(clip, class)`, `features` `(clip, feature)`, `speed` `(clip,)`."""
        count = frames.shape[1]
        if self.settings.frames == "as-they-are" and count != self.classifier.frames:
            self.classifier = VideoClassifier(self.folder, self.build.device, count)
            self.build.say(
                f"eye '{self.settings.name}' looks at {counted(count, 'picture')} of a clip with weights "
                f"that learned from "
                f"{self.own}, its table of positions made anew for them (frames = as-they-are, as published). Compare "
                "what it says with nothing that was seen otherwise."
            )
        return self.show(self.classifier, frames, "clips", self.classifier.frames)
