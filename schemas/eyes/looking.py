"""Settings of the stages that let an eye look."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.eyes.eye import Eye
from eeg2vid.schemas.eyes.image_encoder import ImageEncoderEye
from eeg2vid.schemas.eyes.table import EYES, AnyEye
from eeg2vid.schemas.settings import Settings


class LookSettings(Settings):
    """Which eye looks, and how it computes."""

    eye: AnyEye = Field(ImageEncoderEye(), description="judge network that looks")
    batch: int = Field(32, ge=1, le=4096, description="frames at a time")
    precision: Literal["float32", "float16", "bfloat16"] = Field(
        "float32", description="what the eye computes in; below float32 in mixed precision"
    )
    stored: Literal["float16", "float32"] = Field("float32", description="precision of the stored percepts")

    @property
    def roles(self) -> tuple[str, ...]:
        """Model roles that the eye needs."""
        eye: type[Eye] = type(self.eye)
        return eye.roles


def roles_of_eyes() -> tuple[str, ...]:
    """Return the model roles of all eyes of the table."""
    return tuple(dict.fromkeys(role for eye in EYES.values() for role in eye.roles))
