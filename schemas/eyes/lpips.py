"""Settings of the eye `lpips`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.eyes.eye import Eye


class LpipsEye(Eye):
    """LPIPS 0.1, a learned distance of pictures, mean over frames: array `distance` to true clips, 0 where equal.

    On AlexNet or VGG16, as the weights of role `lpips` are.
    """

    builds = "eeg2vid.stages.eyes.lpips:LpipsLook"
    cites = ("zhang2018lpips",)
    roles = ("lpips",)
    compares = True

    name: Literal["lpips"] = "lpips"
    shorter: int | None = Field(
        None,
        ge=32,
        le=4096,
        description="px: larger pictures are shrunk until their shorter side has so many; "
        "none: pictures are compared at their own size",
    )

    def methods(self) -> str:
        """Return what it compares at which size."""
        size = "at their own size"
        if self.shorter is not None:
            size = f"shrunk to a shorter side of {self.shorter} px at most"
        return f"LPIPS 0.1, the mean over frames of pictures {size}"
