"""Whether a disk has room for what is to be made: as much as its like took, which lies beside it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from eeg2vid.schemas.errors import FailedError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node

_LEAST = 16 * 2**20  # bytes below which nothing is begun


def too_small(study: Study, nodes: Sequence[Node]) -> FailedError | None:
    """Return an error if the workspace's disk has less room than the like of these units took; None: it may do.

    Of a unit whose like was never made nothing is known, and it counts nothing.
    """
    if not nodes:
        return None
    place = next(one for one in (study.root, *study.root.parents) if one.is_dir())
    free = shutil.disk_usage(place).free
    sizes: dict[tuple[str, str], int] = {}
    for node in nodes:
        if (node.stage, node.variant) not in sizes:
            sizes[node.stage, node.variant] = _largest_unit(study, node)
    needed = max(_LEAST, sum(sizes[node.stage, node.variant] for node in nodes))
    if free >= needed:
        return None
    return FailedError(
        f"The disk of {study.root} has {_size(free)} free; what is to be made needs about {_size(needed)}, as much as "
        "its like took.",
        "Make room, or take a workspace on another disk: --workspace FOLDER",
    )


def _largest_unit(study: Study, node: Node) -> int:
    """Return how many bytes the largest unit of a variant takes, but for the unit itself: it is replaced."""
    folder = study.root / "artifacts" / node.stage / node.variant
    units = [one for one in folder.glob("*") if one.is_dir() and one.name != node.unit]
    return max((sum(file.stat().st_size for file in unit.rglob("*") if file.is_file()) for unit in units), default=0)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.0f} MB"
