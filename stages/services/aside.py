"""Units that cannot be made because an artifact is unreadable: left alone, while the rest of the study goes on."""

from __future__ import annotations

from eeg2vid.schemas.errors import Eeg2VidError, MissingInputError, UnreadableError
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.store.layout import Address


class Aside:
    """What a command leaves alone, said at once, and again as its error in the end."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._errors: dict[Node, Eeg2VidError] = {}

    def takes(self, node: Node, error: Exception) -> bool:
        """Leave a unit alone if it is unreadable, or if what it reads is or hangs on such a one."""
        judge = self._runner.judge
        verdict = judge.judge(node)
        hangs = any(_node(address) in self._errors for address in verdict.missing)
        if isinstance(error, UnreadableError) and (verdict.state == "damaged" or verdict.missing):
            why = error.found if verdict.state == "damaged" else verdict.reasons[0]
        elif isinstance(error, MissingInputError) and hangs:
            why = verdict.reasons[0]
        else:
            return False
        self._errors[node] = error
        self._runner.reporter.remark(f"{node}: left alone, {why}")
        return True

    def raise_error(self) -> None:
        """Raise what was left alone first."""
        if self._errors:
            raise next(iter(self._errors.values()))


def _node(address: Address) -> Node:
    return Node(address.stage, address.variant, address.unit)
