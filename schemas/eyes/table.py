"""The table of eyes: one line each."""

from __future__ import annotations

from typing import Annotated

from eeg2vid.schemas.choice import ChoiceOf
from eeg2vid.schemas.eyes.eye import Eye
from eeg2vid.schemas.eyes.image_encoder import ImageEncoderEye

EYES: dict[str, type[Eye]] = {"image-encoder": ImageEncoderEye}

AnyEye = Annotated[Eye, ChoiceOf(EYES)]
