"""A toy study of one divided stage; run as a script it makes its unit: `_toy_study.py ROOT SHARD DELAY`."""

import sys
import time
from pathlib import Path

import numpy as np

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.schemas.latents import LATENTS, LatentAttributes
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.context import Silent
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices, Node
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.stage import Stage, Write
from eeg2vid.stages.engine.workspace import Workspace

CLIPS = 40
RECIPE = '[recipe]\nname = "toy"\ntitle = "Toy"\n'
NODE = Node("draw", "default", "study")
DELAY = 0.0


class DrawSettings(Settings):
    scale: float = 1.0


class Draw(Stage):
    """Draw random latents, clip by clip."""

    name = "draw"
    Settings = DrawSettings
    reads = {}
    writes = {"latents": Write(LATENTS, "study")}
    divided = "2 clips"

    def run(self, ctx):
        for part, clips in ctx.parts("clips", range(CLIPS), 2):
            time.sleep(DELAY)
            drawn = [np.random.default_rng(ctx.seed(clip)).normal(size=(2, 4, 3, 3)) for clip in clips]
            part.array("latents", "latents", ctx.settings.scale * np.stack(drawn).astype(np.float32))
            part.rows("latents", "clips", [ClipKey(clip=f"c{clip}") for clip in clips])
            part.media("latents", f"{clips[0]}.txt").write_text(str(list(clips)))
        ctx.write("latents").attributes(LatentAttributes(fps=3, height=24, width=24, scaling_factor=1))


def runner(root, *, shard="1/1", settings=None, container="zarr", force=False):
    """Return a runner of the toy study."""
    if not (root / "toy.toml").exists():
        (root / "toy.toml").write_text(RECIPE)
    choices = Choices(recipe=str(root / "toy.toml"), stage="draw", settings=settings or {})
    study = Study(Workspace(root), {"draw": Draw()}, choices)
    return Runner(study, [], Execution(shard=shard, container=container, force=force), Silent())


def make(root, **how):
    """Make the toy unit."""
    return runner(root, **how).make(NODE)


if __name__ == "__main__":
    DELAY = float(sys.argv[3])
    try:
        with stopping.listening():
            outcome = make(Path(sys.argv[1]), shard=sys.argv[2])
        print("made" if outcome.ran and not outcome.missing_parts else "shared")
    except Eeg2VidError as error:
        print(type(error).__name__)
        sys.exit(error.exit_code)
