"""Settings of the eye `video-classifier`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.eyes.eye import Eye


class VideoClassifierEye(Eye):
    """A VideoMAE that names what a clip shows: arrays `logits`, pooled `features`, and those of its attribute heads.

    Pictures are resized as the classifier's `preprocessor_config.json` says.
    """

    builds = "eeg2vid.stages.eyes.video_classifier:VideoClassifierLook"
    cites = ("tong2022videomae",)
    roles = ("video_classifier",)

    name: Literal["video-classifier"] = "video-classifier"
    frames: Literal["repeat", "as-they-are"] = Field(
        "repeat",
        description="repeat: a clip is brought to the network's own number of pictures, each shown in order as often "
        "as its share of the time; as-they-are: the network is rebuilt for the clip's number, as published",
    )

    def methods(self) -> str:
        """Return how a clip is brought to the network's number of pictures."""
        shown = (
            "frames repeated in order to the network's own number" if self.frames == "repeat" else "frames as they are"
        )
        return f"a VideoMAE film classifier ({shown})"
