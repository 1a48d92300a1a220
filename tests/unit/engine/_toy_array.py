"""A toy data set of four people; run as a script it makes the study's unit and a person's: `ROOT SUBJECTS DELAY`."""

import sys
import time
from pathlib import Path

from eeg2vid.schemas.base import Schema
from eeg2vid.schemas.entities import EventKey
from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.schemas.recordings import CLIPS, ClipIndexAttributes
from eeg2vid.schemas.settings import Execution, Settings
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.context import Silent
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.engine.stage import Stage, Write
from eeg2vid.stages.engine.workspace import Workspace

TOY = Schema(name="events", version=1, doc="toy", tables={"events": EventKey})
PEOPLE = ("1", "2", "3", "4")


class Talking(Silent):
    """Print remarks."""

    def remark(self, text):
        print(text, flush=True)


class Ingest(Stage):
    """Write the clip index slowly, and a person's events at once; say who made them."""

    name = "ingest"
    Settings = Settings
    reads = {}
    writes = {"clips": Write(CLIPS, "study"), "signal": Write(TOY, "subject")}
    takes_source = True
    delay = 0.0

    def subjects_of(self, source):
        return PEOPLE

    def run(self, ctx):
        if ctx.subject is not None:
            ctx.write("signal").table("events", [EventKey(event="e", clip=ctx.subject)])
            return
        print("making the clip index", flush=True)
        end = time.monotonic() + self.delay
        while time.monotonic() < end:
            stopping.check(saved=False)
            time.sleep(0.02)
        ctx.write("clips").table("clips", [])
        ctx.write("clips").attributes(ClipIndexAttributes(kind="toy", subjects=PEOPLE))


def main(root, subjects, delay):
    stage = Ingest()
    stage.delay = float(delay)
    choices = Choices(recipe=str(Path(root) / "toy.toml"), source=Path(root), stage="ingest")
    study = Study(Workspace(Path(root)), {"ingest": stage}, choices)
    asked = subjects.split(",")
    with stopping.listening():
        runner = Runner(study, asked, Execution(), Talking())
        for node in study.nodes("ingest", asked):
            runner.make(node)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Eeg2VidError as error:
        print(error, flush=True)
        sys.exit(error.exit_code)
