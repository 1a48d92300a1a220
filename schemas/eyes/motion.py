"""Settings of the eye `motion`."""

from __future__ import annotations

from typing import Literal

from eeg2vid.schemas.eyes.eye import Eye


class MotionEye(Eye):
    """Dense optical flow from each picture to the next, without a network: array `flow`, px of the clip per picture.

    Flow to the right and down, averaged over the cells of a grid of 36 x 64.
    """

    builds = "eeg2vid.stages.eyes.motion:MotionLook"
    cites = ("lucas1981iterative",)

    name: Literal["motion"] = "motion"

    def methods(self) -> str:
        """Return what it is."""
        return "dense optical flow between frames, averaged over a grid of 36 x 64 cells"
