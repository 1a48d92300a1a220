"""`split`: which events train, which choose, which test."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eeg2vid.schemas.entities import Event, EventKey
from eeg2vid.schemas.recordings import EVENTS
from eeg2vid.schemas.settings import Settings
from eeg2vid.schemas.splits import FOLDS, SplitAttributes
from eeg2vid.stages.engine.context import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write


class SplitSettings(Settings):
    """Settings of `split`."""

    scheme: Literal["leave-one-block-out"] = Field("leave-one-block-out", description="how to divide the events")
    validation: Literal["previous-block", "none"] = Field(
        "previous-block", description="what is kept out of training to choose epochs; wraps around"
    )


class Split(Stage):
    """Divide each subject's events into training, validation and test, and refuse what leaks.

    A block is held out whole, in all sessions: clips of one run (shown one after another) and
    presentations of one clip are never on both sides.
    """

    name = "split"
    Settings = SplitSettings
    reads = {"events": Read(EVENTS)}
    writes = {"folds": Write(FOLDS, "subject")}
    resources = Resources(cpus=1, memory_gb=2, minutes=5)
    examples = ("eeg2vid split --subject all",)

    def run(self, ctx: Context) -> None:
        """Assign every event to a part in every fold."""
        from eeg2vid.stages.datasets.splits import leave_one_block_out, refuse_leaks

        settings: SplitSettings = ctx.settings
        events = ctx.read("events").table("events", Event)
        folds, assignment = leave_one_block_out(
            [event.block for event in events], validation=settings.validation == "previous-block"
        )
        refuse_leaks(assignment, events, folds)
        out = ctx.write("folds")
        out.array("assignment", assignment)
        out.table("folds", folds)
        out.table("events", [EventKey(event=event.event, clip=event.clip) for event in events])
        out.attributes(SplitAttributes(scheme=settings.scheme))
