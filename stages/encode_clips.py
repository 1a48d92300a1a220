"""`encode-clips`: an eye looks at the true clips."""

from __future__ import annotations

from dataclasses import replace

from eeg2vid.schemas.eyes.looking import LookSettings
from eeg2vid.schemas.percepts import PERCEPTS
from eeg2vid.schemas.videos import VIDEOS
from eeg2vid.stages.cohort.percepts import CLIPS_PER_PART, look_at
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Read, Resources, Stage, Write


class EncodeClips(Stage):
    """Look at each true clip with an eye, a judge network: what it sees, as arrays by name.

    A variant is called after its eye. `image-encoder` is the profile's CLIP on key frames.
    """

    name = "encode-clips"
    Settings = LookSettings
    reads = {"stimuli": Read(VIDEOS)}
    writes = {"percepts": Write(PERCEPTS, "study")}
    roles = ("image_encoder",)
    named_by = "eye"
    uses_torch = True
    divided = f"{CLIPS_PER_PART} clips"
    panel = "Clips"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=10)
    examples = (
        "eeg2vid encode-clips --eye image-encoder --models sd --device cuda",
        "eeg2vid encode-clips --set eye.frame=all --variant image-encoder-mean",
    )

    def needs(self, settings: LookSettings, condition: str, unit: Per) -> Needs:
        """Use the eye's models."""
        return replace(super().needs(settings, condition, unit), roles=settings.roles)

    def run(self, ctx: Context) -> None:
        """Show the clips to the eye, a part at a time."""
        look_at(ctx, "stimuli")
