"""Settings of the eye `i3d`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.eyes.eye import Eye


class I3DEye(Eye):
    """I3D, trained on the actions of Kinetics-400: arrays `logits` and, pooled before them, `features` (1024).

    With six frames its answers are close to noise: clips are brought to 32 frames or more.
    """

    builds = "eeg2vid.stages.eyes.i3d:I3DLook"
    cites = ("carreira2017i3d",)
    roles = ("i3d",)

    name: Literal["i3d"] = "i3d"
    frames: int = Field(32, ge=32, le=256, description="frames that a clip is brought to")
    resample: Literal["nearest", "linear"] = Field(
        "nearest", description="how: nearest repeats frames, linear mixes the two around each time"
    )
    view: Literal["whole", "middle"] = Field(
        "whole",
        description="what becomes 224 x 224 px: whole: the picture, squeezed, as for FVD; middle: cut from it at 256 "
        "px, as the network was trained",
    )

    def methods(self) -> str:
        """Return frames and view."""
        view = {"whole": "the whole picture", "middle": "the middle of the picture"}[self.view]
        return f"I3D on clips brought to {self.frames} frames ({self.resample}), {view} at 224 x 224 px"
