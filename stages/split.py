"""`split`: which events train, which choose, which test."""

from __future__ import annotations

from pathlib import Path

from eeg2vid.schemas.entities import Clip, Event, EventKey
from eeg2vid.schemas.errors import MissingInputError
from eeg2vid.schemas.recordings import CLIPS, EVENTS, ClipIndexAttributes
from eeg2vid.schemas.splits import FOLDS, LEAK, SplitSettings
from eeg2vid.stages.engine.protocol import Context
from eeg2vid.stages.engine.stage import Read, Resources, Stage, Write


class Split(Stage):
    """Divide each subject's events into training, validation and test, and refuse what leaks.

    A block is held out whole, in all sessions: clips of one run (shown one after
    another), presentations of one clip, clips that show one film and copies of
    one recording are never on both sides. What leaks is refused; --allow-leak
    forces it, and stamps everything made from it.

    leave-one-block-out: each block is tested in turn.
    fixed: the last block is tested (with SEED-DV blocks 1 to 6 against 7, the
    published split of generation).
    leave-subjects-out: each subject in turn, or --group-size at a time; what
    held-out people are tested on, no one trains on. A subject's folds hold its
    own share: who is held out has nothing to train on there.
    leave-concepts-out: groups of concepts that are never trained on.
    leave-session-out: refused where sessions show the same clips, as SEED-DV's do.
    random-clips: the leak of careless code, to be shown; only with --allow-leak.
    table: your own, by --table.
    """

    name = "split"
    Settings = SplitSettings
    reads = {"clips": Read(CLIPS), "events": Read(EVENTS)}
    writes = {"folds": Write(FOLDS, "subject")}
    sources_are_data = False
    resources = Resources(cpus=1, memory_gb=2, minutes=5)
    examples = (
        "eeg2vid split --subject all",
        "eeg2vid split --scheme fixed --concepts published-10",
        "eeg2vid split --scheme leave-subjects-out --group-size 5",
        "eeg2vid split --scheme table --table folds.tsv",
        "eeg2vid split --scheme random-clips --allow-leak runs --variant leaky --new",
    )

    def sources(self, ctx: Context) -> list[Path]:
        """Return the custom table."""
        table = _table(ctx)
        return [] if table is None else [table]

    def run(self, ctx: Context) -> None:
        """Assign every event to a part in every fold."""
        from eeg2vid.stages.datasets.splits.divide import divide

        events = ctx.read("events").table("events", Event)
        index = ctx.read("clips")
        attributes = index.attributes()
        assert isinstance(attributes, ClipIndexAttributes)
        split = divide(events, index.table("clips", Clip), attributes.subjects, ctx.settings, _table(ctx))
        for remark in split.remarks:
            ctx.reporter.remark(f"{ctx.node}: {remark}")
        for leak in split.attributes.leaks:
            ctx.stamp(f"{LEAK}{leak}")
        out = ctx.write("folds")
        out.array("assignment", split.assignment)
        out.table("folds", split.folds)
        out.table("events", [EventKey(event=event.event, clip=event.clip) for event in events])
        out.attributes(split.attributes)


def _table(ctx: Context) -> Path | None:
    """Return the custom table; a relative path is meant from the workspace."""
    settings: SplitSettings = ctx.settings
    if settings.table is None:
        return None
    path = ctx.study.root / Path(settings.table).expanduser()
    if not path.is_file():
        raise MissingInputError(
            f"{path}: there is no such file.", "Relative paths are meant from the workspace; or give the whole path."
        )
    return path
