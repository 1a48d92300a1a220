"""Some of the concepts by themselves, as papers print them: ten, twenty, thirty of SEED-DV's forty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from eeg2vid.schemas.entities import Clip
from eeg2vid.stages.datasets.splits.concepts import choose_concepts
from eeg2vid.stages.engine.protocol import Context

if TYPE_CHECKING:
    from eeg2vid.stages.metrics.metric import Given


def subsets_of(ctx: Context, given: Given, wanted: Sequence[str]) -> Iterator[Given]:
    """Yield what was decoded of the clips of some concepts, set by set; which of them a concept is, is then the choice.

    Raises
    ------
    UsageError
        If the clip index has no concepts, or not those that are asked for.
    """
    import numpy as np

    clips = ctx.read("clips").table("clips", Clip) if wanted else []
    for name in wanted:
        chosen, _ = choose_concepts([name], clips, ctx.settings.seed)
        assert given.keys.concepts is not None
        kept = np.flatnonzero(np.isin(given.keys.concepts, chosen))
        if len(np.unique(given.keys.runs[kept])) < 2:
            ctx.reporter.remark(f"{ctx.node}: of {name} fewer than two runs were decoded: not scored by itself.")
            continue
        some = given.take(kept, name)
        if given.target == "concept" and some.labels is not None:
            some = replace(some, labels=some.labels.among_shown())
        yield some
