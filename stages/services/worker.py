"""The other side of `--jobs`: a process that makes the units it is sent, one after another."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2vid.schemas.settings import Execution
from eeg2vid.stages.engine import stopping
from eeg2vid.stages.engine.graph import Study
from eeg2vid.stages.engine.nodes import Choices
from eeg2vid.stages.engine.runner import Outcome, Runner
from eeg2vid.stages.engine.stage import Stage
from eeg2vid.stages.engine.workspace import Workspace
from eeg2vid.stages.services.overall import Overall
from eeg2vid.stages.services.pace import Pace, in_words

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGXCPU)  # blocked until a worker listens
_SECONDS_BETWEEN_LINES = 60.0


class LineReporter:
    """A line when something has gone on for a minute, for log files and for the terminal of another process.

    Attributes
    ----------
    overall
        All units of the command, if it has several; set by whoever makes them.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.overall: Overall | None = None
        self._outer, self._inner = Pace("", 0), Pace("", 0)
        self._began = self._last = self._heard = time.monotonic()

    def start(self, what: str, total: int) -> None:
        """Begin counting anew."""
        self._outer, self._inner = Pace(what, total), Pace("", 0)
        self._began = time.monotonic()

    def advance(self, steps: int = 1) -> None:
        """Count, and say so once a minute."""
        self._outer.reach(self._outer.done + steps)
        self._inner = Pace("", 0)
        self._say_now_and_then()

    def within(self, what: str, done: int, total: int) -> None:
        """Say once a minute how far a piece is that counts as one."""
        if (what, total) != (self._inner.what, self._inner.total) or done < self._inner.done:
            self._inner = Pace(what, total)
        self._inner.reach(done)
        self._say_now_and_then()

    def remark(self, text: str) -> None:
        """Say it."""
        self._heard = time.monotonic()
        self._say(text)

    def clear(self) -> None:
        """Forget what was counted: nothing is on the screen."""
        self._outer, self._inner = Pace("", 0), Pace("", 0)

    def beat(self) -> None:
        """Say what is at work, if nothing was said for a minute."""
        if time.monotonic() - max(self._last, self._heard) < _SECONDS_BETWEEN_LINES:
            return
        still = None if self.overall is None else self.overall.still(time.monotonic())
        if still is not None:
            node, since = str(still[0]), still[1]
        else:
            node, since = self._outer.what, in_words(time.monotonic() - self._began)
        if node:
            counts = [count.removeprefix(f"{node}: ") for count in self._counts()]
            self._line([f"still at {node}, {since}", *counts])

    def _say_now_and_then(self) -> None:
        if time.monotonic() - self._last >= _SECONDS_BETWEEN_LINES:
            self._line(self._counts())

    def _counts(self) -> list[str]:
        return [str(pace) for pace in (self._outer, self._inner) if pace.total]

    def _line(self, told: Sequence[str]) -> None:
        self._last = time.monotonic()
        of_all = [] if self.overall is None or self.overall.total < 2 else [str(self.overall)]
        self._say("; ".join([*told, *of_all]))


@dataclass(frozen=True)
class Order:
    """All that a worker needs to open the study as its parent did."""

    root: Path
    stages: Mapping[str, Stage]
    choices: Choices
    subjects: tuple[str, ...]
    execution: Execution


def serve(pipe: Connection, order: Order) -> None:
    """Make every unit that comes through the pipe, until it is closed.

    What goes back: a text is a remark; an `Outcome` or an exception is the end of a unit. Signals only ask to stop,
    as in any command; a second Ctrl-C, or the parent's, ends the unit where it is.
    """
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, _interrupt)
    with stopping.listening(), contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        reporter = LineReporter(lambda text: _tell(pipe, text))
        study: Study | None = None
        while True:
            node = pipe.recv()
            answer: Outcome | Exception
            try:
                study = study or Study(Workspace(order.root), order.stages, order.choices)
                # a runner of its own for each unit: other workers have made artifacts since
                answer = Runner(study, order.subjects, order.execution, reporter).make(node)
            except Exception as error:
                answer = _portable(error)
            pipe.send(answer)


def _interrupt(number: int, _: object) -> None:
    """Take the terminal's Ctrl-C, which reaches parent and workers alike, for a request; insist on the second."""
    if stopping.requested():
        raise KeyboardInterrupt
    stopping.request(signal.Signals(number).name)


def _tell(pipe: Connection, text: str) -> None:
    with contextlib.suppress(OSError):  # the parent no longer listens: what is being made is saved all the same
        pipe.send(text)


def _stop_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _portable(error: Exception) -> Exception:
    """Return an error that survives the pipe, with its traceback as a note for --debug."""
    note = "".join(traceback.format_exception(error))
    try:
        same = type(pickle.loads(pickle.dumps(error))) is type(error)
    except Exception:  # some library's exception with arguments of its own
        same = False
    told = error if same else RuntimeError(f"{type(error).__name__}: {error}")
    told.add_note(note)
    return told
