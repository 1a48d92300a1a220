"""Settings of the eye `dists`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.eyes.eye import Eye


class DistsEye(Eye):
    """DISTS, a distance of pictures that takes one texture for another, mean over frames:
    array `distance` to true clips.

    VGG16 at every pixel: for a GPU, or for small pictures.
    """

    builds = "eeg2vid.stages.eyes.dists:DistsLook"
    cites = ("ding2022dists",)
    roles = ("dists",)
    compares = True

    name: Literal["dists"] = "dists"
    shorter: int | None = Field(
        256,
        ge=32,
        le=4096,
        description="px: larger pictures are shrunk until their shorter side has so many; "
        "none: pictures are compared at their own size; 256, as its authors do",
    )

    def methods(self) -> str:
        """Return what it compares at which size."""
        size = "at their own size"
        if self.shorter is not None:
            size = f"shrunk to a shorter side of {self.shorter} px at most"
        return f"DISTS, the mean over frames of pictures {size}"
