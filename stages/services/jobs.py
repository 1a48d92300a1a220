"""`--jobs N`: the units of a stage made by N processes, each as if it were alone; stage after stage.

Units of one stage never read one another, so their order is free; a stage begins when all units of the stage before are
done. A worker is an ordinary process that runs one unit at a time with a `Runner` of its own: locks, parts and commits
are the same as for separate commands, and so are the results.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from eeg2vid.schemas.errors import FailedError, StoppedError
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.nodes import Node
from eeg2vid.stages.engine.runner import Outcome, Runner
from eeg2vid.stages.services.aside import Aside
from eeg2vid.stages.services.foresight import foresee
from eeg2vid.stages.services.overall import Overall
from eeg2vid.stages.services.worker import SIGNALS, Order, serve
from eeg2vid.stages.store.locks import NO_LOCKS

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

_LOOK_SECONDS = 0.2  # between looks at whether a signal has asked to stop
_GRACE_SECONDS = 2.0  # a worker asked to end has this long, then it is interrupted, then killed

Tell = Callable[[Outcome], None]


def make_units(runner: Runner, nodes: Sequence[Node], tell: Tell, overall: Overall | None = None) -> list[Outcome]:
    """Make units in their stages' order, `--jobs` of a stage at once; return their outcomes in the order given.

    Parameters
    ----------
    runner
        Its execution says how many processes; one: everything is made in this one.
    nodes
        Units, stage after stage.
    tell
        Called with each outcome as it comes.
    overall
        Told what begins and ends.

    Raises
    ------
    Eeg2VidError
        All that is known to be lacking, before anything is made. Later the first unit's, in the order given, that
        failed, after the units at work have ended; those that had not begun are not made, unless `keep_going` says so.
        FailedError if a process died of something else than an error; StoppedError if a signal asked to stop; in the
        end the first error of what was left alone (`aside.py`).
    """
    require_possible(runner, nodes)
    aside, overall = Aside(runner), overall or Overall(nodes)
    if runner.execution.jobs == 1:
        outcomes = []
        for node in nodes:
            overall.begin(node)
            if aside.skips(node):
                overall.end(node)
                continue
            try:
                outcome = runner.make(node)
            except Exception as error:
                if not aside.takes(node, error):
                    raise
                overall.end(node)
                continue
            overall.end(node, outcome.seconds)
            outcomes.append(outcome)
            tell(outcome)
    else:
        with contextlib.closing(_Crew(runner, tell, aside, overall)) as crew:
            groups = itertools.groupby(nodes, key=lambda node: node.stage)
            outcomes = [outcome for stage, group in groups for outcome in crew.make(stage, list(group))]
    aside.raise_error()
    return outcomes


def require_possible(runner: Runner, nodes: Sequence[Node]) -> None:
    """Refuse units before the first is made if one of them lacks anything that is known to be needed.

    With `keep_going` what is lacking is said, and the others are made.

    Raises
    ------
    Eeg2VidError
        All that is lacking, in one message.
    """
    error = foresee(runner.study, runner.judge.subjects, nodes, runner.execution).error()
    if error is None:
        return
    if not runner.execution.keep_going:
        raise error
    runner.reporter.remark(error.message)


class _Worker:
    """One process, seen from the parent."""

    def __init__(self, order: Order) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self.pipe, self._theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(self._theirs, order))
        self.node: Node | None = None

    @property
    def lives(self) -> bool:
        """Whether there is a process."""
        return self.process.is_alive()

    def start(self) -> None:
        """Start the process; a signal that comes before it listens waits for it, where it would have killed it."""
        from multiprocessing import resource_tracker

        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            resource_tracker.ensure_running()  # unblocks some of them
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            self.process.start()
            self._theirs.close()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def send(self, node: Node) -> None:
        """Give it a unit; should it have died, `hear` says so."""
        self.node = node
        with contextlib.suppress(OSError):
            self.pipe.send(node)

    def hear(self) -> str | Outcome | Exception:
        """Return what it says: a remark, the end of its unit, or its own death."""
        if self.pipe.poll():
            with contextlib.suppress(EOFError, OSError):
                said: str | Outcome | Exception = self.pipe.recv()
                return said
        self.process.join(_GRACE_SECONDS)
        return self._death()

    def _death(self) -> Exception:
        code = self.process.exitcode or 0
        name = signal.Signals(-code).name if code < 0 else ""
        if name and -code in SIGNALS:
            return StoppedError(
                f"{self.node}: its process was ended by {name}.", "Run the same command again to go on."
            )
        how = f"was killed by {name}" if name else f"ended with exit code {code}"
        memory = ", as a system does that is out of memory" if name == "SIGKILL" else ""
        return FailedError(
            f"{self.node} failed: the process that made it {how}{memory}. Nothing half-written was kept; earlier "
            "artifacts are intact.",
            "Finished parts are kept: run the same command again, with fewer --jobs if memory is short.",
        )

    def signal(self, number: int) -> None:
        """Send a signal, if it lives."""
        if self.lives and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


class _Crew:
    """The workers of one command; started when first needed, kept from stage to stage."""

    def __init__(self, runner: Runner, tell: Tell, aside: Aside, overall: Overall) -> None:
        study = runner.study
        self._runner, self._tell, self._aside, self._overall = runner, tell, aside, overall
        self._left_alone: set[Node] = set()
        self._order = Order(study.root, study.stages, study.choices, tuple(runner.judge.subjects), runner.execution)
        self._workers: list[_Worker] = []
        self._outcomes: dict[Node, Outcome] = {}
        self._failures: dict[Node, Exception] = {}
        self._asked_to_stop = False
        self._told_of_locks = False

    def make(self, stage: str, nodes: Sequence[Node]) -> list[Outcome]:
        """Make the units of one stage."""
        self._runner.reporter.start(f"{stage}: units", len(nodes))
        waiting = list(reversed(nodes))
        while True:
            while waiting and self._may_begin():
                self._begin(waiting.pop())
            busy = self._busy()
            if not busy:
                break
            if stopping.requested() and not self._asked_to_stop:
                self._asked_to_stop = True
                for worker in busy:
                    worker.signal(signal.SIGTERM)
            for worker in _with_news(busy):
                self._take(worker)
        self._raise_failure(nodes)
        return [self._outcomes[node] for node in nodes if node not in self._left_alone]

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.node is not None]

    def _may_begin(self) -> bool:
        stopped = bool(self._failures) or stopping.requested()
        return not stopped and len(self._busy()) < self._runner.execution.jobs

    def _begin(self, node: Node) -> None:
        """Give a unit to a worker, unless a look from here shows that nothing, or nothing yet, can be made."""
        self._overall.begin(node)
        if self._aside.skips(node):
            self._left_alone.add(node)
            self._overall.end(node)
            self._runner.reporter.advance()
            return
        try:
            verdict = self._runner.judge.judge(node)
            if verdict.missing or (
                verdict.state in ("done", "imported", "damaged") and not self._runner.execution.force
            ):
                self._succeed(node, self._runner.make(node))
                return
        except Exception as error:
            self._leave_or_fail(node, error)
            return
        worker = next((one for one in self._workers if one.node is None and one.lives), None)
        if worker is None:
            worker = _Worker(self._order)
            self._workers.append(worker)  # before it starts: whatever comes between, `close` ends it
            worker.start()
        worker.send(node)

    def _take(self, worker: _Worker) -> None:
        """Take what a worker says; what is no remark ends its unit."""
        said, node = worker.hear(), worker.node
        if isinstance(said, str):
            if said.startswith(NO_LOCKS):  # every process finds it out; it is told once
                if self._told_of_locks:
                    return
                self._told_of_locks = True
            self._runner.reporter.remark(said)
            return
        assert node is not None  # only the busy are listened to
        worker.node = None
        self._runner.judge.forget(node)
        if isinstance(said, Outcome):
            self._succeed(node, said)
        else:
            self._leave_or_fail(node, said)

    def _leave_or_fail(self, node: Node, error: Exception) -> None:
        if self._aside.takes(node, error):
            self._left_alone.add(node)
            self._overall.end(node)
            self._runner.reporter.advance()
        else:
            self._fail(node, error)

    def _succeed(self, node: Node, outcome: Outcome) -> None:
        self._outcomes[node] = outcome
        self._overall.end(node, outcome.seconds)
        self._runner.reporter.advance()
        self._tell(outcome)

    def _fail(self, node: Node, error: Exception) -> None:
        self._failures[node] = error
        self._overall.end(node)
        if isinstance(error, StoppedError):
            return
        left = len(self._busy())
        finishing = f"; no other is begun, {left} at work {'is' if left == 1 else 'are'} finished" if left else ""
        self._runner.reporter.remark(f"{node}: failed{finishing}")

    def _raise_failure(self, nodes: Sequence[Node]) -> None:
        failed = [node for node in nodes if node in self._failures]
        failed.sort(key=lambda node: isinstance(self._failures[node], StoppedError))  # errors before interruptions
        for node in failed[1:]:
            if not isinstance(self._failures[node], StoppedError):
                self._runner.reporter.remark(f"{node}: {self._failures[node]}")
        if failed and not isinstance(self._failures[failed[0]], StoppedError):
            raise self._failures[failed[0]]
        if any(node not in self._outcomes and node not in self._left_alone for node in nodes):
            for node in failed:
                self._runner.reporter.remark(getattr(self._failures[node], "message", str(self._failures[node])))
            stopping.check(saved=True)  # in the words of any command, where the signal came to this process too
            raise self._failures[failed[0]]

    def close(self) -> None:
        """End all workers within seconds: the idle when the pipe closes, the busy by request, then by force."""
        started = [worker for worker in self._workers if worker.process.pid is not None]
        for worker in started:
            worker.pipe.close()
            if worker.node is not None:
                worker.signal(signal.SIGTERM)
        try:
            for blow in (signal.SIGINT, signal.SIGKILL):
                end = time.monotonic() + _GRACE_SECONDS
                for worker in started:
                    worker.process.join(max(0.0, end - time.monotonic()))
                for worker in started:
                    worker.signal(blow)
        except KeyboardInterrupt:
            for worker in started:
                worker.signal(signal.SIGKILL)
            raise
        for worker in started:
            worker.process.join()


def _with_news(workers: list[_Worker]) -> list[_Worker]:
    """Return the workers that say something or have died; look up at least every `_LOOK_SECONDS`."""
    from multiprocessing.connection import wait

    heard = wait([worker.pipe for worker in workers], _LOOK_SECONDS)
    # a process started by a dead worker may hold its pipe open: look at the worker itself too
    return [worker for worker in workers if worker.pipe in heard or not worker.lives]
