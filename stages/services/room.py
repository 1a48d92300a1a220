"""How much disk units need that are still to be made, judged by what their like took."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from eeg2vid.schemas.errors import Eeg2VidError, FailedError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.store.layout import Address, find_artifacts
from eeg2vid.stages.store.reader import load_manifest

_WORKING = 2  # parts and what is joined of them lie there at once, of the largest unit
_LEAST = 16 * 2**20  # bytes below which nothing is begun


@dataclass(frozen=True)
class Room:
    """Disk that a workspace takes, and will take.

    Attributes
    ----------
    used
        By artifacts, in bytes.
    needed
        By what is planned and not there, as far as it can be judged, and while it is made.
    judged, unjudged
        How many units that is, and how many there are of stages of which nothing has been made.
    """

    used: int
    needed: int
    judged: int
    unjudged: int


def room_for(study: Study) -> Room:
    """Judge each missing unit by the median of those made of its stage, without settings or other people's sizes."""
    made = _made(study, find_artifacts(study.root))
    missing = [node for node in study.plan(study.known_subjects() or []) if node not in made]
    needed, judged = _needed(missing, made)
    return Room(sum(made.values()), needed, judged, len(missing) - judged)


def too_small(study: Study, nodes: Sequence[Node]) -> FailedError | None:
    """Return an error if the workspace's disk has less room than the like of these units took; None: it may do.

    Of a unit whose like was never made nothing is known, and it counts nothing. What is there of a unit counts as its
    like: it is replaced when the new one is whole.
    """
    if not nodes:
        return None
    place = next(one for one in (study.root, *study.root.parents) if one.is_dir())
    free = shutil.disk_usage(place).free
    stages = {node.stage for node in nodes}
    made = _made(study, (one for one in find_artifacts(study.root) if one.stage in stages))
    needed = max(_LEAST, _needed(nodes, made)[0])
    if free >= needed:
        return None
    return FailedError(
        f"The disk of {study.root} has {_size(free)} free; what is to be made needs about {_size(needed)}, as much as "
        "its like took.",
        "Make room, or take a workspace on another disk: --workspace FOLDER",
    )


def _made(study: Study, addresses: Iterable[Address]) -> dict[Node, int]:
    """Return the bytes of each unit that is there, as its manifests state them."""
    made: dict[Node, int] = {}
    for address in addresses:
        try:
            size = sum(entry.size for entry in load_manifest(address.folder(study.root)).files)
        except Eeg2VidError:
            continue
        node = Node(address.stage, address.variant, address.unit)
        made[node] = made.get(node, 0) + size
    return made


def _needed(nodes: Sequence[Node], made: dict[Node, int]) -> tuple[int, int]:
    """Return the bytes that units need, the largest twice while it is made, and of how many that is known."""
    of_stage: dict[str, list[int]] = {}
    of_variant: dict[tuple[str, str], list[int]] = {}
    for node, size in made.items():
        of_stage.setdefault(node.stage, []).append(size)
        of_variant.setdefault((node.stage, node.variant), []).append(size)
    alike = [of_variant.get((node.stage, node.variant)) or of_stage.get(node.stage) for node in nodes]
    known = [int(median(sizes)) for sizes in alike if sizes]
    return sum(known) + (_WORKING - 1) * max(known, default=0), len(known)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"
