"""Progress: bars with ETA on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from eeg2vid.cli.output import talk

_SECONDS_BETWEEN_LINES = 60.0


class TerminalReporter:
    """Bars that come and go."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def start(self, what: str, total: int) -> None:
        """Replace the bar by a new one."""
        self.clear()
        self._task = self._progress.add_task(what, total=total)

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, steps)

    def remark(self, text: str) -> None:
        """Print a line above the bar."""
        self._progress.console.print(text, markup=False)

    def clear(self) -> None:
        """Remove the bar."""
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None


class LineReporter:
    """A line when something has gone on for a minute, for log files."""

    def __init__(self) -> None:
        self._console = talk()
        self._what, self._total, self._done = "", 0, 0
        self._last = time.monotonic()

    def start(self, what: str, total: int) -> None:
        """Begin counting anew."""
        self._what, self._total, self._done = what, total, 0

    def advance(self, steps: int = 1) -> None:
        """Count, and say so once a minute."""
        self._done += steps
        if time.monotonic() - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            self._console.print(f"{self._what}: {self._done}/{self._total}", markup=False)

    def remark(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False)

    def clear(self) -> None:
        """Nothing is on the screen."""


@contextlib.contextmanager
def reporting() -> Iterator[TerminalReporter | LineReporter]:
    """Yield the reporter that suits stderr."""
    console = talk()
    if not console.is_terminal:
        yield LineReporter()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield TerminalReporter(progress)
