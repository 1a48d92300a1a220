"""How much disk the units need that are planned and not made yet, judged by what was made of other people."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from eeg2vid.schemas.errors import Eeg2VidError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.store.layout import Address, find_artifacts
from eeg2vid.stages.store.reader import load_manifest

_WORKING = 2  # parts and what is joined of them lie there at once, of the largest unit


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
    sizes: dict[Address, int] = {}
    for address in find_artifacts(study.root):
        try:
            sizes[address] = sum(entry.size for entry in load_manifest(address.folder(study.root)).files)
        except Eeg2VidError:
            continue
    made: dict[Node, int] = {}
    for address, size in sizes.items():
        node = Node(address.stage, address.variant, address.unit)
        made[node] = made.get(node, 0) + size
    missing = [node for node in study.plan(study.known_subjects() or []) if node not in made]
    expected = [_expected(node, made) for node in missing]
    known = [size for size in expected if size is not None]
    needed = sum(known) + (_WORKING - 1) * max(known, default=0)
    return Room(sum(sizes.values()), needed, len(known), len(missing) - len(known))


def _expected(node: Node, made: dict[Node, int]) -> int | None:
    """Return the size of a unit by others of its variant, else of its stage; None: there are none."""
    of_stage = {one: size for one, size in made.items() if one.stage == node.stage}
    alike = [size for one, size in of_stage.items() if one.variant == node.variant] or list(of_stage.values())
    return int(median(alike)) if alike else None
