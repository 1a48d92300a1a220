"""`perceive`: an eye looks at decoded clips."""

from __future__ import annotations

from eeg2vid.schemas.eyes.looking import LookSettings, roles_of_eyes
from eeg2vid.schemas.percepts import PERCEPTS
from eeg2vid.schemas.videos import VIDEOS
from eeg2vid.stages.cohort import compared
from eeg2vid.stages.cohort.percepts import CLIPS_PER_PART, look_at
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Needs, Per, Read, Resources, Stage, Write


class Perceive(Stage):
    """Look at each decoded clip with an eye, a judge network, as `encode-clips` looks at the true ones.

    A variant is called SYSTEM+EYE: `ridge+image-encoder` looks at the videos of `generate/ridge`. `run` makes those
    that have a table in the recipe or in eeg2vid.toml: [perceive."ridge+image-encoder"]. An eye that compares (lpips,
    dists) sees the true clips beside the decoded ones, and stores how far each is from those of its fold.
    """

    name = "perceive"
    Settings = LookSettings
    reads = {"videos": Read(VIDEOS), "stimuli": Read(VIDEOS)}
    writes = {"percepts": Write(PERCEPTS, "subject")}
    roles = roles_of_eyes()
    named_by = "eye"
    named_after = "videos"
    uses_torch = True
    divided = f"{CLIPS_PER_PART} clips, {compared.CLIPS_PER_PART} where they are compared"
    panel = "Judge"
    resources = Resources(gpus=1, cpus=4, memory_gb=16, minutes=10)
    examples = (
        "eeg2vid perceive --eye image-encoder --subject 17 --device cuda",
        "eeg2vid perceive --variant ridge+video-classifier --condition grey",
    )

    def needs(self, settings: LookSettings, condition: str, unit: Per) -> Needs:
        """Use the eye's models; what needs none needs no GPU. The true clips are read only to compare."""
        needs = super().needs(settings, condition, unit).using(settings.roles)
        return needs if type(settings.eye).compares else needs.without("stimuli")

    def run(self, ctx: Context) -> None:
        """Show the decoded clips to the eye, a part at a time."""
        if type(ctx.settings.eye).compares:
            compared.compare_with(ctx, "videos", "stimuli")
        else:
            look_at(ctx, "videos")
