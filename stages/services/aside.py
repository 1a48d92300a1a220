"""Units that cannot be made, for an artifact is unreadable or a person's files are gone: the rest goes on.

With --keep-going it goes on after any failure.
"""

from __future__ import annotations

from eeg2vid.schemas.errors import Eeg2VidError, MissingInputError, SourceError, StoppedError, UnreadableError
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.runner import Runner
from eeg2vid.stages.store.layout import Address, unit_subject


class Aside:
    """What a command leaves alone, said at once, and again as its error in the end."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._errors: dict[Node, Exception] = {}
        self._keeps_going = runner.execution.keep_going

    def skips(self, node: Node) -> bool:
        """Pass over a unit that hangs on one that failed: what is there of that is of before."""
        if not self._keeps_going or not self._errors:
            return False
        inputs = self._runner.judge.inputs(node).values()
        failed = next((_node(one) for group in inputs for one in group if _node(one) in self._errors), None)
        if failed is None:
            return False
        self._errors[node] = self._errors[failed]
        self._runner.reporter.remark(f"{node}: skipped, for {failed} failed")
        return True

    def takes(self, node: Node, error: Exception) -> bool:
        """Leave a unit alone if it, or one person's files, cannot be read, or if it hangs on such a one."""
        if isinstance(error, StoppedError):
            return False
        judge = self._runner.judge
        verdict = judge.judge(node)
        hangs = any(_node(address) in self._errors for address in verdict.missing)
        if isinstance(error, UnreadableError) and (verdict.state == "damaged" or verdict.missing):
            why = error.found if verdict.state == "damaged" else verdict.reasons[0]
        elif isinstance(error, SourceError) and unit_subject(node.unit) is not None:
            why = error.message
        elif isinstance(error, MissingInputError) and hangs:
            why = verdict.reasons[0]
        elif self._keeps_going:
            self._errors[node] = error
            self._runner.reporter.remark(
                f"{node}: failed: {error.message if isinstance(error, Eeg2VidError) else error}"
            )
            return True
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
