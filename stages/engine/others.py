"""Units and people that were not asked for: what is needed of them, and what is left alone because of them."""

from __future__ import annotations

from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.plan import Judge
from eeg2vid.stages.store.layout import STUDY, unit_subject


def behind_for_others(judge: Judge, node: Node) -> str | None:
    """Say what of people who were not asked for is not what would be made today; None: nothing that a unit reads.

    Of a study unit that nobody asked for by name: it tells of them too, then under other settings, or not at all.
    """
    asked = {None, *judge.subjects}
    if node.unit != STUDY or judge.study.choices.stage == node.stage:
        return None
    visited: set[Node] = set()
    waiting = [node]
    while waiting:
        for address in (a for group in judge.study.inputs(waiting.pop(), judge.subjects).values() for a in group):
            upstream = Node(address.stage, address.variant, address.unit)
            if unit_subject(address.unit) in asked or upstream in visited:
                continue
            visited.add(upstream)
            waiting.append(upstream)
            verdict = judge.judge(upstream)
            if verdict.state not in ("done", "imported"):
                return f"{upstream} is {verdict.state} ({verdict.reasons[0]})"
    return None


def is_only_needed(judge: Judge, node: Node) -> bool:
    """Tell whether a unit was not asked for, but is made because others need it: the study's, other people's.

    Whoever asks for some people asks for their units; for all of them, for everything.
    """
    study, subject = judge.study, unit_subject(node.unit)
    if len(judge.subjects) == len(study.everyone(judge.subjects)) or subject in judge.subjects:
        return False
    by_name = study.choices.stage == node.stage
    return not by_name or bool(study.needs(node.stage, node.variant, "subject").writes)
