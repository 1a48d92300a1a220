"""The table of eyes: one line each."""

from __future__ import annotations

from typing import Annotated

from eeg2vid.schemas.choice import ChoiceOf
from eeg2vid.schemas.eyes.dists import DistsEye
from eeg2vid.schemas.eyes.eye import Eye
from eeg2vid.schemas.eyes.i3d import I3DEye
from eeg2vid.schemas.eyes.image_classifier import ImageClassifierEye
from eeg2vid.schemas.eyes.image_encoder import ImageEncoderEye
from eeg2vid.schemas.eyes.lpips import LpipsEye
from eeg2vid.schemas.eyes.motion import MotionEye
from eeg2vid.schemas.eyes.video_classifier import VideoClassifierEye

EYES: dict[str, type[Eye]] = {
    "image-encoder": ImageEncoderEye,
    "image-classifier": ImageClassifierEye,
    "video-classifier": VideoClassifierEye,
    "motion": MotionEye,
    "i3d": I3DEye,
    "lpips": LpipsEye,
    "dists": DistsEye,
}

AnyEye = Annotated[Eye, ChoiceOf(EYES)]
