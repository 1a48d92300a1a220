"""True and decoded clips without EEG: the clip index that an import makes, and the controls beside what is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.recordings import ClipIndexAttributes
from eeg2vid.stages.engine.alone import CONTROLS, FILES
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.ingested import CLIP_INDEX
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.services.adoption import Origin, adopt
from eeg2vid.stages.services.known import Target
from eeg2vid.stages.store.layout import join_variant, split_variant, unit_subject
from eeg2vid.stages.store.writer import ArtifactWriter


def with_clip_index(
    study: Study, target: Target, path: Path, container: Literal["zarr", "hdf5"]
) -> tuple[Study, list[str]]:
    """Make imported true clips their own clip index, where there is no data set that has one.

    Returns
    -------
    tuple
        The study as it is then, and remarks for the user.
    """
    from eeg2vid.stages.exchange.bundle import EXPORT
    from eeg2vid.stages.exchange.clip_files import index_of_files
    from eeg2vid.stages.exchange.sources import VIDEOS, foreign_files

    free = study.source is None and not CLIP_INDEX.folder(study.root).exists()
    if target.role != "stimuli" or not (free or study.alone) or (path / EXPORT).is_file():
        return study, []
    files = foreign_files(path, named=True)
    if any(file.suffix.lower() not in VIDEOS for file in files):
        return study, []
    clips = index_of_files(files)

    def fill(writer: ArtifactWriter) -> None:
        writer.table("clips", clips)
        writer.attributes(ClipIndexAttributes(kind=FILES, subjects=()))

    node = Node(CLIP_INDEX.stage, CLIP_INDEX.variant, CLIP_INDEX.unit)
    adopted = adopt(study, node, CLIP_INDEX.role, Origin(files, {"kind": FILES}, ()), fill, container=container)
    made = f"{adopted.address}: the clips are the imported files ({len(clips)}), without EEG. What was decoded from a "
    made += "data set belongs beside it: ingest that first, in another folder."
    return study.again(), [made] if adopted.written else []


def controls_of(study: Study, target: Target) -> list[Node]:
    """Return the units that show a grey video and the mean video in place of imported decoded clips.

    Those whose inputs are not there yet are left out.
    """
    base, condition = split_variant(target.node.variant)
    if target.role != "videos" or condition != FULL or not study.acts(target.node.stage, CONTROLS[0]):
        return []
    nodes = [Node(target.node.stage, join_variant(base, control), target.node.unit) for control in CONTROLS]
    judge = Judge(study, people_of(nodes))
    return [node for node in nodes if not judge.unusable_inputs(node)]


def people_of(nodes: Sequence[Node]) -> list[str]:
    """Return the subjects of some units."""
    return list(dict.fromkeys(label for node in nodes if (label := unit_subject(node.unit)) is not None))
