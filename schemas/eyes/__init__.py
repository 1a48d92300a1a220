"""Settings of the eyes (judge networks), one file each, and the table of them."""

from __future__ import annotations

from eeg2vid.schemas.eyes.dists import DistsEye
from eeg2vid.schemas.eyes.eye import Eye
from eeg2vid.schemas.eyes.i3d import I3DEye
from eeg2vid.schemas.eyes.image_classifier import ImageClassifierEye
from eeg2vid.schemas.eyes.image_encoder import ImageEncoderEye
from eeg2vid.schemas.eyes.looking import LookSettings
from eeg2vid.schemas.eyes.lpips import LpipsEye
from eeg2vid.schemas.eyes.motion import MotionEye
from eeg2vid.schemas.eyes.table import EYES, AnyEye
from eeg2vid.schemas.eyes.video_classifier import VideoClassifierEye

__all__ = [
    "EYES",
    "AnyEye",
    "DistsEye",
    "Eye",
    "I3DEye",
    "ImageClassifierEye",
    "ImageEncoderEye",
    "LookSettings",
    "LpipsEye",
    "MotionEye",
    "VideoClassifierEye",
]
