"""`dists`: how far apart decoded and true clips are, by DISTS."""

from __future__ import annotations

from eeg2vid.schemas.eyes import DistsEye
from eeg2vid.stages.eyes.comparing import Comparing
from eeg2vid.stages.eyes.eye import Build
from eeg2vid.stages.pretrained.dists import load_dists


class DistsLook(Comparing):
    """DISTS, mean over frames."""

    settings: DistsEye

    def __init__(self, settings: DistsEye, build: Build) -> None:
        super().__init__(settings, build, load_dists(build.folders["dists"], build.device))
