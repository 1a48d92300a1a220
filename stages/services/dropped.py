"""Conditions that a unit has and would lose: asked for once on a command line, they are in no plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eeg2vid.schemas.conditions import FULL
from eeg2vid.schemas.errors import MissingInputError, UnreadableError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.store.layout import Address, split_variant
from eeg2vid.stages.store.reader import load_manifest


def dropped(study: Study, nodes: Sequence[Node], subjects: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each set of conditions that some units were made of and the plan does not give them."""
    losing: dict[tuple[str, ...], list[Node]] = {}
    for node in nodes:
        planned = {
            split_variant(one.variant)[1] for group in study.inputs(node, list(subjects)).values() for one in group
        }
        gone = [name for name in _conditions(study, node) if name not in (FULL, *planned)]
        if gone:
            losing.setdefault(tuple(gone), []).append(node)
    for gone_, some in losing.items():
        keep = " ".join(f"--condition {name}" for name in gone_)
        more = f" and {len(some) - 1} more" if len(some) > 1 else ""
        yield (
            f"{some[0]}{more}: has {', '.join(gone_)}, which the plan does not name; made again, it loses "
            f"{'it' if len(gone_) == 1 else 'them'}. To keep: eeg2vid run {keep}, or `conditions` in eeg2vid.toml."
        )


def _conditions(study: Study, node: Node) -> list[str]:
    """Return the conditions of what a unit was made of, if it was made."""
    found: dict[str, None] = {}
    for role in study.stages[node.stage].writes:
        try:
            manifest = load_manifest(Address(node.stage, node.variant, node.unit, role).folder(study.root))
        except (MissingInputError, UnreadableError):
            continue
        found |= dict.fromkeys(split_variant(ref.variant)[1] for ref in manifest.inputs)
    return list(found)
