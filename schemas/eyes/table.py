"""The table of eyes: one line each."""

from __future__ import annotations

from typing import Annotated

from eeg2vid.schemas.choice import ChoiceOf
from eeg2vid.schemas.eyes.dists import DistsEye
from eeg2vid.schemas.eyes.eye import Eye
from eeg2vid.schemas.eyes.i3d import I3DEye
from eeg2vid.schemas.eyes.image_encoder import ImageEncoderEye
from eeg2vid.schemas.eyes.lpips import LpipsEye

EYES: dict[str, type[Eye]] = {
    "image-encoder": ImageEncoderEye,
    "i3d": I3DEye,
    "lpips": LpipsEye,
    "dists": DistsEye,
}

AnyEye = Annotated[Eye, ChoiceOf(EYES)]
