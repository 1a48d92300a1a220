"""`i3d`: clips to actions, and to the features before them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eeg2vid.schemas.eyes import I3DEye
from eeg2vid.stages.eyes.eye import Build, Eye
from eeg2vid.stages.pretrained.i3d import load_i3d, look


class I3DLook(Eye):
    """I3D on the whole clip."""

    settings: I3DEye

    def __init__(self, settings: I3DEye, build: Build) -> None:
        super().__init__(settings, build)
        self.model = load_i3d(build.folders["i3d"], build.device)

    def look(self, frames: NDArray[np.uint8]) -> dict[str, NDArray[np.floating]]:
        """Return `logits` `(clip, class)` and `features` `(clip, 1024)`."""
        logits, features = look(
            self.model,
            frames,
            frames=self.settings.frames,
            resample=self.settings.resample,
            view=self.settings.view,
            batch=self.build.batch,
            precision=self.build.precision,
        )
        return {"logits": logits, "features": features}
