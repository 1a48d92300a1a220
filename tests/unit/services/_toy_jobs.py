"""A toy study of subjects that behave as they are called; run as a script:
`_toy_jobs.py ROOT JOBS SUBJECTS SHARD [keep-going]`.

bad: its data are bad; bug: divides by zero; kill: its process is killed in mid-work; slow: has many parts; stuck: hears
nothing for a minute. A file `mended` in the root makes them all good.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from eeg2vid.schemas.entities import ClipKey
from eeg2vid.schemas.errors import BadDataError, Eeg2VidError
from eeg2vid.schemas.latents import LATENTS, LatentAttributes
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.stage import Read, Stage, Write
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.services.jobs import make_units
from eeg2vid.stages.services.worker import LineReporter

CLIPS = 12


class DrawSettings(Settings):
    scale: float = 1.0


class Draw(Stage):
    """Draw random latents for a subject, clip by clip."""

    name = "draw"
    Settings = DrawSettings
    reads = {}
    writes = {"latents": Write(LATENTS, "subject")}
    divided = "1 clip"

    def run(self, ctx):
        root, label = ctx.study.root, ctx.subject
        mended = (root / "mended").exists()
        (root / f"at-{label}.json").write_text(json.dumps({"pid": os.getpid(), "parent": os.getppid()}))
        ctx.reporter.remark(f"{label} is begun")
        if label.startswith("bad") and not mended:
            raise BadDataError(f"The data of {label} are bad.", "Record them anew.")
        for part, (clip,) in ctx.parts("clips", range(CLIPS)):
            if not mended:
                self.misbehave(label, clip)
            drawn = np.random.default_rng(ctx.seed(clip)).normal(size=(1, 2, 4, 3, 3))
            part.array("latents", "latents", ctx.settings.scale * drawn.astype(np.float32))
            part.rows("latents", "clips", [ClipKey(clip=f"c{clip}")])
        ctx.write("latents").attributes(LatentAttributes(fps=3, height=24, width=24, scaling_factor=1))

    def misbehave(self, label, clip):
        if label.startswith("slow"):
            time.sleep(0.15)
        elif label.startswith("stuck") and clip == 2:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
            time.sleep(60)
        elif label.startswith("kill") and clip == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        elif label.startswith("bug") and clip == 1:
            clip / 0


class Mean(Stage):
    """Average the subjects' latents."""

    name = "mean"
    Settings = DrawSettings
    reads = {"latents": Read(LATENTS)}
    writes = {"means": Write(LATENTS, "study")}
    divided = "all at once"

    def run(self, ctx):
        every = [artifact.arrays["latents"][:] for artifact in ctx.read_many("latents")]
        for part, _ in ctx.parts("study", [None]):
            part.array("means", "latents", np.mean(every, axis=0))
            part.rows("means", "clips", [ClipKey(clip=f"c{clip}") for clip in range(CLIPS)])
        ctx.write("means").attributes(LatentAttributes(fps=3, height=24, width=24, scaling_factor=1))


def main(root, jobs, subjects, shard="1/1", keep_going=""):
    (root / "toy.toml").write_text('[recipe]\nname = "toy"\ntitle = "Toy"\n')
    labels = subjects.split(",")
    study = Study(Workspace(root), {"draw": Draw(), "mean": Mean()}, Choices(recipe=str(root / "toy.toml")))
    execution = Execution(jobs=int(jobs), shard=shard, keep_going=bool(keep_going))
    runner = Runner(study, labels, execution, LineReporter(lambda text: print(text, flush=True)))
    nodes = [node for stage in study.stages for node in study.nodes(stage, labels)]
    nodes = nodes if shard == "1/1" else nodes[:-1]
    with stopping.listening():
        outcomes = make_units(runner, nodes, lambda outcome: print("end", outcome.verdict.node, flush=True))
    assert [outcome.verdict.node for outcome in outcomes] == nodes
    print("made", *(outcome.verdict.node for outcome in outcomes if outcome.ran))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), *sys.argv[2:])
    except Eeg2VidError as error:
        print(type(error).__name__, error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
