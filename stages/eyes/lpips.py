"""`lpips`: how far apart decoded and true clips are, by LPIPS."""

from __future__ import annotations

from eeg2vid.schemas.eyes import LpipsEye
from eeg2vid.stages.eyes.comparing import Comparing
from eeg2vid.stages.eyes.eye import Build
from eeg2vid.stages.pretrained.lpips import load_lpips


class LpipsLook(Comparing):
    """LPIPS, mean over frames."""

    settings: LpipsEye

    def __init__(self, settings: LpipsEye, build: Build) -> None:
        super().__init__(settings, build, load_lpips(build.folders["lpips"], build.device))
