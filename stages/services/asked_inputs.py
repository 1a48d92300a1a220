"""Whether a command reads what its words suggest: what --from names, its namesakes, a variant that is new."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from eeg2vid.schemas.errors import Eeg2VidError, UsageError
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.store.layout import split_eye, split_variant

_DECODED = ("predictions", "videos")  # of a system, and called after it


def require_read(study: Study, nodes: Sequence[Node]) -> None:
    """Refuse inputs that --from names and no unit reads under its settings: they would change nothing, silently.

    Raises
    ------
    UsageError
        It names what is read.
    """
    read = {role for node in nodes for role in study.needs_of(node).reads}
    unread = [role for role, source in study.choices.inputs.items() if role not in read and source != "none"]
    if nodes and unread:
        raise UsageError(
            f"--from {unread[0]}=...: {nodes[0].stage}/{nodes[0].variant} reads no {unread[0]} under its settings.",
            f"It reads {', '.join(sorted(read))}.",
        )


def require_new(study: Study, subjects: Sequence[str], nodes: Sequence[Node]) -> None:
    """Refuse to make as new what is there under other settings: it would be lost. The same goes on, or is done.

    Raises
    ------
    UsageError
        It names what differs.
    """
    judge = Judge(study, subjects)
    for verdict in map(judge.judge, nodes):
        node = verdict.node
        settings = [reason for reason in verdict.reasons if reason.startswith(f"`{node.stage}.")]
        has_table = split_variant(node.variant)[0] in study.plain().bases(
            node.stage
        )  # what is told otherwise is made again
        if verdict.state == "stale" and settings and not has_table:
            raise UsageError(
                f"--new: {node} is there already, made otherwise ({'; '.join(settings[:3])}).",
                "Give the new one another name; or leave out --new, and what is there is made again.",
            )


def borrowed(study: Study, nodes: Sequence[Node], subjects: Sequence[str]) -> list[str]:
    """Say of each variant that it reads what another system decoded, unless somebody named that."""
    found: dict[str, None] = {}
    for node in nodes:
        own = split_eye(split_variant(node.variant)[0])[0]
        with contextlib.suppress(Eeg2VidError):  # who is asked to make it says why
            reads = study.needs_of(node).reads
            for role, addresses in study.inputs(node, subjects).items():
                if role not in _DECODED or reads[role].arity == "many":  # a report is about all there are
                    continue
                others = {f"{one.stage}/{split_variant(one.variant)[0]}" for one in addresses}
                foreign = sorted(name for name in others if name.partition("/")[2] not in (own, "default"))
                if foreign and study.names.chosen(node, role) is None:
                    found[
                        f"Warning: {node.stage}/{own} reads the {role} of {' and '.join(foreign)}, for there are none "
                        f"of {own}: what it says of {role} is said of that system."
                    ] = None
    return list(found)
